"""Datasets, training scripts and evaluation; writes models through the registry."""
