"""What the faults within a stream share: they count events and strike after the n-th one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ..core.parameters import param, whole
from ..core.plan import Chunk, End, Fail, Head, Step, Wait
from ._base import Fault

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["StreamFault"]


@dataclass(frozen=True)
class StreamFault(Fault):
    """Base of the faults that strike within a stream, after `after` events.

    A stream that ends before that is struck at its end, just before the provider's terminator (`[DONE]`,
    `message_stop`): a fault that was asked for never passes without a trace. Only good answers (2xx) are
    struck; an error answer passes. An answer that came as no event stream at all is struck before its last
    piece.

    Attributes:
        again: whether the event before the place comes once more, after what `strike` gives.
    """

    streams_only = True
    again: ClassVar[bool] = False

    after: int = param(whole, default=1)

    def strike(self, call: Call, draw: Draw) -> tuple[Step, ...]:
        """Return the steps that come in at the place; a Fail or End among them ends the stream.

        Raises:
            FaultUnfit: it has no form at this provider.
        """
        raise NotImplementedError

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Count the events and strike after the last good one."""
        strike = self.strike(call, draw)
        return plan.shaped(lambda: _Striker(self.after, strike, again=self.again))


class _Striker:
    """The step map of a stream fault.

    Each piece of the body is held back until the next step shows that it was not the terminator, together
    with the waits that follow it. Waits take no time here, only when they are played; so nothing arrives late
    but the pieces of a passthrough stream, by one.
    """

    __slots__ = ("_after", "_again", "_armed", "_held", "_last", "_passed", "_strike")

    def __init__(self, after: int, strike: tuple[Step, ...], *, again: bool = False) -> None:
        self._again = again
        self._last: Chunk | None = None
        self._after = after
        self._strike = strike
        self._armed = False
        self._passed = 0
        self._held: list[Step] = []

    def __call__(self, step: Step) -> Iterable[Step]:
        if isinstance(step, Head):
            self._armed = 200 <= step.status < 300
            return (step,)
        if not self._armed:
            return (step,)
        if isinstance(step, Wait):
            return self._later(step)
        if isinstance(step, End) and step.error is None:
            return self._struck(before=(), after=(*self._held, step))
        released = self._release()
        if self._passed >= self._after:
            return self._struck(before=released, after=(step,))
        if isinstance(step, Chunk):
            self._held = [step]
            return released
        return (*released, step)

    def _later(self, wait: Wait) -> Iterable[Step]:
        if not self._held:
            return (wait,)
        self._held.append(wait)
        return ()

    def _release(self) -> tuple[Step, ...]:
        released, self._held = tuple(self._held), []
        for each in released:
            if isinstance(each, Chunk):
                self._passed += each.event
                self._last = each
        return released

    def _struck(self, before: tuple[Step, ...], after: tuple[Step, ...]) -> Iterable[Step]:
        self._armed = False
        self._held = []
        strike = self._strike
        if self._again:
            last = self._last or next((each for each in after if isinstance(each, Chunk)), None)
            strike = (*strike, last) if last else strike
        ends = any(isinstance(each, Fail | End) for each in strike)
        return (*before, *strike, *(() if ends else after))
