"""Signed readings as training data, without the names of people."""
