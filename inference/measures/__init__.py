"""Segmentation and levels -> millimetres, square millimetres and degrees, beside what is usual."""
