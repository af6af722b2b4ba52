"""What the tests of the clock share. Loops must not hang: each test has a real-time alarm of its own."""

from __future__ import annotations

import faulthandler
from collections.abc import Iterator

import pytest

from pytest_llmchaos.clock import VirtualClock, realtime


@pytest.fixture(autouse=True)
def _no_hang() -> Iterator[None]:
    """Dump all stacks and end the process when a test of the clock hangs for two real minutes."""
    faulthandler.dump_traceback_later(120, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture
def hangs() -> list[str]:
    """Collect what the clock reports as hung."""
    return []


@pytest.fixture
def clock(hangs: list[str]) -> Iterator[VirtualClock]:
    """Give a started virtual clock."""
    clock = VirtualClock(on_hung=hangs.append)
    clock.start()
    yield clock
    clock.stop()


@pytest.fixture
def real_seconds():
    """Give a function that tells how long the test has run for real."""
    start = realtime.monotonic()
    return lambda: realtime.monotonic() - start
