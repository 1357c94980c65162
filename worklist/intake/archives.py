"""Folders and zip files, each member received like a single file.

A zip is never unpacked to disk: members are read as streams with a byte limit,
and their names are used only for display.
"""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from django.conf import settings

from inference.errors import StudyError
from worklist.errors import ArchiveTooLargeError, BadArchiveError, FileTooLargeError, NestedArchiveError
from worklist.intake import guard
from worklist.intake.receive import Receipt, receive, refuse

MAX_DIRECTORY_BYTES = 8 << 20
CHUNK_BYTES = 1 << 20

#: Bzip2 and LZMA are left out: a header of theirs may ask for gigabytes of memory.
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_END_OF_DIRECTORY = b"PK\x05\x06"
_ZIP64_LOCATOR = b"PK\x06\x07"
#: Names and suffixes of other files on a patient's disc. A file without such a suffix is taken for an image.
_BESIDE_NAMES = frozenset({"dicomdir", "thumbs.db", "desktop.ini", "readme", "lockfile", "version"})
_BESIDE_SUFFIXES = (
    *(".bat", ".bmp", ".chm", ".cmd", ".css", ".csv", ".dat", ".db", ".dll", ".doc", ".docx", ".exe", ".gif", ".htm"),
    *(".html", ".ico", ".inf", ".ini", ".jar", ".jpeg", ".jpg", ".js", ".json", ".log", ".md", ".pdf", ".pl", ".png"),
    *(".properties", ".py", ".rtf", ".sh", ".so", ".svg", ".sys", ".tif", ".tiff", ".txt", ".url", ".xml", ".yml"),
)


def lies_beside(name: str) -> bool:
    """Whether a member of a folder or zip is no image by its name, and is skipped without a rejection."""
    path = PurePosixPath(name.replace("\\", "/"))
    hidden = any(part == "__MACOSX" or (part.startswith(".") and part not in (".", "..")) for part in path.parts)
    return hidden or path.name.lower() in _BESIDE_NAMES or path.suffix.lower() in _BESIDE_SUFFIXES


def is_zip(stream: BinaryIO) -> bool:
    """Whether the content is that of a zip, whatever its name; the stream is rewound."""
    magic = stream.read(4)
    stream.seek(0)
    return magic in _ZIP_MAGIC


def receive_member(stream: BinaryIO, name: str, sender: str) -> Receipt:
    """A file of a folder: skipped if it is no image by its name."""
    return Receipt(skipped=1) if lies_beside(name) else receive(stream, name, sender)


def receive_folder(folder: Path, sender: str) -> Iterator[Receipt]:
    """A receipt for each file below `folder`, in a fixed order; symbolic links are not followed."""
    for path in sorted(files_below(folder)):
        yield from receive_path(path, sender, path.relative_to(folder).as_posix())


def files_below(folder: Path) -> Iterator[Path]:
    for base, _, names in os.walk(folder, followlinks=False):
        yield from (path for path in (Path(base) / name for name in names) if not path.is_symlink() and path.is_file())


def receive_path(path: Path, sender: str, name: str) -> Iterator[Receipt]:
    """One file on the server's disk: a DICOM file, or a zip with a receipt for each of its files."""
    if lies_beside(name):
        yield Receipt(skipped=1)
        return
    try:
        with path.open("rb") as stream:
            if is_zip(stream):
                yield from receive_zip(stream, name, sender)
            else:
                yield receive(stream, name, sender)
    except OSError as error:
        yield refuse(name, sender, BadArchiveError(f"The file cannot be opened ({type(error).__name__})."))


def receive_zip(stream: BinaryIO, name: str, sender: str) -> Iterator[Receipt]:
    """A receipt for each file of a zip. A fault of the zip itself is one more refused file at the end.

    Yielded one by one, so that an interrupted caller knows what is stored already.
    """
    try:
        _check_directory(stream)
        with zipfile.ZipFile(stream) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) > settings.ZIP_MAX_MEMBERS:
                raise ArchiveTooLargeError(f"The zip holds more than {settings.ZIP_MAX_MEMBERS:,} files.")
            budget = _Budget(settings.ZIP_MAX_BYTES)
            if not members:
                raise BadArchiveError("The zip holds no files.")
            for member in members:
                yield _receive_zipped(archive, member, budget, sender)
    except StudyError as error:
        yield refuse(name, sender, error)
    except (zipfile.BadZipFile, ValueError, EOFError, OSError, struct.error):
        yield refuse(name, sender, BadArchiveError("The zip file is damaged."))


@dataclass
class _Budget:
    """The bytes that a zip may still unpack to, over all its members: the damaged and the refused count too."""

    left: int

    def spend(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise ArchiveTooLargeError(f"The zip unpacks to more than {settings.ZIP_MAX_BYTES >> 30} GiB.")


def _receive_zipped(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: _Budget, sender: str) -> Receipt:
    """One member. Raises ArchiveTooLargeError when the budget is spent."""
    if lies_beside(member.filename):
        return Receipt(skipped=1)
    try:
        data = _unpack(archive, member, budget)
    except (BadArchiveError, FileTooLargeError) as error:
        return refuse(member.filename, sender, error)
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError, OSError):
        return refuse(member.filename, sender, BadArchiveError("The file inside the zip is damaged."))
    if data[:4] in _ZIP_MAGIC:
        return refuse(member.filename, sender, NestedArchiveError("A zip inside a zip is not opened."))
    return receive(io.BytesIO(data), member.filename, sender)


def _unpack(archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: _Budget) -> bytes:
    """The member's bytes. The size in the zip's directory is not trusted."""
    if member.flag_bits & 0x1:
        raise BadArchiveError("The zip file is locked with a password.")
    if member.compress_type not in _METHODS:
        raise BadArchiveError("The file inside the zip is compressed by a method that is not taken.")
    data = bytearray()
    with archive.open(member) as opened:
        while chunk := opened.read(CHUNK_BYTES):
            budget.spend(len(chunk))
            data += chunk
            if len(data) > settings.INSTANCE_MAX_BYTES:
                raise guard.too_large()
    return bytes(data)


def _check_directory(stream: BinaryIO) -> None:
    """Limit the size of the zip's directory before a parser builds an object for each of its entries."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - 65_557))
    tail = stream.read()
    stream.seek(0)
    at = tail.rfind(_END_OF_DIRECTORY)
    if at < 0 or len(tail) < at + 22:
        raise BadArchiveError("The zip file is cut off.")
    entries, directory_bytes = struct.unpack_from("<HI", tail, at + 10)
    if at >= 76 and tail[at - 20 : at - 16] == _ZIP64_LOCATOR:  # the larger form stands before and counts instead
        entries, directory_bytes = struct.unpack_from("<QQ", tail, at - 76 + 32)
    if entries > 2 * settings.ZIP_MAX_MEMBERS or directory_bytes > MAX_DIRECTORY_BYTES:
        raise ArchiveTooLargeError(f"The zip holds more than {settings.ZIP_MAX_MEMBERS:,} files.")
