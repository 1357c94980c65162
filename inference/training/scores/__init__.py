"""Scores: overlap, agreement and calibration, each with its spread over patients."""
