"""What can be wrong with a study, by name, each with what to do about it.

A `StudyError` is one that a person can act on: `code` is stable and goes to
the database, `message` is for the reader and holds no patient data.
"""

from __future__ import annotations


class StudyError(Exception):
    """Something about the input that a person must mend."""

    code = "study_error"
    next_step = "Read the study by hand, or ask an administrator."

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what

    @property
    def message(self) -> str:
        """What is wrong and what to do, in one or two sentences."""
        return f"{self.what} {self.next_step}"


class NotDicomError(StudyError):
    code = "not_dicom"
    next_step = "Send the DICOM files as the scanner or archive wrote them."


class TruncatedFileError(StudyError):
    code = "truncated"
    next_step = "Send the file again; it was cut off on its way."


class UnreadablePixelsError(StudyError):
    code = "unreadable_pixels"
    next_step = "Export the study again, uncompressed if the archive offers it."


class WrongModalityError(StudyError):
    code = "wrong_modality"
    next_step = "Only MR images are read; send the lumbar spine MRI."


class WrongRegionError(StudyError):
    code = "wrong_region"
    next_step = "Only the lumbar spine is read by the machine; read this study by hand."


class NoSagittalSeriesError(StudyError):
    code = "no_sagittal_series"
    next_step = "Send the sagittal T2 (or T1) series, then queue the study again; or read it by hand."


class TooFewSlicesError(StudyError):
    code = "too_few_slices"
    next_step = "Send the whole series, then queue the study again; or read it by hand."


class DuplicateSlicesError(StudyError):
    code = "duplicate_slices"
    next_step = "Send one acquisition only (two were mixed in one series); or read it by hand."


class MissingSpacingError(StudyError):
    code = "missing_spacing"
    next_step = "Export the series again with its geometry (Pixel Spacing, Position, Orientation); or read it by hand."


class SpineNotFoundError(StudyError):
    code = "spine_not_found"
    next_step = "Check that the sagittal series shows the lumbar spine; read this study by hand."


class PoorImagesError(StudyError):
    code = "poor_images"
    next_step = "Repeat the sagittal series if the patient can; or read this study by hand."


class UnexpectedContrastError(StudyError):
    code = "unexpected_contrast"
    next_step = "Send the plain sagittal T2 (or T1) series, then queue the study again; or read it by hand."
