"""Why a file is refused at the door or a study cannot be read here, beyond what `inference.errors` names.

Each code is stable and goes to the database; no message holds patient data.
"""

from __future__ import annotations

from inference.errors import NotDicomError, StudyError


class MalformedFileError(NotDicomError):
    code = "malformed"
    next_step = "Export the image again from the scanner or archive, then send it again."


class DeflatedFileError(StudyError):
    code = "deflated"
    next_step = "Export the study again, uncompressed or with JPEG 2000, JPEG-LS or RLE compression."


class UnsupportedEncodingError(StudyError):
    code = "unsupported_encoding"
    next_step = "Export the study again, uncompressed (Explicit VR Little Endian) if the archive offers it."


class FileTooLargeError(StudyError):
    code = "too_large"
    next_step = "Send MR images as single files of ordinary size, or ask an administrator about the limit."


class FileTooComplexError(StudyError):
    code = "too_complex"
    next_step = "Export the image again without private attributes, then send it again."


class BadUidError(StudyError):
    code = "bad_uid"
    next_step = "Export the study again with valid identifiers (DICOM PS3.5, section 9.1)."


class MissingUidError(StudyError):
    code = "missing_uid"
    next_step = "Export the study again with its identifiers."


class NoImageError(StudyError):
    code = "no_image"
    next_step = "Send the MR images; reports, presentation states and raw data are not read."


class ConflictingInstanceError(StudyError):
    code = "conflicting_instance"
    next_step = "The image that was here first is kept. Ask the sender which one is right."


class ConflictingStudyError(StudyError):
    code = "conflicting_study"
    next_step = "Nothing was changed. Ask the sender to correct the identifiers, then send it again."


class NestedArchiveError(StudyError):
    code = "nested_archive"
    next_step = "Unpack the inner zip and send it by itself."


class BadArchiveError(StudyError):
    code = "bad_archive"
    next_step = "Make the zip file again, without a password, and send it again."


class ArchiveTooLargeError(StudyError):
    code = "archive_too_large"
    next_step = "Send the study as a folder, or in smaller zip files."


class NotStoredError(StudyError):
    code = "not_stored"
    next_step = "Send the file again; if it happens again, tell an administrator."


class ModelUnusableError(StudyError):
    """The active model is missing or damaged. No other one reads in its stead: a reading says who made it."""

    code = "model_unusable"
    next_step = (
        "No study is read until an administrator installs it again or activates another version on the page Models; "
        "the studies then go on by themselves. Until then, read the study by hand."
    )
