"""Cuts a passing stream at its events, whatever pieces it comes in.

Streams of three kinds pass: server-sent events, JSON by lines (Ollama), and the binary frames of AWS (Bedrock).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Protocol

from .plan import Chunk, Headers

__all__ = ["Framer", "framer"]

# Atomic groups: the two bytes of one CRLF must not pass for the two line ends that make a blank line.
_BLANK_LINE = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_LONGEST = 4  # bytes of a blank line, with the line end before it
_SAYS_SOMETHING = re.compile(rb"^[^:\r\n]", re.MULTILINE)

_LEAST = 16  # bytes of an AWS frame without headers and payload: two lengths, two checksums
_MOST = 24 * 2**20  # bytes; botocore refuses longer frames, so what claims to be longer is none


class Framer(Protocol):
    """Collects pieces of a stream and gives its whole events, byte for byte."""

    def feed(self, data: bytes) -> Iterator[Chunk]:
        """Take a piece and yield the events that it completes."""

    def flush(self) -> Iterator[Chunk]:
        """Yield what is left at the end of the stream."""


class _Events:
    """Cuts server-sent events, whatever ends their lines.

    A block of nothing but comments (a keep-alive) is given as a chunk that is no event.
    """

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[Chunk]:
        """Take a piece and yield the events that it completes."""
        rest = self._rest
        start = max(len(rest) - _LONGEST + 1, 0)
        rest += data
        while found := _BLANK_LINE.search(rest, start):
            if found.end() == len(rest) and rest.endswith(b"\r"):
                return  # the LF of this CR may be the next byte
            yield _chunk(bytes(rest[: found.end()]))
            del rest[: found.end()]
            start = 0

    def flush(self) -> Iterator[Chunk]:
        """Yield what is left at the end of the stream."""
        if self._rest:
            rest = bytes(self._rest)
            self._rest.clear()
            ended = _BLANK_LINE.search(rest, max(len(rest) - _LONGEST, 0))
            yield _chunk(rest) if ended and ended.end() == len(rest) else Chunk(rest)


class _Lines:
    """Cuts JSON by lines. A blank line is given as a chunk that is no event; a last line needs no line end."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[Chunk]:
        """Take a piece and yield the lines that it completes."""
        start = len(self._rest)
        self._rest += data
        while (end := self._rest.find(b"\n", start)) >= 0:
            line = bytes(self._rest[: end + 1])
            del self._rest[: end + 1]
            start = 0
            yield Chunk(line, event=bool(line.strip()))

    def flush(self) -> Iterator[Chunk]:
        """Yield a last line without an end."""
        if self._rest:
            rest = bytes(self._rest)
            self._rest.clear()
            yield Chunk(rest, event=bool(rest.strip()))


class _Frames:
    """Cuts `application/vnd.amazon.eventstream`, each of whose frames begins with its length.

    From bytes on that cannot be a frame's beginning, all is given as it comes.
    """

    def __init__(self) -> None:
        self._rest = bytearray()
        self._lost = False

    def feed(self, data: bytes) -> Iterator[Chunk]:
        """Take a piece and yield the frames that it completes."""
        self._rest += data
        while len(self._rest) >= 4 and not self._lost:
            (length,) = struct.unpack_from("!I", self._rest)
            if not _LEAST <= length <= _MOST:
                self._lost = True
            elif len(self._rest) < length:
                return
            else:
                frame = bytes(self._rest[:length])
                del self._rest[:length]
                yield Chunk(frame, event=True)
        if self._lost:
            yield from self.flush()

    def flush(self) -> Iterator[Chunk]:
        """Yield what is left, which is no whole frame."""
        if self._rest:
            rest = bytes(self._rest)
            self._rest.clear()
            yield Chunk(rest)


_FRAMERS: dict[str, type[Framer]] = {
    "text/event-stream": _Events,
    "application/x-ndjson": _Lines,
    "application/ndjson": _Lines,
    "application/jsonl": _Lines,
    "application/vnd.amazon.eventstream": _Frames,
}


def framer(headers: Headers) -> Framer | None:
    """Return what cuts a body with these headers at its events; None for a body without any, or a compressed one."""
    named = {key.lower(): value.strip().lower() for key, value in headers}
    if named.get("content-encoding", "identity") not in ("", "identity"):
        return None
    found = _FRAMERS.get(named.get("content-type", "").partition(";")[0].rstrip())
    return found() if found else None


def _chunk(data: bytes) -> Chunk:
    return Chunk(data, event=bool(_SAYS_SOMETHING.search(data.replace(b"\r", b"\n"))))
