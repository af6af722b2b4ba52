"""The frames of the other threads."""

from __future__ import annotations

import _thread
import gc
import sys
from types import FrameType

__all__ = ["others"]


def others() -> dict[int, FrameType]:
    """Return what each other thread does now, by its ident.

    The caller's own frames would hold what they look at, and that them: what all these threads work on would then live
    until the next collection. Where a buffer of it was lent out, that raises a BufferError in Python 3.13.0 and ends
    the interpreter in 3.12.1.

    Before Python 3.12 `sys._current_frames` may collect garbage with the interpreter's own lock held, and then waits
    for ever for a thread that begins or ends (cpython#106883; seen with 3.11.7).
    """
    enabled = gc.isenabled()
    try:
        gc.disable()
        frames = sys._current_frames()
        frames.pop(_thread.get_ident(), None)
        return frames
    finally:
        if enabled:
            gc.enable()
