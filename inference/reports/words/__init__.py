"""Text in words: tokens, what each word means, level names, site phrases."""
