"""The head of an answer as http.client has it, made without its parser where that would find nothing that it is not.

Parsing a head is most of what an answer over urllib3 costs. One that a real server may send unaltered comes out of the
parser as it went in; any other takes the long way, so that what becomes of it stays the library's own.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from http.client import HTTPMessage, HTTPResponse
from typing import Any

from ...core.headers import by_name
from ...core.plan import Head

__all__ = ["ReadyResponse", "is_plain", "phrase"]

_NAMES = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_MOST, _LONGEST = 100, 60_000  # headers that http.client takes, and about the length of a line
_BODILESS = (204, 304)


def phrase(status: int) -> str:
    """Return the reason phrase of a status; empty for one without a name."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def is_plain(head: Head) -> bool:
    """Tell whether a parser gives back the head as it is."""
    if not head.headers:
        return False
    names, values = zip(*head.headers, strict=True)
    told = "\n".join(values)
    return (
        200 <= head.status < 1000
        and len(names) < _MOST
        and len(told) < _LONGEST
        and all(names)
        and _NAMES.fullmatch("".join(names)) is not None
        and told.count("\n") == len(values) - 1
        and told.isascii()
        and told.replace("\n", "").isprintable()
        and " \n" not in told
        and "\n " not in told
        and told == told.strip(" ")
    )


class ReadyResponse(HTTPResponse):
    """http.client's answer, begun with the head that its wire knows."""

    def __init__(self, sock: Any, debuglevel: int = 0, method: str | None = None, url: str | None = None) -> None:
        super().__init__(sock, debuglevel, method, url)
        self._known: Head = sock.head
        self._bodiless = method == "HEAD" or self._known.status in _BODILESS

    def begin(self) -> None:
        """Do what `begin` does once it has parsed the head."""
        head, told = self._known, HTTPMessage()
        for name, value in head.headers:
            told.set_raw(name, value)
        self.headers = self.msg = told
        self.code = self.status = head.status
        self.reason, self.version = phrase(head.status), 11
        named = by_name(head.headers)
        self.chunked = named.get("transfer-encoding", "").lower() == "chunked"
        self.chunk_left = None
        length = named.get("content-length", "")
        self.length = int(length) if length.isdecimal() and not self.chunked else None
        if self._bodiless:
            self.length = 0
        closes = "close" in named.get("connection", "").lower()
        self.will_close = closes or (not self.chunked and self.length is None)
