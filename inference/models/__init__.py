"""Torch modules, one file each."""
