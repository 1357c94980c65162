"""A compressed frame is of the size that the header says, or the file is refused before a decoder makes room for it."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, JPEGLSLossless

from tests.worklist.factories import dataset, file_bytes
from worklist.errors import MalformedFileError
from worklist.intake import codestream, guard

HIGH, WIDE = 64, 96


def stream_of(uid: str) -> bytes:
    """One frame of HIGH x WIDE pixels as a kept encoder writes it."""
    image = np.arange(HIGH * WIDE, dtype="<u2").reshape(HIGH, WIDE)
    if uid == JPEGBaseline8Bit:
        body = io.BytesIO()
        Image.fromarray(image.astype(np.uint8)).save(body, "JPEG")
        return body.getvalue()
    data = dataset(Rows=HIGH, Columns=WIDE, PixelData=image.tobytes())
    data.compress(uid)
    return next(generate_frames(data.PixelData, number_of_frames=1))


def file_of(uid: str, frames: list[bytes], rows: int = HIGH, columns: int = WIDE) -> bytes:
    data = dataset(Rows=rows, Columns=columns, NumberOfFrames=len(frames))
    if uid == JPEGBaseline8Bit:
        data.BitsAllocated, data.BitsStored, data.HighBit = 8, 8, 7
    data.file_meta.TransferSyntaxUID = uid
    data.PixelData = encapsulate(frames)
    data["PixelData"].VR = "OB"
    data["PixelData"].is_undefined_length = True
    return file_bytes(data)


KINDS = pytest.mark.parametrize("uid", [JPEGBaseline8Bit, JPEGLSLossless, JPEG2000Lossless])


@KINDS
def test_a_frame_of_the_size_that_the_header_says_is_taken(uid: str) -> None:
    stream = stream_of(uid)
    assert codestream.size(stream, 0, len(stream)) == (HIGH, WIDE, 1)
    assert guard.inspect(file_of(uid, [stream, stream])).image.columns == WIDE


@KINDS
@pytest.mark.parametrize(("rows", "columns"), [(HIGH, HIGH), (WIDE, HIGH), (HIGH - 1, WIDE)])
def test_a_frame_of_another_size_is_refused(uid: str, rows: int, columns: int) -> None:
    with pytest.raises(MalformedFileError, match="another size"):
        guard.inspect(file_of(uid, [stream_of(uid)], rows, columns))


def enlarged(stream: bytes) -> bytes:
    """The same JPEG 2000 stream, saying 60,000 x 60,000 pixels."""
    return stream[:8] + (60_000).to_bytes(4, "big") * 2 + stream[16:]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_swollen_frame_among_others_is_refused(place: int) -> None:
    frames = [stream_of(JPEG2000Lossless)] * 3
    frames[place] = enlarged(frames[place])
    with pytest.raises(MalformedFileError, match="another size"):
        guard.inspect(file_of(JPEG2000Lossless, frames))


SPOILERS: list[Callable[[bytes], bytes]] = [
    lambda body: body[:6],
    lambda body: body[:2] + b"\0" * 60,
    lambda body: b"\0" * 60 + body,
    lambda _: b"\xff\xd8" * 9,
]


@KINDS
@pytest.mark.parametrize("spoil", SPOILERS, ids=["cut", "no segments", "no start", "starts only"])
def test_a_frame_without_a_whole_header_is_refused(uid: str, spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(MalformedFileError):
        guard.inspect(file_of(uid, [spoil(stream_of(uid))]))
