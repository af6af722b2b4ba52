"""What Google streams to those who do not ask for server-sent events: one JSON array, element by element."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from ._sse import Events

if TYPE_CHECKING:
    from ..core.call import Call, HttpRequest
    from ..core.plan import Answer

__all__ = ["ARRAY", "array", "asks_for_array", "element", "wants_array"]

ARRAY = {"alt": "json"}
"""What marks such a call in its body: the query alone tells it, which calls do not keep."""

_JSON = ("content-type", "application/json; charset=UTF-8")


def asks_for_array(request: HttpRequest) -> bool:
    """Tell whether the request asks for a stream without `alt=sse`."""
    parts = urlsplit(request.url)
    return parts.path.endswith(":streamGenerateContent") and "sse" not in parse_qs(parts.query).get("alt", ())


def wants_array(call: Call) -> bool:
    """Tell whether the call asks for a stream without `alt=sse`."""
    return call.path.endswith(":streamGenerateContent") and call.body.get("alt") == ARRAY["alt"]


def array(answer: Answer) -> Answer:
    """Return the answer as an array: each event an element, and an error its only one."""
    head = tuple(each for each in answer.headers if each[0] != "content-type")
    if not answer.events:
        if dict(answer.headers).get("content-type", "").startswith("application/json"):
            return replace(answer, chunks=(b"[" + b"".join(answer.chunks) + b"\n]\n",))
        return answer

    def elements() -> Iterator[bytes]:
        before = b"["
        for each in answer.chunks:
            yield before + element(each)
            before = b"\n,\r\n"
        yield b"\n]\n"

    return replace(answer, headers=(*head, _JSON), chunks=Events(elements))


def element(event: bytes) -> bytes:
    """Return the data of an event."""
    return event.removeprefix(b"data: ").rstrip()
