"""Time stands still while anybody computes, and what a slow machine does to it: nothing."""

from __future__ import annotations

import functools
import gc
import random
import signal
import sys
import threading
import time
from datetime import datetime
from types import ModuleType

import pytest

from pytest_llmchaos import faults, inject
from pytest_llmchaos.clock import VirtualClock, _copies, _time, realtime


def compute(seconds: float) -> None:
    """Use that much processor time."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(100))


def test_computing_costs_no_time(clock):
    """An app that computes finds its clocks where they were, but for a microsecond a reading."""
    look = (time.monotonic, time.perf_counter, time.time, lambda: datetime.now().timestamp())
    before = [each() for each in look]
    compute(0.05)
    assert [each() for each in look] == pytest.approx(before, abs=1e-4)


def test_each_reading_is_later(clock):
    """No elapsed time is zero."""
    seen = [time.monotonic_ns() for _ in range(100)]
    assert seen == sorted(set(seen))
    assert seen[-1] - seen[0] == 99 * _time.TICK


@pytest.mark.parametrize("seconds", [0.05, 30, 3600])
def test_who_spins_on_a_clock_gets_on(clock, seconds):
    """A loop that only looks at the clock comes to its deadline, and hardly beyond."""
    start = time.monotonic()
    while time.monotonic() < start + seconds:
        pass
    assert seconds <= time.monotonic() - start < seconds * 1.01


def test_clocks_go_on_from_run_to_run():
    """The next run begins where the last one came to, or later; the wall clock begins anew."""
    clock = VirtualClock()
    clock.start()
    clock.advance(7200)
    ended = time.monotonic(), time.perf_counter()
    clock.stop()
    assert abs(time.monotonic() - realtime.monotonic()) < 60
    clock.start()
    try:
        assert (time.monotonic(), time.perf_counter()) > ended
        assert abs(time.time() - datetime.now().timestamp()) < 1
        assert time.time() < time.monotonic() + 1e12
    finally:
        clock.stop()


def test_the_same_times_however_slow_the_machine(monkeypatch):
    """On a machine whose real clock leaps by seconds at each look, each try comes at the same time as on another."""
    httpx = pytest.importorskip("httpx")

    def tries() -> list[float]:
        with inject(faults.latency("100ms"), faults.outage(calls="1-2"), checks=[]) as chaos, httpx.Client() as client:
            for _ in range(3):
                client.post("https://api.openai.com/v1/responses", json={"model": "gpt-5", "input": "hi"})
                time.sleep(1)
        return [round(moment, 3) for call in chaos.calls for moment in (call.started, call.ended or 0.0)]

    quick = tries()
    leap = 0

    def slow() -> int:
        nonlocal leap
        leap += 3_000_000_000
        return time.clock_gettime_ns(time.CLOCK_MONOTONIC) + leap

    monkeypatch.setattr(realtime, "monotonic_ns", slow)
    assert quick == tries() == [0, 0.1, 1.1, 1.2, 2.2, 2.3]


# --- alarms -----------------------------------------------------------------------------------------------------------


class Late(Exception):
    pass


@pytest.fixture
def struck():
    """Make SIGALRM raise `Late`."""

    def strike(*what: object) -> None:
        raise Late

    before = signal.signal(signal.SIGALRM, strike)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize(
    "wait", [lambda: time.sleep(20), lambda: threading.Event().wait(20), lambda: threading.Event().wait()]
)
def test_an_alarm_strikes_in_virtual_time(struck, clock, wait):
    """`signal.alarm` ends a longer wait at its second, and one for ever."""
    start = time.monotonic()
    signal.alarm(2)
    with pytest.raises(Late):
        wait()
    assert time.monotonic() - start == pytest.approx(2, abs=0.01)


def test_a_timer_repeats_and_can_be_asked_and_ended(struck, clock):
    """`setitimer` has an interval, and tells what was left."""
    assert signal.setitimer(signal.ITIMER_REAL, 5, 3) == (0, 0)
    assert signal.getitimer(signal.ITIMER_REAL) == pytest.approx((5, 3), abs=0.01)
    start = time.monotonic()
    for _ in range(2):
        with pytest.raises(Late):
            time.sleep(60)
    assert time.monotonic() - start == pytest.approx(8, abs=0.01)
    assert signal.setitimer(signal.ITIMER_REAL, 0)[1] == 3
    time.sleep(60)


def test_what_is_left_of_an_alarm_goes_on_in_real_time(struck):
    """An alarm that is pending when the clock stops is a real one."""
    clock = VirtualClock()
    clock.start()
    signal.setitimer(signal.ITIMER_REAL, 300)
    time.sleep(100)
    clock.stop()
    assert 100 < signal.getitimer(signal.ITIMER_REAL)[0] <= 200


# --- copies -----------------------------------------------------------------------------------------------------------


def default(seconds: float, sleep=time.sleep, *, clock=time.monotonic) -> float:
    """Keeps both in its defaults."""
    start = clock()
    sleep(seconds)
    return clock() - start


class Holder:
    """Keeps both in its namespace, and one in each object."""

    nap = time.sleep
    clock = staticmethod(time.monotonic)

    def __init__(self) -> None:
        self.rest = time.sleep


def closure():
    """Keep both in a closure."""
    sleep, clock = time.sleep, time.monotonic
    return lambda seconds: (clock(), sleep(seconds), clock())


def test_copies_taken_earlier_follow_and_come_back():
    """Defaults, classes, objects, closures, `partial` and tables of functions live on virtual time while it lasts."""
    holder, inner, table = Holder(), closure(), {"sleep": time.sleep}
    partial = functools.partial(time.sleep, 40)
    clock = VirtualClock()
    clock.start()
    try:
        assert default(10) == pytest.approx(10, abs=0.01)
        start = holder.clock()
        Holder.nap(20)
        holder.rest(30)
        partial()
        table["sleep"](50)
        assert holder.clock() - start == pytest.approx(140, abs=0.01)
        before, _, after = inner(60)
        assert after - before == pytest.approx(60, abs=0.01)
    finally:
        clock.stop()
    copies = (default.__defaults__[0], Holder.__dict__["nap"], holder.rest, partial.func, table["sleep"])
    assert all(each is realtime.sleep for each in copies)
    assert default.__kwdefaults__["clock"] is Holder.__dict__["clock"].__func__ is realtime.monotonic


def test_a_copy_is_seen_though_as_many_have_gone():
    """Each test makes its own object, and the last test's is gone: the number of copies is what it was."""
    clock = VirtualClock()
    for _ in range(3):
        holder = Holder()
        clock.start()
        followed = holder.rest is time.sleep
        clock.stop()
        assert followed
        assert holder.rest is realtime.sleep
        del holder


def test_a_second_copy_beside_a_first_is_seen():
    """A table, an object or defaults in which one copy is known may get another."""
    holder, table = Holder(), {"sleep": time.sleep}

    def nap(first=time.sleep, second=None):
        return second

    clock = VirtualClock()
    clock.start()
    clock.stop()
    holder.nap = table["nap"] = Holder.second = time.sleep
    nap.__defaults__ = (*nap.__defaults__[:1], time.sleep)
    clock.start()
    copies = [holder.rest, holder.nap, table["sleep"], table["nap"], Holder.nap, Holder.second, nap()]
    followed = [each is time.sleep for each in copies]
    clock.stop()
    del Holder.second
    assert all(followed)
    assert holder.nap is table["nap"] is nap() is realtime.sleep


def test_a_new_copy_is_looked_for_alone(monkeypatch):
    """A client that is made anew for each test costs one look at the heap, for the one function that it has taken."""
    asked = []
    clock = VirtualClock()
    kept = Holder(), functools.partial(time.monotonic)
    clock.start()
    clock.stop()
    find = _copies.Copies._find
    monkeypatch.setattr(_copies.Copies, "_find", lambda self, what: asked.extend(map(str, what)) or find(self, what))
    fresh = Holder()
    clock.start()
    followed = fresh.rest is time.sleep
    clock.stop()
    assert followed
    assert set(asked) <= {"<built-in function sleep>"}  # none where something else has had it looked for already
    assert kept[0].rest is realtime.sleep


def test_a_frozen_copy_follows():
    """Servers and test suites call `gc.freeze` to spare the collector what stays; what is frozen has no referrers."""
    holder = Holder()
    gc.freeze()
    clock = VirtualClock()
    clock.start()
    followed = holder.rest is time.sleep
    clock.stop()
    assert followed
    assert gc.get_freeze_count() > 0


def test_a_module_with_two_names_hides_no_copy(monkeypatch):
    """`requests.packages` is such a one: its names are counted once."""
    clock = VirtualClock()
    clock.start()
    clock.stop()
    module = ModuleType("naps")
    for name in "abcdefgh":
        setattr(module, name, time.sleep)
    monkeypatch.setitem(sys.modules, "naps", module)
    monkeypatch.setitem(sys.modules, "naps_again", module)
    table = {"sleep": time.sleep}
    clock.start()
    followed = table["sleep"] is time.sleep
    clock.stop()
    assert followed


# --- chance -----------------------------------------------------------------------------------------------------------


def test_the_sdks_dice_are_seeded_and_given_back():
    """Within a run `random` depends on the run's seed alone; afterwards it goes on as if there had been none."""

    def drawn(seed: int) -> float:
        with inject(seed=seed):
            return random.random()

    state = random.getstate()
    assert drawn(1) == drawn(1) != drawn(2)
    assert random.getstate() == state
