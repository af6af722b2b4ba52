"""A stream's connection breaks midway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.plan import Fail, Step
from ._stream import StreamFault

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw

__all__ = ["StreamCut"]


@dataclass(frozen=True)
class StreamCut(StreamFault):
    """The connection is closed in the middle of the body, without its closing chunk; the client gets an
    error.

    No SDK retries it: openai 3 raises APIConnectionError, anthropic 2 lets the HTTP library's own error
    through (measured).

    Args:
        after: number of events that arrive before; 0 for none. A shorter stream is cut just before its
        terminator.
    """

    name = "stream_cut"
    kind = "stream"

    def strike(self, call: Call, draw: Draw) -> tuple[Step, ...]:
        """Cut the connection."""
        return (Fail("stream_cut"),)
