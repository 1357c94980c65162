"""The page: markup taken off, headings and tables understood, sentences with what is in force around them."""
