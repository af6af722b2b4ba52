"""The provider answers, late."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.errors import ParameterError
from ..core.parameters import param
from ..core.plan import Chunk, Head, Step, Wait
from ..core.units import Delay
from ..core.units import delay as read_delay
from ._base import Fault

if TYPE_CHECKING:
    from ..core.call import Call, Target
    from ..core.draw import Draw
    from ..core.plan import Plan, StepMap

__all__ = ["Latency"]


@dataclass(frozen=True)
class Latency(Fault):
    """The answer starts after `delay`; a stream's first event and the gaps after it can have delays of their
    own.

    Args:
        delay: time before status and headers arrive: a duration, or a distribution. It may be 0 where one of the others
            is not.
        first_token: streams only: time between the headers and the first event.
        between_tokens: streams only: time before each further event.
    """

    name = "latency"
    kind = "latency"

    delay: Delay = param(read_delay)
    first_token: Delay | None = param(read_delay, default=None)
    between_tokens: Delay | None = param(read_delay, default=None)

    def idle(self, target: Target) -> ParameterError | None:
        """Nothing comes later without a delay."""
        nothing = all(each is None or each.nothing for each in (self.delay, self.first_token, self.between_tokens))
        return ParameterError("delay", "0s delays nothing") if nothing else None

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Put the waits before the head and between the events."""

        def shaper() -> StepMap:
            rng = draw.part("latency").rng
            events = 0

            def slow(step: Step) -> Iterable[Step]:
                nonlocal events
                wait: Delay | None = None
                if isinstance(step, Head):
                    wait = self.delay
                elif isinstance(step, Chunk) and step.event:
                    wait = self.between_tokens if events else self.first_token
                    events += 1
                return (step,) if wait is None else (Wait(wait.sample(rng, draw.into, draw.lasts)), step)

            return slow

        return plan.shaped(shaper)
