"""One sentence: words -> chunks -> assertions (these sites, this grade)."""
