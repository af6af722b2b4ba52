"""A request as urllib3 is about to send it, in neutral form; reading its body leaves the upstream the same body."""

from __future__ import annotations

import io
import socket
from typing import Any
from weakref import WeakKeyDictionary

from ...core.call import HttpRequest, Timeouts

__all__ = ["Bodies", "limits", "neutral", "url_of"]

_PORTS = {"http": 80, "https": 443}


def url_of(pool: Any, target: str) -> str:
    """Return the whole URL of a request target; to a forwarding proxy it is whole already."""
    if not target.startswith("/"):
        return target
    host = f"[{pool.host}]" if ":" in pool.host else pool.host
    port = "" if pool.port in (None, _PORTS.get(pool.scheme)) else f":{pool.port}"
    return f"{pool.scheme}://{host}{port}{target}"


def limits(timeout: Any) -> Timeouts:
    """Return urllib3's `Timeout` as limits in seconds, its total counted from now."""
    if not hasattr(timeout, "clone"):  # a plain number, or none, from a caller other than urlopen
        return Timeouts(connect=timeout, write=timeout, read=timeout)
    started = timeout.clone()
    started.start_connect()
    connect, read = _seconds(started.connect_timeout), _seconds(started.read_timeout)
    return Timeouts(connect=connect, write=connect, read=read)  # a new connection sends under the connect limit


def _seconds(value: Any) -> float | None:
    if value is None or isinstance(value, int | float):
        return value
    return socket.getdefaulttimeout()  # a sentinel, not the same in all versions, stands for the default


def neutral(method: str, url: str, headers: Any, content: bytes, timeouts: Timeouts) -> HttpRequest:
    """Return the request in neutral form."""
    pairs = tuple((_text(name), _text(value)) for name, value in (headers or {}).items())
    return HttpRequest(method, url, pairs, content, timeouts)


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


class Bodies:
    """Reads bodies.

    An iterator can be read once. urllib3 does so after it has connected, so an attempt that got no connection leaves
    it for the next one; `unsent` keeps what we had to read before.
    """

    def __init__(self) -> None:
        self._unsent: WeakKeyDictionary[Any, bytes] = WeakKeyDictionary()

    def read(self, body: Any) -> tuple[bytes, Any]:
        """Return a body's bytes, and a body for urllib3 in its place, which it frames in the same way."""
        if body is None:
            return b"", None
        if isinstance(body, str):
            return body.encode(), body
        if hasattr(body, "read"):
            data = body.read()
            data = data.encode() if isinstance(data, str) else bytes(data)
            return data, io.BytesIO(data)
        try:
            return bytes(memoryview(body)), body
        except TypeError:
            data = self._drain(body)
            return data, [data]

    def unsent(self, body: Any, content: bytes) -> None:
        """Give back the content of an iterator of which nothing was sent."""
        if hasattr(body, "__next__") and not hasattr(body, "read"):
            try:
                self._unsent[body] = content
            except TypeError:
                return  # it takes no weak reference; the next attempt sends nothing

    def _drain(self, body: Any) -> bytes:
        try:
            if (kept := self._unsent.pop(body, None)) is not None:
                return kept
        except TypeError:
            pass
        return b"".join(piece.encode() if isinstance(piece, str) else bytes(piece) for piece in body)
