"""Slices through the body: signal, artefacts, series, and the habits of the makers of scanners."""
