"""The parts of a multipart/related body, read from a stream and not held in memory (RFC 2046, RFC 2387)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from email.message import Message
from typing import BinaryIO, Protocol

CHUNK_BYTES = 1 << 16
MAX_HEADER_BYTES = 8192
#: A part larger than this is spooled to the disk.
MEMORY_BYTES = 1 << 20


class Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


class MalformedBody(Exception):
    """The body is not the multipart/related that its header says."""


def parameters(content_type: str) -> tuple[str, dict[str, str]]:
    """A media type in lower case, and its parameters."""
    message = Message()
    message["Content-Type"] = content_type
    pairs = message.get_params(failobj=[]) or []
    return message.get_content_type(), {str(name).lower(): str(value) for name, value in pairs[1:]}


def parts(stream: Readable, boundary: str, most: int) -> Iterator[tuple[str, BinaryIO]]:
    """(content type, content) of each part; a content longer than `most` bytes ends after one byte more.

    Each content must be read before the next part is requested. Raises MalformedBody.
    """
    if not 0 < len(boundary) <= 200:
        raise MalformedBody("The body's boundary is missing.")
    body = _Body(stream, b"\r\n--" + boundary.encode("latin-1", "replace"))
    body.skip_to_boundary()
    while body.another():
        content_type = body.headers().get("Content-Type", "")
        with tempfile.SpooledTemporaryFile(MEMORY_BYTES) as spool:
            for chunk in body.content():
                room = most + 1 - spool.tell()
                if room > 0:
                    spool.write(chunk[:room])
            spool.seek(0)
            yield content_type, spool  # type: ignore[misc]


class _Body:
    def __init__(self, stream: Readable, mark: bytes) -> None:
        self._stream = stream
        self._mark = mark
        # The first boundary may stand at the very start, without the line break before it.
        self._buffer = b"\r\n"
        self._end = False

    def _fill(self) -> bool:
        chunk = self._stream.read(CHUNK_BYTES)
        self._buffer += chunk
        return bool(chunk)

    def skip_to_boundary(self) -> None:
        for _ in self.content():
            pass

    def content(self) -> Iterator[bytes]:
        """Everything up to the next boundary, which is consumed."""
        while True:
            at = self._buffer.find(self._mark)
            if at >= 0:
                yield self._buffer[:at]
                self._buffer = self._buffer[at + len(self._mark) :]
                return
            keep = len(self._mark) - 1
            if len(self._buffer) > keep:
                yield self._buffer[:-keep]
                self._buffer = self._buffer[-keep:]
            if not self._fill():
                raise MalformedBody("The body ends before its last boundary.")

    def another(self) -> bool:
        """Whether the boundary that was just read opens a part; False after the closing one."""
        while len(self._buffer) < 2:
            if not self._fill():
                raise MalformedBody("The body ends before its last boundary.")
        return not self._buffer.startswith(b"--")

    def headers(self) -> Message:
        while b"\r\n\r\n" not in self._buffer:
            if len(self._buffer) > MAX_HEADER_BYTES or not self._fill():
                raise MalformedBody("A part's headers have no end.")
        raw, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        if len(raw) > MAX_HEADER_BYTES:
            raise MalformedBody("A part's headers have no end.")
        # A content may be empty: its boundary then follows at once, its line break already read.
        self._buffer = b"\r\n" + self._buffer if self._buffer.startswith(self._mark[2:]) else self._buffer
        message = Message()
        for line in raw.decode("latin-1").split("\r\n"):
            name, colon, value = line.partition(":")
            if colon and name.strip():
                message[name.strip()] = value.strip()
        return message
