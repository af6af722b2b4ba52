"""The frames of all threads."""

from __future__ import annotations

import gc
import sys
from types import FrameType

__all__ = ["current"]


def current() -> dict[int, FrameType]:
    """Return what each thread does now, by its ident.

    Before Python 3.12 `sys._current_frames` may collect garbage with the interpreter's own lock held, and then waits
    for ever for a thread that begins or ends (cpython#106883; seen with 3.11.7).
    """
    enabled = gc.isenabled()
    try:
        gc.disable()
        return sys._current_frames()
    finally:
        if enabled:
            gc.enable()
