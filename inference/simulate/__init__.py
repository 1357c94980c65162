"""Simulated patients: anatomy -> MR signal -> acquisition -> DICOM study with exact truth."""
