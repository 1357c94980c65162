"""Findings -> the draft report, and the reading as files."""
