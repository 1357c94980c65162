"""`Volume` -> segmentation -> the curve of the spine, named levels and instances."""
