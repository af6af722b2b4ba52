"""A played answer as the bytes that a socket would bring, for the parsers of http.client and urllib3.

Chunks and lengths, early ends, buffering and decoding are thereby the libraries' own work, in every way of reading.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ...core.headers import by_name
from ._urllib3_head import is_plain, phrase

if TYPE_CHECKING:
    from ...core.plan import Chunk, Head, Headers
    from ...run.driver import SyncDriver

__all__ = ["BrokenOff", "Wire", "framed"]


_BODILESS = (204, 304)


class BrokenOff(Exception):
    """The connection ended here, in the middle of the answer; never reaches the app."""


def framed(headers: Headers, *, anew: bool = False) -> Headers:
    """Return the headers with a frame for the body: chunks, as the providers' servers send it.

    Args:
        headers: what the answer has.
        anew: whether a `content-length` no longer holds, because faults change the body.
    """
    names = by_name(headers)
    if "transfer-encoding" in names or ("content-length" in names and not anew):
        return headers
    kept = tuple(each for each in headers if each[0].lower() != "content-length")
    return (*kept, ("Transfer-Encoding", "chunked"))


class Wire:
    """The client's end of a connection on which one answer arrives.

    Has what http.client and urllib3 ask of a socket. What is sent into it is lost: the request was read before.

    Args:
        head: status and headers, which have arrived.
        driver: plays the body.
        whole: is called when a body of known length is complete, which no step of the plan tells.

    Attributes:
        plain: whether a parser would give back the head as it is; then only the body comes over the wire.
    """

    def __init__(self, head: Head, driver: SyncDriver, whole: Callable[[], None]) -> None:
        self.head = head
        self.plain = is_plain(head)
        self._incoming = _Incoming(head, driver, whole, b"" if self.plain else _head_bytes(head))

    def sendall(self, data: Any) -> None:
        """Take a piece of the request."""

    def settimeout(self, seconds: float | None) -> None:
        """Take the limit; the plan is played against the client's limits already."""

    def makefile(self, mode: str, *_: Any) -> io.BufferedReader:
        """Return what arrives, buffered like a socket's file."""
        return io.BufferedReader(self._incoming)

    def shutdown(self, how: int) -> None:
        """Receive nothing more."""
        self._incoming.over = True

    def close(self) -> None:
        """Let the file go on, as a socket does."""


class _Incoming(io.RawIOBase):
    def __init__(self, head: Head, driver: SyncDriver, whole: Callable[[], None], first: bytes) -> None:
        self.over = False
        self._driver = driver
        self._whole = whole
        self._ready = memoryview(first)
        found = by_name(head.headers)
        self._chunked = "chunked" in found.get("transfer-encoding", "").lower()
        length = found.get("content-length", "")
        self._owed = int(length) if length.isdecimal() and not self._chunked else None
        if head.status in _BODILESS:
            self._owed = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready and not self.over:
            self._ready = memoryview(self._next())
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def close(self) -> None:
        if not self.closed:
            super().close()
            self.over = True
            if self._owed is not None and self._owed <= 0:
                self._whole()
            self._driver.close()

    def _next(self) -> bytes:
        try:
            chunk = self._driver.next()
        except BrokenOff:
            self.over = True
            return b""
        except BaseException:
            self.over = True  # whoever reads on finds no end in good order
            raise
        if chunk is None:
            self.over = True
            return b"0\r\n\r\n" if self._chunked else b""
        return self._piece(chunk)

    def _piece(self, chunk: Chunk) -> bytes:
        if self._owed is not None:
            self._owed -= len(chunk.data)
        # An empty chunk would end the body.
        return b"%x\r\n%b\r\n" % (len(chunk.data), chunk.data) if self._chunked and chunk.data else chunk.data


def _head_bytes(head: Head) -> bytes:
    lines = [
        f"HTTP/1.1 {head.status} {phrase(head.status)}",
        *(f"{name}: {value}" for name, value in head.headers),
        "",
        "",
    ]
    text = "\r\n".join(lines)
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode()
