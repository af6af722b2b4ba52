"""One call under way: its plan being played and its exchange being written."""

from __future__ import annotations

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
            self._content()

    def end(self, error: str | None = None) -> None:
        """The call is over; only the first end counts."""
        if self.exchange.ended is None:
            self.exchange.error = error or self.exchange.error
            self.exchange.ended = now = self._now()
            self.exchange.longest_gap = max(self.exchange.longest_gap, now - self._since)

    def _content(self) -> None:
        now = self._now()
        if self.exchange.first_event is None:
            self.exchange.first_event = now
        else:
            self.exchange.longest_gap = max(self.exchange.longest_gap, now - self._since)
        self._since = now


def _retry_after(headers: Headers, wall: Callable[[], float]) -> float | None:
    """Return for how many seconds the provider asks the client to wait, as SDKs read it."""
    found = {key.lower(): value for key, value in headers if key.lower() in ("retry-after", "retry-after-ms")}
    try:
        if "retry-after-ms" in found:
            return float(found["retry-after-ms"]) / 1000
        return float(found["retry-after"])
    except KeyError:
        return None
    except ValueError:
        try:
            return max(parsedate_to_datetime(found["retry-after"]).timestamp() - wall(), 0.0)
        except (KeyError, ValueError):
            return None
