"""Headers, ids and model names of OpenAI's answers, plain and streamed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, cast

from ..core.plan import Answer, Headers
from ..core.tokens import request_tokens
from ._sse import Events
from ._wire import JSON, cdn_headers, http_date, json_answer

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from .openai import OpenAI

__all__ = [
    "HOSTS",
    "ORGANISATION",
    "answered_by",
    "at_vendor",
    "chunks_answer",
    "events_answer",
    "fingerprint",
    "headers",
    "plain_answer",
    "span",
    "vendor",
    "written_answer",
]

HOSTS = ("api.openai.com", *(f"{region}.api.openai.com" for region in ("us", "eu", "ae", "au", "in", "jp")))
"""The global host and those of data residency (openai 3.54, _data_residency.py)."""

ORGANISATION = "org-Vq3TzKxW8mLd5RcYb7NfHs2J"
"""The organisation that every simulated key belongs to; made up."""

REQUESTS_A_MINUTE, TOKENS_A_MINUTE = 10_000, 2_000_000
_FRESH = (REQUESTS_A_MINUTE - 1, 60 / REQUESTS_A_MINUTE)
_LIMITS = (
    ("x-ratelimit-limit-requests", str(REQUESTS_A_MINUTE)),
    ("x-ratelimit-limit-tokens", str(TOKENS_A_MINUTE)),
)
_VENDORS = (("openai-organization", ORGANISATION), ("openai-version", "2020-10-01"))

# Aliases with exactly one dated snapshot in the SDK's list of models (openai 3.54,
# types/shared/chat_model.py); the vendor answers with the snapshot's name.
_SNAPSHOTS = {
    "gpt-5.5": "2026-04-23",
    "gpt-5.4-mini": "2026-03-17",
    "gpt-5.4-nano": "2026-03-17",
    "gpt-5.2": "2025-12-11",
    "gpt-5.1": "2025-11-13",
    "gpt-5": "2025-08-07",
    "gpt-5-mini": "2025-08-07",
    "gpt-5-nano": "2025-08-07",
    "gpt-4.1": "2025-04-14",
    "gpt-4.1-mini": "2025-04-14",
    "gpt-4.1-nano": "2025-04-14",
    "o4-mini": "2025-04-16",
    "o3": "2025-04-16",
    "gpt-4o-mini": "2024-07-18",
}


def vendor(call: Call) -> OpenAI:
    """Return the provider that is asked: OpenAI, or one that shares its dialect and says what differs there."""
    return cast("OpenAI", call.speaks)


def at_vendor(call: Call) -> bool:
    """Tell whether the call goes to OpenAI itself, not to another host that speaks its dialect."""
    return call.host.partition(":")[0] in HOSTS


def answered_by(call: Call) -> str:
    """Return the model name that the answer carries."""
    model = call.model or "gpt-4o-mini"  # a call without a model is answered all the same
    date = _SNAPSHOTS.get(model) if vendor(call).dates_models(call) else None
    return f"{model}-{date}" if date else model


@lru_cache(maxsize=64)
def fingerprint(model: str) -> str:
    """Return the backend's fingerprint: it belongs to the model, not to the call."""
    return f"fp_{blake2b(model.encode('utf-8', 'replace'), digest_size=5).hexdigest()}"


def span(seconds: float) -> str:
    """Write a time until reset as the rate-limit headers do: `577ms`, `1s`, `7m12s`."""
    if seconds < 1:
        return f"{max(round(seconds * 1000), 1)}ms"
    minutes, rest = divmod(round(seconds, 3), 60)
    hours, minutes = divmod(int(minutes), 60)
    text = f"{rest:.3f}".rstrip("0").rstrip(".") + "s"
    if hours:
        return f"{hours}h{minutes}m{text}"
    return f"{minutes}m{text}" if minutes else text


def headers(call: Call, draw: Draw, *, exhausted_for: float | None = None) -> Headers:
    """Return the headers that every answer of the API carries, before its content type.

    Args:
        call: the call that is answered.
        draw: for ids.
        exhausted_for: seconds until the exhausted rate limit of requests resets; None while there is room.

    The vendor's own headers are left out for another host; the rate limit's and the request id stay.
    """
    head = draw.part("head")
    used = request_tokens(call.body)
    left, reset = _FRESH if exhausted_for is None else (0, exhausted_for)
    common = (
        ("date", http_date(draw.wall)),
        ("x-request-id", f"req_{head.hex(32)}"),
        *_LIMITS,
        ("x-ratelimit-remaining-requests", str(left)),
        ("x-ratelimit-remaining-tokens", str(max(TOKENS_A_MINUTE - used, 0))),
        ("x-ratelimit-reset-requests", span(reset)),
        ("x-ratelimit-reset-tokens", span(60 * used / TOKENS_A_MINUTE)),
    )
    if not at_vendor(call):
        return common
    return (*common, ("openai-processing-ms", str(head.whole(180, 1400))), *_VENDORS, *cdn_headers(head))


def plain_answer(call: Call, draw: Draw, body: Any, *, error: str | None = None) -> Answer:
    """Return a healthy JSON answer."""
    there = vendor(call)
    return json_answer(200, there.headers(call, draw), there.whole(call, draw, body), error=error)


def written_answer(call: Call, draw: Draw, body: bytes, *, error: str | None = None) -> Answer:
    """Return a healthy JSON answer that is written already."""
    return Answer(200, (*vendor(call).headers(call, draw), JSON), (body,), error=error)


def events_answer(call: Call, draw: Draw, make: Callable[[], Iterator[bytes]], *, error: str | None = None) -> Answer:
    """Return a healthy streamed answer; `make` starts its events afresh for each reading."""
    head = (*vendor(call).headers(call, draw), ("content-type", "text/event-stream; charset=utf-8"))
    return Answer(200, head, Events(make), events=True, error=error)


def chunks_answer(
    call: Call, draw: Draw, make: Callable[[], Iterator[dict[str, Any]]], *, error: str | None = None
) -> Answer:
    """Return a healthy streamed answer of chunks, framed as the provider does; `make` starts them afresh each time."""
    there = vendor(call)
    return events_answer(call, draw, lambda: there.framed(call, there.streamed(call, draw, make())), error=error)
