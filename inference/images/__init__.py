"""DICOM files -> the chosen series as a `Volume`, with its geometry and quality."""
