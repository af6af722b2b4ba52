"""Virtual times in assertions: a busy machine adds the real time that a test takes itself, no more. Costs, counted."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from pytest_llmchaos.clock import realtime

_began = 0.0


def begin() -> None:
    """A test begins now."""
    global _began
    _began = realtime.monotonic()


def about(expected: float | Sequence[float], within: float) -> Any:
    """Compare equal to times in seconds that differ by `within`, or are later by what the test took so far."""
    slack = within + (realtime.monotonic() - _began)
    if isinstance(expected, int | float):
        return pytest.approx(expected + (slack - within) / 2, abs=(slack + within) / 2)
    return pytest.approx([each + (slack - within) / 2 for each in expected], abs=(slack + within) / 2)


def calls(work: Callable[[], object]) -> int:
    """Count the calls of functions that some work takes on its own thread: its cost, the same on every machine."""
    count = 0

    def seen(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(seen)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count
