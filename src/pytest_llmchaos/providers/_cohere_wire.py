"""Headers, token counts and plain and streamed answers of Cohere's API."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..core.plan import Answer, Headers
from ._sse import Events
from ._wire import http_date, json_answer

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw

__all__ = ["HOSTS", "at_vendor", "events_answer", "headers", "new_id", "plain_answer"]

HOSTS = ("api.cohere.com", "api.cohere.ai")


def at_vendor(call: Call) -> bool:
    """Tell whether the call goes to Cohere itself, not to another host that speaks its dialect."""
    return call.host.partition(":")[0] in HOSTS


def new_id(draw: Draw) -> str:
    """Return an id as answers and errors bear it."""
    return str(uuid.UUID(hex=draw.part("id").hex(32), version=4))


def headers(call: Call, draw: Draw) -> Headers:
    """Return the headers that every answer carries, before its content type; fewer at another host.

    As in an answer of April 2026, quoted in a public log; a trial key's own headers are left out.
    """
    date = ("date", http_date(draw.wall))
    if not at_vendor(call):
        return (date,)
    head = draw.part("head")
    return (
        ("access-control-expose-headers", "X-Debug-Trace-ID"),
        ("cache-control", "no-cache, no-store, no-transform, must-revalidate, private, max-age=0"),
        ("expires", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("pragma", "no-cache"),
        ("vary", "Origin,Accept-Encoding"),
        ("x-accel-expires", "0"),
        ("x-debug-trace-id", head.hex(32)),
        date,
        ("x-envoy-upstream-service-time", str(head.whole(10, 1400))),
        ("server", "envoy"),
        ("via", "1.1 google"),
        ("alt-svc", 'h3=":443"; ma=2592000'),
    )


def plain_answer(call: Call, draw: Draw, body: Any, *, error: str | None = None) -> Answer:
    """Return a healthy JSON answer."""
    return json_answer(200, headers(call, draw), body, error=error)


def events_answer(call: Call, draw: Draw, make: Callable[[], Iterator[bytes]], *, error: str | None = None) -> Answer:
    """Return a healthy streamed answer; `make` starts its events afresh for each reading."""
    # The SDK refuses a stream of any other content type.
    head = (*headers(call, draw), ("content-type", "text/event-stream"))
    return Answer(200, head, Events(make), events=True, error=error)
