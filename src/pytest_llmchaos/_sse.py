"""Cuts a passing event stream at its events, whatever pieces it comes in and whatever ends its lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .plan import Chunk, Headers

__all__ = ["Events", "is_event_stream"]

# Atomic groups: the two bytes of one CRLF must not pass for the two line ends that make a blank line.
_BLANK_LINE = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_LONGEST = 4  # bytes of a blank line, with the line end before it
_SAYS_SOMETHING = re.compile(rb"^[^:\r\n]", re.MULTILINE)


def is_event_stream(headers: Headers) -> bool:
    """Tell whether a body with these headers can be cut at its events: an event stream, not compressed."""
    named = {key.lower(): value.strip().lower() for key, value in headers}
    plain = named.get("content-encoding", "identity") in ("", "identity")
    return plain and named.get("content-type", "").startswith("text/event-stream")


class Events:
    """Collects pieces of a stream and gives its whole events, byte for byte.

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


def _chunk(data: bytes) -> Chunk:
    return Chunk(data, event=bool(_SAYS_SOMETHING.search(data.replace(b"\r", b"\n"))))
