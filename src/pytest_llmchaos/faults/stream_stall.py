"""A stream falls silent midway."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.errors import ParameterError
from ..core.parameters import param
from ..core.plan import Step, Wait
from ..core.units import Delay
from ..core.units import delay as read_delay
from ._stream import StreamFault

if TYPE_CHECKING:
    from ..core.call import Call, Target
    from ..core.draw import Draw

__all__ = ["StreamStall"]


@dataclass(frozen=True)
class StreamStall(StreamFault):
    """Status, headers and some events come, then nothing: the connection stands, no byte arrives.

    A total timeout that ends with the headers does not help (openai/openai-node#1825); only a limit between
    two events does. openai 3 raises APITimeoutError after its read timeout, anthropic 2 lets the HTTP
    library's error through (measured).

    Args:
        after: number of events that arrive before; 0 for none. A shorter stream stalls just before its
        terminator.
        delay: how long the silence lasts before the stream goes on: a duration, or a distribution; None for
        ever.
    """

    name = "stream_stall"
    kind = "stream"

    delay: Delay | None = param(read_delay, default=None)

    def idle(self, target: Target) -> ParameterError | None:
        """Without a delay there is no silence."""
        nothing = self.delay is not None and self.delay.nothing
        return ParameterError("delay", "0s is no silence") if nothing else None

    def strike(self, call: Call, draw: Draw) -> tuple[Step, ...]:
        """Fall silent."""
        return (Wait(math.inf if self.delay is None else self.delay.sample(draw.part(self.name).rng)),)
