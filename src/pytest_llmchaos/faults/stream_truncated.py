"""A stream ends in good order, but too early."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.plan import End, Step
from ._stream import StreamFault

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw

__all__ = ["StreamTruncated"]


@dataclass(frozen=True)
class StreamTruncated(StreamFault):
    """The body ends cleanly on the HTTP level, but the provider's own terminator never comes.

    The most silent of all: every SDK ends its iteration normally (measured), so only an app that looks for a
    finish reason notices that it has half an answer.

    Args:
        after: number of events that arrive before; 0 for none. A shorter stream loses only its terminator.
    """

    name = "stream_truncated"
    kind = "stream"

    def strike(self, call: Call, draw: Draw) -> tuple[Step, ...]:
        """End the body."""
        return (End(error="stream_truncated"),)
