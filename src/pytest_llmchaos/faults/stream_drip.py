"""A stream comes a few bytes at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.parameters import natural, param
from ..core.units import duration
from ._base import Fault
from ._pieces import in_pieces

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["StreamDrip"]


@dataclass(frozen=True)
class StreamDrip(Fault):
    """The body of a stream drips: a few bytes, a pause, a few bytes. Each restarts the client's read timeout, so only
    a limit on the whole ends it. For whole events that come slowly there is `latency(between_tokens=)`.

    Args:
        chunk: number of bytes that come at once. Each drop is a wait, so a long answer byte by byte takes seconds to
            simulate.
        every: time from one to the next, a duration.
    """

    name = "stream_drip"
    kind = "stream"
    streams_only = True

    chunk: int = natural("0 is not a number of bytes, one or more", default=16)
    every: float = param(duration, default="1s")

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Cut the body into drops."""
        size = self.chunk
        return plan.shaped(
            lambda: in_pieces(lambda data: (data[at : at + size] for at in range(0, len(data), size)), self.every)
        )
