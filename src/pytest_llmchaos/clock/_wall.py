"""The wall clock: `time.time`, `datetime.now`, `date.today`, `time.localtime` and their like.

They are builtins that code has copied everywhere, so they are moved where they live, in C, by time-machine.
"""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING, Any

from .errors import ClockUnsupported
from .realtime import NS

if TYPE_CHECKING:
    from ._time import VirtualTime


class Wall:
    """Keeps the app's wall clock on virtual time, between `start` and `stop`."""

    def __init__(self, time: VirtualTime) -> None:
        self.time = time
        self._traveller: Any = None
        self._place: int | None = None

    def start(self) -> None:
        """Begin at the present wall time."""
        import time_machine

        if "freezegun" in sys.modules and dt.datetime.__name__ == "FakeDatetime":
            raise ClockUnsupported(
                "freezegun is active, and two tools cannot move the same clock: "
                'start it inside the chaos run, or use clock="real"'
            )
        self._place = len(time_machine.traveller_stack)  # an interrupt may come at any moment from here on
        traveller: Any = time_machine.travel(dt.timedelta(0), tick=False).start()
        traveller.llmchaos_time, traveller.llmchaos_began = self.time, self.time.now()
        traveller.__class__ = _virtual()
        self._traveller = traveller

    def set(self, epoch_ns: int) -> None:
        """Let it tell this time now."""
        traveller = self._traveller
        traveller._destination_timestamp_ns = epoch_ns - (self.time.now() - traveller.llmchaos_began)

    def shift_others(self, ns: int) -> None:
        """Move any ticking `time_machine.travel` that the test itself has on top of ours along with a jump."""
        import time_machine

        stack = time_machine.traveller_stack
        if self._traveller is not stack[-1] and self._traveller in stack:
            for traveller in stack[stack.index(self._traveller) + 1 :]:
                if traveller._tick:  # one that stands still (tick=False) was asked to
                    traveller.shift(ns / NS)

    def stop(self) -> None:
        """Give the wall clock back, also when the test has left travels of its own open."""
        machine = sys.modules.get("time_machine")
        if machine is None:
            return
        stack, place, ours = machine.traveller_stack, self._place, self._traveller
        # Forgotten last: whoever was interrupted here comes again.
        if place is not None and place < len(stack) and ours in (None, stack[place]):
            if place == len(stack) - 1:
                machine.travel(0).stop()
            else:  # travel.stop() would end the wrong one
                del stack[place]
        self._place = self._traveller = None


def _virtual() -> type:
    """Return the kind of traveller that goes by virtual time; made when time-machine is first needed."""
    import time_machine

    if _made:
        return _made[0]

    class TravellerOnVirtualTime(time_machine.Traveller):
        """Its destination is the wall time at which virtual time began."""

        llmchaos_time: VirtualTime
        llmchaos_began: int

        def time_ns(self) -> int:
            return self._destination_timestamp_ns + self.llmchaos_time.read() - self.llmchaos_began

    _made.append(TravellerOnVirtualTime)
    return TravellerOnVirtualTime


_made: list[type] = []
