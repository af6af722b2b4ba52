"""An interrupt (Ctrl-C, a timeout by signal) at any moment of a run's start or end leaves nothing behind.

Set LLMCHAOS_INTERRUPTS to how many moments are tried.
"""

from __future__ import annotations

import gc
import logging
import os
import random
import selectors
import signal
import socket
import sys
import threading
import time
from typing import Any

import httpx
import pytest
import time_machine

from pytest_llmchaos import faults, inject
from pytest_llmchaos.core import locks
from pytest_llmchaos.intercept import active_runs

HOW_MANY = int(os.environ.get("LLMCHAOS_INTERRUPTS", "60"))


def state() -> list[Any]:
    """Everything that a run replaces, as far as it is easy to see."""
    places: list[tuple[Any, str]] = [
        *((time, name) for name in ("sleep", "monotonic", "perf_counter", "time")),
        (signal, "alarm"),
        (socket, "getaddrinfo"),
        (threading.Thread, "join"),
        (threading.Condition, "wait"),
        (selectors.DefaultSelector, "select"),
        (httpx.HTTPTransport, "handle_request"),
        (logging.Logger, "callHandlers"),
    ]
    return [
        *(getattr(*place) for place in places),
        list(sys.meta_path),
        len(time_machine.traveller_stack),
        random.getstate(),
        [lock for lock in locks._all if (lock._is_owned() if hasattr(lock, "_is_owned") else lock.locked())],
    ]


def block(strike_at: int) -> tuple[int, str]:
    """Run an empty block, interrupted at that moment of the project's own code (0: never).

    A moment is where Python looks for signals: it has entered a function, or one in C has returned. Return how many
    there were, and where it was struck.
    """
    moments, struck = 0, ""

    def profile(frame: Any, event: str, arg: object) -> None:
        nonlocal moments, struck
        if event in ("call", "c_return") and "pytest_llmchaos" in frame.f_code.co_filename:
            moments += 1
            if moments == strike_at:
                struck = f"{frame.f_code.co_filename}:{frame.f_lineno} {event} {arg or frame.f_code.co_name}"
                sys.setprofile(None)
                raise KeyboardInterrupt

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        with inject():
            pass
    except KeyboardInterrupt:
        gc.collect()  # where the interrupt's traceback holds the block in a cycle, the run ends with that
    finally:
        sys.setprofile(before)
    return moments, struck


@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # an interrupt within a `__del__`
def test_an_interrupt_leaves_nothing_behind():
    """After the next block everything is as it was before the first."""
    with inject():
        pass
    moments = range(1, block(0)[0] + 1)
    before = state()
    for moment in random.Random(8).sample(moments, min(HOW_MANY, len(moments))):
        _, struck = block(moment)
        with inject():
            pass
        assert state() == before, f"moment {moment} of {len(moments)}, {struck}"


def test_blocks_in_two_threads_have_their_own_calls():
    """What a thread calls belongs to the run that it has started itself."""
    from pytest_llmchaos import faults

    both, seen = threading.Barrier(2, timeout=60), {}

    def one(fault: Any) -> None:
        with inject(fault, clock="real", checks=[]) as chaos:
            both.wait()
            httpx.post("https://api.openai.com/v1/responses", json={"model": "gpt-5", "input": "hi"})
            both.wait()
        seen[chaos.calls[0].status] = len(chaos.calls)

    threads = [threading.Thread(target=one, args=(fault,)) for fault in (faults.outage(), faults.rate_limit())]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {503: 1, 429: 1}


@pytest.mark.parametrize("ended", [True, False])
def test_the_collector_waits_for_no_lock(ended):
    """It may come in a thread for which another one waits, with the lock of all runs in its hands."""
    block = inject(faults.outage(), allow_unused=True, checks=[])
    chaos = block.__enter__()
    if ended:
        block.__exit__(None, None, None)
    with active_runs._lock:
        collector = threading.Thread(target=block.__del__, daemon=True)
        collector.start()
        collector.join(20)
        assert not collector.is_alive()
    assert chaos.forsaken is not ended
    with inject(faults.outage(), allow_unused=True, checks=[]) as other:
        assert active_runs.active() is other
        assert active_runs._begun == [other]
