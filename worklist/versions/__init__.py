"""Installed models, which of them reads, and how two of them compare."""
