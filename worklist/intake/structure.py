"""The outline of a DICOM part 10 file, parsed without recursion and within limits.

A full parser trusts its input: nested sequences raise RecursionError, and it
allocates memory by length fields. So before one parses a received file, this
walk checks that the file is complete and small enough. It decodes no values but
the transfer syntax, and follows PS3.10 section 7 and PS3.5 section 7 (elements),
7.5 (sequences) and A.4 (encapsulated pixel data).
"""

from __future__ import annotations

import mmap
import re
import struct
from dataclasses import dataclass, field

from django.conf import settings
from pydicom.datadict import dictionary_VR

from inference.errors import NotDicomError, TruncatedFileError
from worklist.errors import (
    BadUidError,
    DeflatedFileError,
    FileTooComplexError,
    MalformedFileError,
    UnsupportedEncodingError,
)

PREAMBLE_BYTES = 128
IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED = frozenset({"1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.8.1"})
NATIVE = frozenset({IMPLICIT_LITTLE, EXPLICIT_LITTLE})
#: Encapsulated transfer syntaxes that are taken, with their media type (PS3.18 table 8.7.3-2).
ENCAPSULATED = {
    "1.2.840.10008.1.2.5": "image/dicom-rle",
    "1.2.840.10008.1.2.4.50": "image/jpeg",
    "1.2.840.10008.1.2.4.51": "image/jpeg",
    "1.2.840.10008.1.2.4.57": "image/jpeg",
    "1.2.840.10008.1.2.4.70": "image/jpeg",
    "1.2.840.10008.1.2.4.80": "image/jls",
    "1.2.840.10008.1.2.4.81": "image/jls",
    "1.2.840.10008.1.2.4.90": "image/jp2",
    "1.2.840.10008.1.2.4.91": "image/jp2",
    "1.2.840.10008.1.2.4.201": "image/jphc",
    "1.2.840.10008.1.2.4.202": "image/jphc",
    "1.2.840.10008.1.2.4.203": "image/jphc",
}

Bytes = bytes | mmap.mmap

_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_PIXEL_DATA = 0x7FE00010
_TRANSFER_SYNTAX = 0x00020010
_LONG = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
_SHORT = frozenset(
    {b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL"}
    | {b"SS", b"ST", b"TM", b"UI", b"UL", b"US"}
)
_UID = re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*")


def is_uid(text: str) -> bool:
    """Whether `text` is a UID, whole, by the grammar of PS3.5 section 9.1."""
    return 0 < len(text) <= 64 and _UID.fullmatch(text) is not None


@dataclass(frozen=True)
class Outline:
    """Positions in a part 10 file, in bytes from its start.

    dataset_at: first byte after the file meta information.
    pixels_at: first byte of the value of Pixel Data, None when there is none.
    pixels_bytes: length of a native value; of an encapsulated one, with its items.
    fragments: (offset, length) of each fragment without the offset table; empty when native.
    """

    transfer_syntax_uid: str
    dataset_at: int
    pixels_at: int | None
    pixels_bytes: int
    fragments: tuple[tuple[int, int], ...]


@dataclass
class _Level:
    """An open sequence, item or data set; `end` is None for one of undefined length."""

    kind: str
    end: int | None
    implicit: bool


@dataclass(frozen=True)
class _Element:
    tag: int
    vr: bytes
    length: int
    at: int


@dataclass
class _Walk:
    data: Bytes
    end: int
    elements: int = 0
    levels: list[_Level] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    pixels: tuple[int, int] | None = None
    fragments: tuple[tuple[int, int], ...] = ()

    def count(self) -> None:
        self.elements += 1
        if self.elements > settings.DATASET_MAX_ELEMENTS:
            raise FileTooComplexError(f"The file has more than {settings.DATASET_MAX_ELEMENTS:,} elements.")

    def need(self, at: int, size: int) -> None:
        if at + size > self.end:
            raise TruncatedFileError("The file ends in the middle of an element.")


def outline(data: Bytes) -> Outline:
    """Walk a whole part 10 file.

    Raises NotDicomError, TruncatedFileError, MalformedFileError, BadUidError,
    DeflatedFileError, UnsupportedEncodingError or FileTooComplexError.
    """
    if len(data) < PREAMBLE_BYTES + 4 or data[PREAMBLE_BYTES : PREAMBLE_BYTES + 4] != b"DICM":
        raise NotDicomError("The file is not a DICOM file.")
    transfer_syntax, at = _file_meta(data)
    if transfer_syntax in DEFLATED:
        raise DeflatedFileError("The file is deflated, which is not taken because it cannot be bounded.")
    if transfer_syntax not in NATIVE and transfer_syntax not in ENCAPSULATED:
        raise UnsupportedEncodingError("The file's transfer syntax is not one that can be read here.")
    implicit = transfer_syntax == IMPLICIT_LITTLE
    if implicit and data[at + 4 : at + 6].isalpha() and data[at + 4 : at + 6].isupper():
        raise MalformedFileError("The file says implicit VR and is written with explicit VR.")
    walk = _Walk(data, len(data))
    walk.levels.append(_Level("dataset", len(data), implicit))
    _walk(walk, at)
    start, size = walk.pixels or (None, 0)
    if walk.fragments and transfer_syntax in NATIVE:
        raise MalformedFileError("The pixel data are encapsulated, against the file's transfer syntax.")
    return Outline(transfer_syntax, at, start, size, walk.fragments)


def _file_meta(data: Bytes) -> tuple[str, int]:
    """Transfer syntax and the offset of the data set; the group is explicit little endian."""
    walk = _Walk(data, len(data))
    at, transfer_syntax = PREAMBLE_BYTES + 4, ""
    while at + 8 <= len(data) and data[at : at + 2] == b"\x02\x00":
        walk.count()
        element = _element(walk, at, implicit=False)
        if element.length > settings.VALUE_MAX_BYTES:
            raise MalformedFileError("The file meta information is not well formed.")
        walk.need(element.at, element.length)
        if element.tag == _TRANSFER_SYNTAX:
            raw = data[element.at : element.at + element.length]
            transfer_syntax = raw.removesuffix(b"\0").decode("latin-1")
            if not is_uid(transfer_syntax):
                raise BadUidError("The transfer syntax is not a valid UID.")
        at = element.at + element.length
    if not transfer_syntax:
        raise MalformedFileError("The file does not say its transfer syntax.")
    return transfer_syntax, at


def _walk(walk: _Walk, at: int) -> None:
    """Visit every element of the data set; `walk.levels` is the stack that recursion would be."""
    while walk.levels:
        level = walk.levels[-1]
        if level.end is not None and at >= level.end:
            if at > level.end:
                raise MalformedFileError("An element is longer than what holds it.")
            walk.levels.pop()
        elif level.kind == "sequence":
            at = _enter_item(walk, level, at)
        else:
            at = _visit(walk, level, at)


def _enter_item(walk: _Walk, level: _Level, at: int) -> int:
    tag, length = _delimiter(walk, at)
    walk.count()
    if tag == _SEQUENCE_END and level.end is None:
        walk.levels.pop()
    elif tag == _ITEM:
        _push(walk, _Level("dataset", _end(walk, at + 8, length), level.implicit))
    else:
        raise MalformedFileError("A sequence holds something that is not an item.")
    return at + 8


def _visit(walk: _Walk, level: _Level, at: int) -> int:
    """One element of a data set; returns the offset of the next."""
    walk.count()
    if level.end is None and _tag(walk, at) == _ITEM_END:
        walk.levels.pop()
        return at + 8
    element = _element(walk, at, level.implicit)
    top = len(walk.levels) == 1
    if top:
        if element.tag in walk.seen or element.tag >> 16 < 0x0004:
            raise MalformedFileError("The file holds the same element twice, or one that may not stand there.")
        walk.seen.add(element.tag)
    if element.tag >> 16 == 0xFFFE:
        raise MalformedFileError("A delimiter stands where none may.")
    if _is_sequence(element, level.implicit):
        implicit = level.implicit or element.vr == b"UN"
        _push(walk, _Level("sequence", _end(walk, element.at, element.length), implicit))
        return element.at
    if element.length == _UNDEFINED:
        return _encapsulated(walk, element, top)
    walk.need(element.at, element.length)
    if top and element.tag == _PIXEL_DATA:
        walk.pixels = (element.at, element.length)
    else:
        _check_value(element.length)
    return element.at + element.length


def _encapsulated(walk: _Walk, element: _Element, top: bool) -> int:
    """Offset table, fragments and delimiter; PS3.5 section A.4."""
    if element.vr not in (b"OB", b"OW"):
        raise MalformedFileError("An element has no length and is not a sequence.")
    at, items = element.at, []
    while True:
        walk.count()
        tag, length = _delimiter(walk, at)
        at += 8
        if tag == _SEQUENCE_END:
            break
        if tag != _ITEM or length == _UNDEFINED:
            raise MalformedFileError("The compressed image is not made of fragments.")
        walk.need(at, length)
        items.append((at, length))
        at += length
    if not items:
        raise MalformedFileError("The compressed image has no offset table.")
    if top and element.tag == _PIXEL_DATA:
        walk.pixels = (element.at, at - element.at)
        walk.fragments = tuple(items[1:])
    else:
        _check_value(at - element.at)
    return at


def _is_sequence(element: _Element, implicit: bool) -> bool:
    """Whether a parser would look for items in the value, at once or when the value is used."""
    if element.vr == b"SQ":
        return True
    if element.vr == b"UN" or implicit:
        if element.tag == _PIXEL_DATA:
            return False
        return element.length == _UNDEFINED or _known_sequence(element.tag)
    return False


def _known_sequence(tag: int) -> bool:
    try:
        return dictionary_VR(tag) == "SQ"
    except KeyError:
        return False


def _check_value(size: int) -> None:
    if size > settings.VALUE_MAX_BYTES:
        mebibytes = settings.VALUE_MAX_BYTES >> 20
        raise FileTooComplexError(f"An element other than the image holds more than {mebibytes} MiB.")


def _push(walk: _Walk, level: _Level) -> None:
    if len(walk.levels) > 2 * settings.DATASET_MAX_DEPTH:  # a sequence and its item are two levels
        raise FileTooComplexError(f"The file nests sequences deeper than {settings.DATASET_MAX_DEPTH} levels.")
    walk.levels.append(level)


def _end(walk: _Walk, at: int, length: int) -> int | None:
    if length == _UNDEFINED:
        return None
    walk.need(at, length)
    return at + length


def _tag(walk: _Walk, at: int) -> int:
    walk.need(at, 8)
    group, element = struct.unpack_from("<HH", walk.data, at)
    return int(group) << 16 | int(element)


def _delimiter(walk: _Walk, at: int) -> tuple[int, int]:
    tag = _tag(walk, at)
    return tag, struct.unpack_from("<I", walk.data, at + 4)[0]


def _element(walk: _Walk, at: int, implicit: bool) -> _Element:
    tag = _tag(walk, at)
    if implicit:
        return _Element(tag, b"", struct.unpack_from("<I", walk.data, at + 4)[0], at + 8)
    vr = walk.data[at + 4 : at + 6]
    if vr in _SHORT:
        return _Element(tag, vr, struct.unpack_from("<H", walk.data, at + 6)[0], at + 8)
    if vr in _LONG:
        walk.need(at, 12)
        return _Element(tag, vr, struct.unpack_from("<I", walk.data, at + 8)[0], at + 12)
    if tag >> 16 == 0xFFFE:
        raise MalformedFileError("A delimiter stands where none may.")
    raise MalformedFileError("The file is not written in the value representations of DICOM.")
