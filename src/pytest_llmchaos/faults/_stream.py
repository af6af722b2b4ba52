"""What the faults within a stream share: they count events and strike after the n-th one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..parameters import param, whole
from ..plan import Chunk, End, Fail, Head, Step, Wait
from ._base import Fault

if TYPE_CHECKING:
    from ..call import Call
    from ..draw import Draw
    from ..plan import Plan

__all__ = ["StreamFault"]


@dataclass(frozen=True)
class StreamFault(Fault):
    """Base of the faults that strike within a stream, after `after` events.

    A stream that ends before that is struck at its end, just before the provider's terminator (`[DONE]`,
    `message_stop`): a fault that was asked for never passes without a trace. Only good answers (2xx) are
    struck; an error answer passes. An answer that came as no event stream at all is struck before its last
    piece.
    """

    streams_only = True

    after: int = param(whole, default=1)

    def strike(self, call: Call, draw: Draw) -> tuple[Step, ...]:
        """Return the steps that come in at the place; a Fail or End among them ends the stream."""
        raise NotImplementedError

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Count the events and strike after the last good one."""
        return plan.shaped(lambda: _Striker(self.after, self.strike(call, draw)))


class _Striker:
    """The step map of a stream fault.

    Each piece of the body is held back until the next step shows that it was not the terminator, together
    with the waits that follow it. Waits take no time here, only when they are played; so nothing arrives late
    but the pieces of a passthrough stream, by one.
    """

    __slots__ = ("_after", "_armed", "_held", "_passed", "_strike")

    def __init__(self, after: int, strike: tuple[Step, ...]) -> None:
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
        self._passed += sum(isinstance(each, Chunk) and each.event for each in released)
        return released

    def _struck(self, before: tuple[Step, ...], after: tuple[Step, ...]) -> Iterable[Step]:
        self._armed = False
        self._held = []
        ends = any(isinstance(each, Fail | End) for each in self._strike)
        return (*before, *self._strike, *(() if ends else after))
