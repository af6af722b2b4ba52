"""A stream says something twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.parameters import natural
from ..core.plan import Step
from ._stream import StreamFault

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw

__all__ = ["StreamDuplicate"]


@dataclass(frozen=True)
class StreamDuplicate(StreamFault):
    """One event comes twice in a row, byte for byte, as when a connection is taken up again too early.

    SDKs hand both on. Where they put the answer together, openai 3 and anthropic 2 have the text twice, and openai 3
    breaks over the start of an item of the Responses API that comes again (measured).

    Args:
        after: which event is repeated, counted from 1. Of a shorter stream it is the last before its terminator.
    """

    name = "stream_duplicate"
    kind = "stream"
    again = True

    after: int = natural("0 is not the number of an event, counted from 1", default=1)

    def strike(self, call: Call, draw: Draw) -> tuple[Step, ...]:
        """Add nothing but the event itself."""
        return ()
