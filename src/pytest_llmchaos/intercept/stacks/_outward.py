"""What leaves this process by a way that no fault can break: where it goes, and the stop before it does.

A place is written `host`, `host:port` or `host:port/path`. It is told by an address, by the name that TLS is asked for,
or by what the first bytes say: HTTP/1 names the host, and so does whoever asks a proxy for one.
"""

from __future__ import annotations

import errno
import re
from contextlib import suppress
from typing import Any

__all__ = ["at", "called", "is_call", "named", "stop"]

_FIRST = 4096  # bytes of a request in which its host is looked for
_PORTS = {"http": 80, "https": 443}
_HEAD = re.compile(rb"([A-Z]+) ([^ \r\n]+) HTTP/1\.[01]\r?\n")
_HOST = re.compile(rb"\nhost:[ \t]*([^\r\n]+)", re.IGNORECASE)
_CONTROL = (0x88, 0x89, 0x8A)  # the first byte of a websocket's close, ping and pong
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_ASKING = (0, 1)  # HTTP/2's DATA and HEADERS
_NO_FRAME = 10  # the first type that HTTP/2 does not know


def at(host: Any, port: Any = None) -> str:
    """Return the place of an address as Python takes it: names and services as text, bytes or number."""
    name, service = _text(host), _text(port)
    number = str(_PORTS.get(service, service))
    name = f"[{name}]" if ":" in name and not name.startswith("[") else name
    return f"{name}:{number}" if number.isdigit() and number != "0" else name


def stop(place: str, how: str) -> None:
    """Let something go on, unless it goes to a provider.

    Args:
        place: where it goes.
        how: what was done, in a few words that follow the place.

    Raises:
        ConnectionRefusedError: it does; the run is marked as failed.
    """
    from ..active_runs import active

    chaos = active()
    if chaos is not None and place and not chaos.may_reach(place, how):
        raise ConnectionRefusedError(errno.ECONNREFUSED, f"llmchaos: {place}: {how} by a call that nothing intercepted")


def called(data: Any) -> tuple[str, str]:
    """Return host and path that the beginning of a request names, as far as it does: empty texts for the rest.

    A request to a proxy names the host behind it, and one to a server that serves many the host that is meant.
    """
    first = _first(data)
    if head := _HEAD.match(first):
        method, target = head[1], head[2].decode("latin-1")
        if method == b"CONNECT":
            return target, ""
        if "://" in target:
            return named(target)
        host = found[1].decode("latin-1").strip() if (found := _HOST.search(first)) else ""
        return host, _path(target)
    return _asked_of_socks(first), ""


def named(url: str) -> tuple[str, str]:
    """Return host and path of a URL, or of what curl takes for one."""
    host, slash, path = (url.partition("://")[2] or url).partition("/")
    return host.partition("?")[0].rpartition("@")[2], _path(slash + path)


def is_call(data: Any) -> bool:
    """Tell whether bytes may ask something; what only keeps a connection alive or ends it does not."""
    first = _first(data)
    if not first:
        return False
    if first[0] in _CONTROL:
        return False
    if first[0] in range(0x14, 0x18) and first[1:2] == b"\x03":
        return False  # a TLS record: what is in it was seen before it was encrypted
    return _asks(first.removeprefix(_PREFACE))


def _asks(frames: bytes) -> bool:
    """Tell whether bytes are more than those frames of HTTP/2 that only keep a connection."""
    if not frames:
        return False
    while frames:
        size, kind = int.from_bytes(frames[:3], "big"), frames[3:4]
        if len(frames) < 9 or kind[0] in _ASKING or kind[0] >= _NO_FRAME:
            return True
        frames = frames[9 + size :]
    return False


def _asked_of_socks(first: bytes) -> str:
    """Return the place that a SOCKS 5 or 4a request asks for by name; empty where it is none."""
    if first[:4] == b"\x05\x01\x00\x03" and len(first) >= 7 + first[4]:
        end = 5 + first[4]
        return at(first[5:end], int.from_bytes(first[end : end + 2], "big"))
    if first[:2] == b"\x04\x01" and first[4:7] == b"\0\0\0" and first[8:]:
        name = first[8:].split(b"\0")[1:2]
        return at(name[0], int.from_bytes(first[2:4], "big")) if name else ""
    return ""


def _first(data: Any) -> bytes:
    if isinstance(data, bytes):
        return data[:_FIRST]
    with suppress(TypeError, ValueError):
        return bytes(memoryview(data).cast("B")[:_FIRST])
    return b""


def _path(target: str) -> str:
    """Return a path without its query, which may hold a key."""
    return target.partition("?")[0]


def _text(value: Any) -> str:
    if value is None:
        return ""
    return bytes(value).decode("ascii", "replace") if isinstance(value, bytes | bytearray) else str(value)
