"""Virtual time beside a thread that computes: waited for where somebody may need it, passed by where it never rests."""

from __future__ import annotations

import asyncio
import concurrent.futures as cf
import math
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from pytest_llmchaos import Chaos, ClockHeld, faults, inject
from pytest_llmchaos.clock import VirtualClock, _outside, _watch

pytestmark = pytest.mark.skipif(not _outside.TELLS, reason="only Linux tells how much each thread computes")


@pytest.fixture
def over() -> Iterator[threading.Event]:
    """Tell threads to end, at the end of the test at the latest."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread that nobody can need holds nothing back; any other does for ever."""
    monkeypatch.setattr(_watch, "HASTE", 0)
    monkeypatch.setattr(_watch, "TIRELESS", math.inf)


def start(work: Callable[[], object], name: str = "busy") -> threading.Thread:
    """Start a thread, and return once it is at work."""
    at_work = threading.Event()
    thread = threading.Thread(target=lambda: (at_work.set(), work()), name=name)
    thread.start()
    at_work.wait()
    return thread


def compute(rounds: int = 3000) -> None:
    """Take some dozens of milliseconds of a processor, whatever the clocks say."""
    for _ in range(rounds):
        sum(range(1000))


def spin(over: threading.Event) -> None:
    """Gather metrics without rest."""
    while not over.is_set():
        sum(range(1000))


def test_a_thread_that_never_rests_is_waited_for_once(over, monkeypatch):
    """One that began in the run holds time back for a while, and then no more; the run tells which, and where it is."""
    monkeypatch.setattr(_watch, "TIRELESS", 0.1)
    clock = VirtualClock()
    clock.start()
    thread = start(lambda: spin(over), "bar")
    for _ in range(3):
        time.sleep(1000)
    with pytest.warns(
        ClockHeld, match=r"^thread 'bar' \(at .*test_clock_busy\.py:\d+ spin\(\).*\) never rests"
    ) as told:
        clock.stop()
    assert len(told) == 1
    over.set()
    thread.join()


@pytest.mark.usefixtures("_no_patience")
def test_sleeps_pass_beside_one_that_never_rested(over):
    """Injected waits and sleeps, in threads and in tasks, though it was at work before the run and still is."""
    httpx = pytest.importorskip("httpx")
    thread = start(lambda: spin(over), "metrics")
    noted: list[Chaos] = []

    def live() -> None:
        with inject(faults.latency("20s"), checks=[]) as run, httpx.Client(timeout=60) as client:
            client.post("https://api.openai.com/v1/responses", json={"model": "gpt-5", "input": "hi"})
            time.sleep(20)
            asyncio.run(asyncio.sleep(20))
            noted.append(run)

    with pytest.warns(ClockHeld, match="'metrics'"):
        live()
    (run,) = noted
    assert run.now == pytest.approx(60, abs=1)
    assert [event.text for event in run.journal.events if "never rests" in event.text]
    over.set()
    thread.join()


@pytest.mark.usefixtures("_no_patience")
def test_a_limit_waits_for_whoever_was_at_work_before():
    """A loader that a fixture has started answers within the limit that the test sets it, however slow the machine."""
    go, ready = threading.Event(), threading.Event()

    def load() -> None:
        while not go.is_set():
            sum(range(1000))
        compute()
        ready.set()

    thread = start(load)
    clock = VirtualClock()
    clock.start()
    began = time.monotonic()
    go.set()
    assert ready.wait(30)
    assert time.monotonic() - began < 1
    clock.stop()
    thread.join()


@pytest.mark.usefixtures("_no_patience")
@pytest.mark.parametrize("pooled", [True, False])
def test_a_sleep_waits_for_work_that_was_handed_over(clock, pooled):
    """Computing takes no time: who computes in this run is done before somebody else's sleep is over."""
    began, done = time.monotonic(), []

    def work() -> None:
        compute()
        done.append(time.monotonic() - began)

    with cf.ThreadPoolExecutor(1) as pool:
        if pooled:
            pool.submit(work)
        else:
            start(work)
        time.sleep(20)
    assert done[0] < 1


@pytest.mark.usefixtures("_no_patience")
def test_a_worker_that_is_older_than_the_run_is_waited_for(over):
    """A pool that is busy with another test's work when the run begins goes on with this one's."""
    with cf.ThreadPoolExecutor(1) as pool:
        at_work = threading.Event()
        pool.submit(lambda: (at_work.set(), spin(over)))
        at_work.wait()
        clock = VirtualClock()
        clock.start()
        began = time.monotonic()
        answer = pool.submit(lambda: (compute(), time.monotonic() - began)[1])
        over.set()
        time.sleep(20)
        assert answer.result() < 1
        clock.stop()
