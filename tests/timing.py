"""Virtual times in assertions: a busy machine adds the real time that a test itself takes, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from pytest_llmchaos.clock import _realtime

_began = 0.0


def begin() -> None:
    """A test begins now."""
    global _began
    _began = _realtime.monotonic()


def about(expected: float | Sequence[float], within: float) -> Any:
    """Compare equal to times in seconds that differ by `within`, or are later by what the test took so far."""
    slack = within + (_realtime.monotonic() - _began)
    if isinstance(expected, int | float):
        return pytest.approx(expected + (slack - within) / 2, abs=(slack + within) / 2)
    return pytest.approx([each + (slack - within) / 2 for each in expected], abs=(slack + within) / 2)
