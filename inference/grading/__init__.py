"""Measurements and images of each level -> grades and findings, with the evidence for them."""
