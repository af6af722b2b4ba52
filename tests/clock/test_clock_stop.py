"""What becomes of threads that wait as the clock stops."""

from __future__ import annotations

import math
import threading
import time

import pytest

from pytest_llmchaos.clock import _engine


def test_stop_ends_injected_waits_and_keeps_the_apps_own(clock):
    """After stop() an injected wait is over; the app's own sleep goes on in real time for the rest."""
    ready = threading.Barrier(3)
    order: list[str] = []

    def injected() -> None:
        ready.wait()
        clock.sleep(math.inf)
        order.append("injected")

    def own() -> None:
        ready.wait()
        time.sleep(0.5)
        order.append("own")

    threads = [threading.Thread(target=target) for target in (injected, own)]
    for thread in threads:
        thread.start()
    ready.wait()
    clock.stop()
    for thread in threads:
        thread.join(20)
    assert sorted(order) == ["injected", "own"]


@pytest.mark.parametrize("wait", [lambda: time.sleep(0.01), lambda: threading.Event().wait(0.01)])
def test_a_wait_that_begins_as_the_clock_stops_is_no_longer(clock, monkeypatch, wait):
    """Its deadline was reckoned in virtual time, which may be hours ahead."""
    time.sleep(3600)
    real, reckoned = type(_engine.engine).deadline, []

    def deadline(self, seconds):
        found = real(self, seconds)
        if threading.current_thread() is thread:
            reckoned.append(found)
            clock.stop()
        return found

    thread = threading.Thread(target=wait)
    monkeypatch.setattr(type(_engine.engine), "deadline", deadline)
    thread.start()
    thread.join(30)
    assert reckoned
    assert not thread.is_alive()
