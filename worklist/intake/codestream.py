"""The image size in a compressed frame's header, read without decoding.

A decoder allocates memory by the size in the compressed stream, not by the DICOM
header: 600 bytes of JPEG 2000 can make it allocate gigabytes.
"""

from __future__ import annotations

import struct

from worklist.errors import MalformedFileError
from worklist.intake.structure import Bytes

_JPEG = b"\xff\xd8"
_JPEG_2000 = b"\xff\x4f\xff\x51"
_MAX_SEGMENTS = 64
#: Start of frame: ITU-T T.81 table B.1, without those that define tables; 0xF7 is JPEG-LS (T.87 table C.1).
_FRAME_STARTS = frozenset({*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC})


def starts_frame(data: Bytes, at: int) -> bool:
    """Whether a fragment begins a JPEG, JPEG-LS or JPEG 2000 stream; if not, it continues the one before."""
    return data[at : at + 2] == _JPEG or data[at : at + 4] == _JPEG_2000


def size(data: Bytes, at: int, length: int) -> tuple[int, int, int]:
    """(rows, columns, samples) of the stream in `data[at : at + length]`. Raises MalformedFileError."""
    try:
        if data[at : at + 4] == _JPEG_2000:
            return _jpeg_2000(data[at : at + min(length, 42)])
        return _jpeg(data, at + 2, at + length)
    except struct.error:
        raise MalformedFileError("The compressed image's header is cut off.") from None


def _jpeg_2000(header: bytes) -> tuple[int, int, int]:
    """The SIZ marker segment: ITU-T T.800, A.5.1."""
    right, bottom, left, top = struct.unpack_from(">4I", header, 8)
    (samples,) = struct.unpack_from(">H", header, 40)
    return bottom - top, right - left, samples


def _jpeg(data: Bytes, at: int, end: int) -> tuple[int, int, int]:
    """The frame header: ITU-T T.81, B.2.2; T.87, C.2.2 writes the same for JPEG-LS."""
    for _ in range(_MAX_SEGMENTS):
        while at < end and data[at : at + 2] == b"\xff\xff":  # fill bytes
            at += 1
        lead, marker, length = struct.unpack(">BBH", data[at : min(at + 4, end)])
        if lead != 0xFF or length < 2:
            break
        if marker in _FRAME_STARTS:
            rows, columns, samples = struct.unpack(">HHB", data[at + 5 : min(at + 10, end)])
            return rows, columns, samples
        at += 2 + length
    raise MalformedFileError("The compressed image has no header that says its size.")
