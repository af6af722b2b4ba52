"""Threads that take their work from a `queue.SimpleQueue`, whose `get` is C and tells nobody: their frames tell."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

from ..clock import frames, realtime

__all__ = ["on", "settled", "workers"]

_LOOKS = 50
_PAUSE = 0.001


def workers() -> dict[threading.Thread, FrameType | None]:
    """Return the other threads that work so, with the outermost frame of the job at hand, None where they wait."""
    return _jobs(_found())


def settled() -> dict[threading.Thread, FrameType | None]:
    """Return the same as soon as those that wait have taken what is there for them, or after some milliseconds."""
    found = _found()
    for _ in range(_LOOKS):
        if not any(job is None and any(map(queue.SimpleQueue.qsize, queues)) for queues, job in found.values()):
            break
        realtime.sleep(_PAUSE)
        found = _found()
    return _jobs(found)


def _jobs(
    found: dict[threading.Thread, tuple[list[Any], FrameType | None]],
) -> dict[threading.Thread, FrameType | None]:
    return {thread: job for thread, (_, job) in found.items()}


def _found() -> dict[threading.Thread, tuple[list[Any], FrameType | None]]:
    tops = frames.others()
    found: dict[threading.Thread, tuple[list[Any], FrameType | None]] = {}
    for thread in threading.enumerate():
        frame, inner = tops.get(thread.ident or 0), None
        while frame is not None:
            if queues := _taken_from(frame):
                found[thread] = queues, inner
            inner, frame = frame, frame.f_back
    return found


def on(frame: FrameType | None, job: FrameType) -> bool:
    """Tell whether a job is yet under way on a stack, of which `frame` is the innermost."""
    while frame is not None and frame is not job:
        frame = frame.f_back
    return frame is job


def _taken_from(frame: FrameType) -> list[Any]:
    """Return the queues that a function takes from, as it seems."""
    return [each for each in _at_hand(frame) if type(each) is queue.SimpleQueue] if "get" in _names(frame) else []


def _names(frame: FrameType) -> tuple[str, ...]:
    return frame.f_code.co_names


def _at_hand(frame: FrameType) -> Iterator[Any]:
    names = dict(frame.f_locals)
    yield from names.values()
    yield from (frame.f_globals[name] for name in _names(frame) if name in frame.f_globals)
    yield from list(getattr(names.get("self"), "__dict__", {}).values())
