"""What Gemini and Vertex AI share: headers, members under either of their names, token counts, plain answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..core.plan import Answer, Headers
from ..core.tokens import request_tokens
from ._read import mapping, mappings
from ._sse import Events
from ._wire import dump, http_date

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw

__all__ = [
    "at_vendor",
    "at_vertex",
    "event",
    "events_answer",
    "headers",
    "json_answer",
    "member",
    "plain_answer",
    "prompt_tokens",
]

_MEDIA_TOKENS = 258  # what an image of up to 384 pixels a side costs, as Gemini's guide to tokens says
_CAPITAL = re.compile(r"(?=[A-Z])")


def at_vertex(call: Call) -> bool:
    """Tell whether the call speaks Vertex AI's variant of the format."""
    return call.speaks.dialect == "vertex"


def at_vendor(call: Call) -> bool:
    """Tell whether the call goes to Google itself, not to another host that speaks its dialect."""
    return call.host.partition(":")[0].endswith(".googleapis.com")


def member(value: Any, name: str) -> Any:
    """Return a member by its name in camel case, or the same in snake case: the API reads both."""
    found = mapping(value)
    return found[name] if name in found else found.get(_CAPITAL.sub("_", name).lower())


def prompt_tokens(call: Call) -> int:
    """Return roughly how many tokens the request's prompt is."""
    request = mapping(member(call.body, "generateContentRequest")) or call.body
    media, rest = 0, []
    for content in mappings(request.get("contents")):
        for part in mappings(content.get("parts")):
            if member(part, "inlineData") is not None or member(part, "fileData") is not None:
                media += _MEDIA_TOKENS
            else:
                rest.append(part)
    return media + request_tokens(rest, member(request, "systemInstruction"), request.get("tools"))


def headers(call: Call, draw: Draw) -> Headers:
    """Return the headers that every answer carries, before its content type; fewer at another host.

    As in an answer of Vertex AI of August 2025, captured in mirascope's tests.
    """
    date = ("date", http_date(draw.wall))
    if not at_vendor(call):
        return (date,)
    return (
        ("vary", "Origin, X-Origin, Referer"),
        date,
        ("server", "scaffolding on HTTPServer2"),
        ("x-xss-protection", "0"),
        ("x-frame-options", "SAMEORIGIN"),
        ("x-content-type-options", "nosniff"),
        ("server-timing", f"gfet4t7; dur={draw.part('head').whole(180, 1400)}"),
        ("alt-svc", 'h3=":443"; ma=2592000,h3-29=":443"; ma=2592000'),
    )


def json_answer(
    call: Call, draw: Draw, status: int, body: Any, *, extra: Headers = (), error: str | None = None
) -> Answer:
    """Return a whole JSON answer."""
    head = (*headers(call, draw), *extra, ("content-type", "application/json; charset=UTF-8"))
    return Answer(status, head, (dump(body),), error=error)


def plain_answer(call: Call, draw: Draw, body: Any, *, error: str | None = None) -> Answer:
    """Return a healthy JSON answer."""
    return json_answer(call, draw, 200, body, error=error)


def events_answer(call: Call, draw: Draw, make: Callable[[], Iterator[bytes]], *, error: str | None = None) -> Answer:
    """Return a healthy streamed answer; `make` starts its events afresh for each reading."""
    head = (*headers(call, draw), ("content-type", "text/event-stream"))
    return Answer(200, head, Events(make), events=True, error=error)


def event(data: Mapping[str, Any]) -> bytes:
    """Return one event as Google's frontends write it: unnamed, its lines ended by CRLF."""
    return b"data: " + dump(data) + b"\r\n\r\n"
