"""A stream shows signs of life and says nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..core.errors import ParameterError, shown
from ..core.parameters import param
from ..core.plan import Chunk, Step, Wait
from ..core.units import Delay, duration
from ..core.units import delay as read_delay
from ._stream import StreamFault

if TYPE_CHECKING:
    from ..core.call import Call, Target
    from ..core.draw import Draw

__all__ = ["StreamHeartbeats"]

_SHORTEST = 0.1  # seconds; thousands of heartbeats would show no more


def _interval(value: Any) -> float:
    seconds = duration(value)
    if seconds < _SHORTEST:
        raise ValueError(f"{shown(value)} is too short: heartbeats come {_SHORTEST:g} s apart at least")
    return seconds


@dataclass(frozen=True)
class StreamHeartbeats(StreamFault):
    """Midway the stream carries nothing but heartbeats, then goes on where it was.

    A read timeout counts from byte to byte, so it never strikes, and SDKs show the app no heartbeat: only a limit on
    the time between two events of the answer, or on the whole, helps. Heartbeats are the provider's own: Anthropic's
    `ping` event, the comments of OpenRouter and DeepSeek; where none is known, the SSE comment `: keep-alive`. Bedrock
    and Ollama's own API have nothing of the kind.

    Args:
        after: number of events that arrive before; 0 for none. A shorter stream has them just before its terminator.
        delay: how long that lasts: a duration, or a distribution.
        every: time from one heartbeat to the next, a duration of at least 100 ms.
    """

    name = "stream_heartbeats"
    kind = "stream"

    delay: Delay = param(read_delay, default="10m")
    every: float = param(_interval, default="15s", shape={"$ref": "#/definitions/duration"})

    def idle(self, target: Target) -> ParameterError | None:
        """No heartbeat comes in no time."""
        return ParameterError("delay", "0s has room for no heartbeat") if self.delay.nothing else None

    def strike(self, call: Call, draw: Draw) -> tuple[Step, ...]:
        """Send heartbeats for that long.

        Raises:
            FaultUnfit: the provider's streams have no heartbeat.
        """
        beat = call.speaks.heartbeat(call)
        seconds = self.delay.sample(draw.part(self.name).rng)
        steps: list[Step] = []
        for _ in range(int(seconds / self.every)):
            steps += (Wait(self.every), Chunk(beat, event=not beat.startswith(b":")))
        return (*steps, Wait(max(seconds - int(seconds / self.every) * self.every, 0.0)))
