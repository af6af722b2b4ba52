"""The wall clock: `time.time`, `datetime.now`, `date.today`, `time.localtime` and their like.

They are builtins that code has copied everywhere, so they are moved where they live, in C, by time-machine.
"""

from __future__ import annotations

import datetime as dt
import sys
from typing import TYPE_CHECKING

from ._realtime import NS
from .errors import ClockUnsupported

if TYPE_CHECKING:
    import time_machine


class Wall:
    """Keeps the app's wall clock `offset` ahead of the machine's, between `start` and `stop`."""

    def __init__(self) -> None:
        self._travel: time_machine.travel | None = None
        self._traveller: time_machine.Traveller | None = None

    def start(self) -> None:
        """Begin at the present wall time, ticking."""
        import time

        import time_machine

        if "freezegun" in sys.modules and dt.datetime.__name__ == "FakeDatetime":
            raise ClockUnsupported(
                "freezegun is active, and two tools cannot move the same clock: "
                'start it inside the chaos run, or use clock="real"'
            )
        self._travel = time_machine.travel(dt.timedelta(0), tick=True)
        self._traveller = self._travel.start()
        time.time_ns()  # a traveller ticks from the first look

    def shift(self, ns: int) -> None:
        """Move forward, together with any `time_machine.travel` that the test itself has on top of ours."""
        import time_machine

        for traveller in self._ours_and_above(time_machine.traveller_stack):
            if traveller._tick:  # one that stands still (tick=False) was asked to
                traveller.shift(ns / NS)

    def stop(self) -> None:
        """Give the wall clock back, also when the test has left travels of its own open."""
        import time_machine

        travel, traveller, stack = self._travel, self._traveller, time_machine.traveller_stack
        self._travel = self._traveller = None
        if travel is None:
            return
        if traveller in stack[:-1]:  # travel.stop() would end the wrong one
            stack.remove(traveller)
        elif stack:
            travel.stop()

    def _ours_and_above(self, stack: list[time_machine.Traveller]) -> list[time_machine.Traveller]:
        return stack[stack.index(self._traveller) :] if self._traveller in stack else []
