"""One call under way: its plan being played and its exchange being written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from .plan import Headers

if TYPE_CHECKING:
    from .call import Call, HttpRequest
    from .clock import Clock
    from .journal import Exchange
    from .plan import Chunk, Head, Plan, Step

__all__ = ["Ongoing"]

# What keeps the connection alive and says nothing: a comment, Anthropic's ping.
_SILENT = (b":", b"event: ping")

# How a stream opens in the big dialects, before the first word: envelopes, OpenAI's delta of a role, Azure's filter.
_OPENING = re.compile(
    rb"event: (?:message_start|content_block_start|message-start|content-start|"
    rb"response\.(?:created|queued|in_progress|output_item\.added|content_part\.added))\b"
    rb'|data: \{[^\n]*"delta":\s*\{[^{}]*"role"[^{}]*"content":\s*(?:""|null)[^{}]*\}'
    rb'|data: \{[^\n]*"choices":\s*\[\]'
)
_BETWEEN = re.compile(rb"\r?\n\r?\n")


class Ongoing:
    """Ties a call's plan to its exchange; drivers report to it what they did.

    Args:
        call, plan, exchange: what is played, and where it is written down.
        clock: on which its waits pass.
        now: tells the run time in seconds.
        request: the call as it was sent.
        simulated: makes the simulated healthy answer; None where healthy answers come from beneath.
    """

    def __init__(
        self,
        call: Call,
        plan: Plan,
        exchange: Exchange,
        clock: Clock,
        now: Callable[[], float],
        request: HttpRequest,
        simulated: Callable[[], Iterable[Step]] | None,
    ) -> None:
        self.call = call
        self.plan = plan
        self.exchange = exchange
        self.clock = clock
        self._now = now
        self.request = request
        self.simulated = simulated
        self._since = exchange.started
        exchange.price = plan.price

    def responded(self, head: Head) -> None:
        """Status and headers reached the app."""
        self.exchange.status = head.status
        self.exchange.error = head.error
        self.exchange.retry_after = _retry_after(head.headers, self.clock.wall)

    def emitted(self, chunk: Chunk) -> None:
        """Bytes of the body reached the app."""
        exchange = self.exchange
        exchange.chunks += 1
        exchange.error = exchange.error or chunk.error
        exchange.pieces.add(chunk.data)
        if not chunk.data.lstrip().startswith(_SILENT):
            self._heard(chunk.data)

    def end(self, error: str | None = None) -> None:
        """The call is over; only the first end counts."""
        if self.exchange.ended is None:
            self.exchange.error = error or self.exchange.error
            self.exchange.ended = now = self._now()
            self.exchange.longest_gap = max(self.exchange.longest_gap, now - self._since)

    def _heard(self, data: bytes) -> None:
        now, exchange = self._now(), self.exchange
        if exchange.opened is None:
            exchange.opened = now
        else:
            exchange.longest_gap = max(exchange.longest_gap, now - self._since)
        if exchange.first_event is None and not _opens(data):
            exchange.first_event = now
        self._since = now


def _opens(data: bytes) -> bool:
    """Tell whether there is no content in it yet, only the opening of a stream; what nobody knows is content."""
    events = (each.lstrip() for each in _BETWEEN.split(data))
    return all(each.startswith(_SILENT) or _OPENING.match(each) for each in events if each)


def _retry_after(headers: Headers, wall: Callable[[], float]) -> float | None:
    """Return for how many seconds the provider asks the client to wait, as SDKs read it."""
    found = {key.lower(): value for key, value in headers if key.lower() in ("retry-after", "retry-after-ms")}
    plain = found.get("retry-after", "")
    if (milliseconds := _number(found.get("retry-after-ms", ""))) is not None:
        return milliseconds / 1000
    if (seconds := _number(plain)) is not None:
        return seconds
    try:
        return max(parsedate_to_datetime(plain).timestamp() - wall(), 0.0)
    except (ValueError, OverflowError):
        return None


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None
