"""Headers, ids and model names of Anthropic's answers, plain and streamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..core.plan import Answer, Headers
from ..core.tokens import request_tokens
from ._sse import Events
from ._wire import JSON, cdn_headers, http_date, json_answer, rfc3339

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw

__all__ = [
    "HOSTS",
    "answered_by",
    "at_vendor",
    "events_answer",
    "headers",
    "plain_answer",
    "prompt_tokens",
    "request_id",
    "written_answer",
]

HOSTS = ("api.anthropic.com",)

_ORGANISATION_ID = "7c1f9e52-3b0a-4d86-9f41-a8e26d50b3c7"  # of every simulated key; made up
_REQUESTS_A_MINUTE = 4_000
_LIMITS = {"tokens": 2_400_000, "input-tokens": 2_000_000, "output-tokens": 400_000}

# Aliases whose dated name stands beside them (anthropic 2.12, types/model.py); newer ones have none.
_SNAPSHOTS = {"claude-haiku-4-5": "20251001", "claude-opus-4-5": "20251101", "claude-sonnet-4-5": "20250929"}


def at_vendor(call: Call) -> bool:
    """Tell whether the call goes to Anthropic itself, not to another host that speaks its dialect."""
    return call.host.partition(":")[0] in HOSTS


def answered_by(call: Call) -> str:
    """Return the model name that the answer carries."""
    model = call.model or "claude-sonnet-5"  # a call without a model is answered all the same
    date = _SNAPSHOTS.get(model) if at_vendor(call) else None
    return f"{model}-{date}" if date else model


def request_id(draw: Draw) -> str:
    """Return the id that header and error body share."""
    return f"req_011C{draw.part('request').token(20)}"


def prompt_tokens(call: Call) -> int:
    """Return roughly how many tokens the request's prompt is."""
    return request_tokens(*(call.body.get(key) for key in ("system", "messages", "tools")))


def headers(call: Call, draw: Draw, *, exhausted_for: float | None = None) -> Headers:
    """Return the headers that every answer of the API carries, before its content type.

    Args:
        call: the call that is answered.
        draw: for ids.
        exhausted_for: seconds until the exhausted rate limit of requests resets; None while there is room.

    The vendor's own headers are left out for another host; the rate limit's and the request id stay.
    """
    used = prompt_tokens(call)
    left, reset = (_REQUESTS_A_MINUTE - 1, draw.wall) if exhausted_for is None else (0, draw.wall + exhausted_for)
    limits = [("requests", _REQUESTS_A_MINUTE, left, reset)]
    for kind, limit in _LIMITS.items():
        # The vendor rounds what remains to thousands.
        remaining = limit if kind == "output-tokens" else max(round(limit - used, -3), 0)
        limits.append((kind, limit, remaining, draw.wall))
    common = [("date", http_date(draw.wall)), ("request-id", request_id(draw))]
    for kind, limit, remaining, until in limits:
        name = f"anthropic-ratelimit-{kind}"
        common += [
            (f"{name}-limit", str(limit)),
            (f"{name}-remaining", str(remaining)),
            (f"{name}-reset", rfc3339(until)),
        ]
    if not at_vendor(call):
        return tuple(common)
    organisation = ("anthropic-organization-id", _ORGANISATION_ID)
    return (*common, organisation, ("via", "1.1 google"), *cdn_headers(draw.part("cdn")))


def plain_answer(call: Call, draw: Draw, body: Any, *, error: str | None = None) -> Answer:
    """Return a healthy JSON answer."""
    return json_answer(200, headers(call, draw), body, error=error)


def written_answer(call: Call, draw: Draw, body: bytes, *, error: str | None = None) -> Answer:
    """Return a healthy JSON answer that is written already."""
    return Answer(200, (*headers(call, draw), JSON), (body,), error=error)


def events_answer(call: Call, draw: Draw, make: Callable[[], Iterator[bytes]], *, error: str | None = None) -> Answer:
    """Return a healthy streamed answer; `make` starts its events afresh for each reading."""
    head = (*headers(call, draw), ("content-type", "text/event-stream; charset=utf-8"))
    return Answer(200, head, Events(make), events=True, error=error)
