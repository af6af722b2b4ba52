"""The provider reports a failure within a started stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.plan import Chunk, End, Step
from ._stream import StreamFault

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw

__all__ = ["StreamError"]


@dataclass(frozen=True)
class StreamError(StreamFault):
    """The status was 200, then an error event comes in the stream and the stream ends.

    SDKs raise (openai 3: APIError; anthropic 2: APIStatusError with status 200) and retry nothing: their
    retries cover only the start of a request (anthropics/anthropic-sdk-python#688).

    Args:
        after: number of events that arrive before; 0 for none. A shorter stream gets it in place of its
        terminator.
    """

    name = "stream_error"
    kind = "stream"

    def strike(self, call: Call, draw: Draw) -> tuple[Step, ...]:
        """Send the provider's in-band error event and end."""
        event = call.speaks.stream_error(call, draw.part(self.name))
        return (Chunk(event, event=True, error=self.name), End(error=self.name))
