"""A stream says all, and its connection stays open."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.errors import ParameterError
from ..core.parameters import param
from ..core.plan import End, Head, Step, Wait
from ..core.units import Delay
from ..core.units import delay as read_delay
from ._base import Fault

if TYPE_CHECKING:
    from ..core.call import Call, Target
    from ..core.draw import Draw
    from ..core.plan import Plan, StepMap

__all__ = ["StreamHeldOpen"]


@dataclass(frozen=True)
class StreamHeldOpen(Fault):
    """Everything arrives, the terminator too, but the body does not end: a client that reads on to its end hangs.

    openai 3 stops at `[DONE]` (async it gives what may follow 0.1 s, so that the journal calls the body `cancelled`),
    but reads a stream of the Responses API, which has no such mark, to its end; so does anthropic 2 (measured). These
    meet their read timeout with the whole answer in hand.

    Args:
        delay: how long the connection stays open: a duration, or a distribution; None for ever.
    """

    name = "stream_held_open"
    kind = "stream"
    streams_only = True

    delay: Delay | None = param(read_delay, default=None)

    def idle(self, target: Target) -> ParameterError | None:
        """Without a delay the body ends as ever."""
        nothing = self.delay is not None and self.delay.nothing
        return ParameterError("delay", "0s holds nothing open") if nothing else None

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Wait before the end of the body."""
        seconds = math.inf if self.delay is None else self.delay.sample(draw.part(self.name).rng)
        return plan.shaped(lambda: _held_open(seconds))


def _held_open(seconds: float) -> StepMap:
    good = False

    def hold(step: Step) -> Iterable[Step]:
        nonlocal good
        if isinstance(step, Head):
            good = 200 <= step.status < 300
        return (Wait(seconds), step) if good and step == End() else (step,)

    return hold
