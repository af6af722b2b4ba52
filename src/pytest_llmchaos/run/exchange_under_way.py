"""One call under way: its plan being played and its exchange being written."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from ..core.headers import by_name
from .answer_reader import Reading, Says

if TYPE_CHECKING:
    from ..clock import Clock
    from ..core.call import Call, HttpRequest
    from ..core.plan import Chunk, Head, Part, Parts, Plan, Step
    from ..journal.entries import Exchange

__all__ = ["ExchangeUnderWay"]

_ANSWERS = ("chat", "completions")
"""Operations whose streams have an end of their own, in every dialect."""

# What a plain answer has in it that tells of a failure under a good status.
_TROUBLE = (b'"error"', b'"abort')


class ExchangeUnderWay:
    """Ties a call's plan to its exchange; drivers report to it what they did.

    Args:
        call, plan, exchange: what is played, and where it is written down.
        clock: on which its waits pass.
        now: tells the run time in seconds.
        request: the call as it was sent.
        simulated: makes the simulated healthy answer; None where healthy answers come from beneath.
        strike: is told of each injection that strikes the call, once.

    Attributes:
        spare: makes the simulated answer for the case that a mock beneath has none; None where none may take its place.
        over: is told when the call is over; None where nobody asks.
    """

    spare: Callable[[], Iterable[Step]] | None = None
    over: Callable[[Exchange], None] | None = None

    def __init__(
        self,
        call: Call,
        plan: Plan,
        exchange: Exchange,
        clock: Clock,
        now: Callable[[], float],
        request: HttpRequest,
        simulated: Callable[[], Iterable[Step]] | None,
        strike: Callable[[Part], None],
    ) -> None:
        self.call = call
        self.plan = plan
        self.exchange = exchange
        self.clock = clock
        self._now = now
        self.request = request
        self.simulated = simulated
        self.promised = math.inf
        """The length of the answer's body in bytes, as its head told."""
        self._strike = strike
        self._met: set[Part] = set()
        self._reading: Reading | None = None
        self._since = self._since_thought = exchange.started
        exchange.price = plan.price

    def struck(self, by: Parts) -> None:
        """The app met what these injections did to the call."""
        for part in by:
            if part not in self._met:
                self._met.add(part)
                self.exchange.faults += (part.fault,)
                self._strike(part)

    def has_met(self, by: Parts) -> bool:
        """Tell whether the app met all of them before."""
        return self._met.issuperset(by)

    def responded(self, head: Head) -> None:
        """Status and headers reached the app."""
        self.exchange.status = head.status
        self.exchange.error = head.error
        named = by_name(head.headers)
        length = named.get("content-length", "")
        self.promised = int(length) if length.isdecimal() else math.inf
        if self.refused and self.call.stream:
            self._tell_end()  # the app knows, and may leave the body unread and open
        if "retry-after" in named or "retry-after-ms" in named:
            self.exchange.retry_after = _retry_after(named, self.clock.wall)
        self._reading = Reading(named, stream=self.call.stream and head.status < 400)

    def emitted(self, chunk: Chunk) -> None:
        """Bytes of the body reached the app. A call that tells it of an error is over, whoever holds the connection."""
        exchange, reading = self.exchange, self._reading
        exchange.chunks += 1
        exchange.error = exchange.error or chunk.error
        if reading is None:
            return
        data = reading.unpacked(chunk.data)
        exchange.pieces.add(data)
        if says := reading.feed(data):
            self._passed(says)

    @property
    def refused(self) -> bool:
        """Whether the call was answered with an error status."""
        return (self.exchange.status or 0) >= 400

    @property
    def said_all(self) -> bool:
        """Whether the answer's own end has reached the app."""
        return self._reading is not None and self._reading.done

    def unread(self, data: bytes) -> None:
        """Bytes of an error's body were there, and the app closed it without reading them."""
        if self._reading is not None:
            self.exchange.answered(self._reading.unpacked(data))

    def end(self, error: str | None = None) -> None:
        """The call is over and its connection let go; only the first end counts."""
        exchange = self.exchange
        exchange.held_open = False
        if (error is None or error == "closed") and self._reading is not None and exchange.ended is None:
            says = self._reading.finish()
            # Who closes it may have acted on a last line whose event had no end yet; nothing else of it is sure.
            if says := says if error is None else says & Says.ERROR:
                self._passed(says)
        if exchange.ended is not None:
            return
        exchange.error = error or exchange.error or self._broke()
        exchange.ended = now = self._now()
        if self._reading is not None and (facts := self._reading.facts) is not None:
            exchange.read(facts)
        if now - self._since > exchange.longest_gap:
            exchange.longest_gap = now - self._since
        if now - self._since_thought > exchange.longest_pause:
            exchange.longest_pause = now - self._since_thought
        if self.over is not None:
            self.over(exchange)

    def _tell_end(self, error: str | None = None) -> None:
        """The app was told how the call ended; until it closes or reads on, it holds the connection."""
        self.end(error)
        self.exchange.held_open = True

    def _broke(self) -> str | None:
        """Return what is wrong with an answer from beneath that ended in good order; None for nothing."""
        exchange, reading = self.exchange, self._reading
        if self.plan.source is not None or reading is None:
            return None
        if self.call.operation not in _ANSWERS or (exchange.status or 599) >= 400:
            return None
        if self.call.stream:
            return "stream_truncated" if reading.unfinished else None
        told = b"".join(exchange.pieces)
        if not any(sign in told for sign in _TROUBLE):
            return None
        answer = exchange.answer
        return "error" if answer.error else "aborted" if answer.aborted else None

    def _passed(self, says: int) -> None:
        now, exchange = self._now(), self.exchange
        if exchange.opened is None:
            exchange.opened = self._since = self._since_thought = now
        if says & (Says.CONTENT | Says.THOUGHT):
            exchange.first_thought = now if exchange.first_thought is None else exchange.first_thought
            if now - self._since_thought > exchange.longest_pause:
                exchange.longest_pause = now - self._since_thought
            self._since_thought = now
        if says & Says.CONTENT:
            exchange.first_event = now if exchange.first_event is None else exchange.first_event
            if now - self._since > exchange.longest_gap:
                exchange.longest_gap = now - self._since
            self._since = now
        if says & Says.ERROR and self._reading is not None:
            self._tell_end("aborted" if self._reading.aborted else "stream_error")


def _retry_after(found: Mapping[str, str], wall: Callable[[], float]) -> float | None:
    """Return for how many seconds the provider asks the client to wait, as SDKs read it."""
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
