"""Virtual time in synchronous and threaded code."""

from __future__ import annotations

import concurrent.futures as cf
import datetime as dt
import math
import queue
import signal
import socket
import threading
import time
from datetime import date, datetime
from time import monotonic, perf_counter, sleep

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_llmchaos.clock import AppHung, VirtualClock, _engine, _watch, realtime

from .. import timing

CLOCKS = {
    "time": time.time,
    "monotonic": time.monotonic,
    "perf_counter": time.perf_counter,
    "time_ns": lambda: time.time_ns() / 1e9,
    "monotonic_ns": lambda: time.monotonic_ns() / 1e9,
    "perf_counter_ns": lambda: time.perf_counter_ns() / 1e9,
    "datetime.now": lambda: datetime.now().timestamp(),
    "datetime.now(utc)": lambda: datetime.now(dt.UTC).timestamp(),
    "datetime.utcnow": lambda: datetime.fromtimestamp(time.mktime(time.localtime())).timestamp(),
    "datetime.today": lambda: datetime.today().timestamp(),
    "gmtime": lambda: float(__import__("calendar").timegm(time.gmtime())),
    "strftime": lambda: float(time.strftime("%s")),
}


@pytest.mark.parametrize("name", [*CLOCKS])
def test_every_clock_shows_the_virtual_time(clock, name):
    """Each clock of the standard library has moved by what the app slept."""
    look = {"monotonic": lambda: monotonic(), "perf_counter": lambda: perf_counter()}.get(name, CLOCKS[name])
    before = look()
    time.sleep(100)
    assert look() - before == pytest.approx(100, abs=1.5)


def test_dates_move(clock):
    """Two virtual days later it is the day after tomorrow, in local and in universal time."""
    day, universal = date.today(), datetime.now(dt.UTC)
    time.sleep(2 * 86400)
    assert date.today() - day == dt.timedelta(days=2)
    assert abs(datetime.now(dt.UTC) - universal - dt.timedelta(days=2)) < dt.timedelta(seconds=5)
    assert abs(datetime.now() - datetime.now(dt.UTC).astimezone().replace(tzinfo=None)) < dt.timedelta(seconds=5)


def test_names_imported_earlier_follow(clock, real_seconds):
    """`from time import sleep` in a module that was loaded before the clock started sleeps virtually."""
    start = monotonic()
    sleep(3600)
    assert 3600 <= monotonic() - start < 3601
    assert real_seconds() < 10


def _event(seconds):
    assert not threading.Event().wait(seconds)


def _condition(seconds):
    with (condition := threading.Condition()):
        assert not condition.wait(seconds)


def _wait_for(seconds):
    with (condition := threading.Condition()):
        assert not condition.wait_for(lambda: False, seconds)


def _semaphore(seconds):
    assert not threading.Semaphore(0).acquire(timeout=seconds)


def _barrier(seconds):
    with pytest.raises(threading.BrokenBarrierError):
        threading.Barrier(2).wait(seconds)


def _queue(seconds):
    with pytest.raises(queue.Empty):
        queue.Queue().get(timeout=seconds)


def _future(seconds):
    with pytest.raises(cf.TimeoutError):
        cf.Future().result(seconds)


def _futures(seconds):
    assert not cf.wait([cf.Future()], seconds).done


def _join(seconds):
    gate = threading.Event()
    thread = threading.Thread(target=gate.wait)
    thread.start()
    thread.join(seconds)
    assert thread.is_alive()
    gate.set()
    thread.join()
    assert not thread.is_alive()


def _timer(seconds):
    rang = threading.Event()
    timer = threading.Timer(seconds, rang.set)
    timer.start()
    assert rang.wait()
    timer.join()


@pytest.mark.parametrize(
    "wait",
    [
        lambda seconds: time.sleep(seconds),
        _event,
        _condition,
        _wait_for,
        _semaphore,
        _barrier,
        _queue,
        _future,
        _futures,
        _join,
        _timer,
    ],
)
def test_waits_pass_in_virtual_time(clock, real_seconds, wait):
    """Every wait of the standard library with a time-out takes exactly that, and no real time."""
    start = time.monotonic()
    wait(500)
    assert 500 <= time.monotonic() - start < 502
    assert real_seconds() < 20


def test_zero_and_negative(clock):
    """sleep(0) yields, a negative sleep is the error that it always was, and a wait of 0 only looks."""
    start = clock.now()
    time.sleep(0)
    clock.sleep(-1)
    with pytest.raises(ValueError, match="non-negative"):
        time.sleep(-1)
    assert not threading.Event().wait(0)
    assert not threading.Event().wait(-5)
    assert clock.now() - start < 5


def test_a_notified_waiter_does_not_wait(clock):
    """A wait with a time-out ends when its event comes, not at its deadline."""
    gate = threading.Event()
    setter = threading.Thread(target=lambda: (time.sleep(2), gate.set()))
    start = time.monotonic()
    setter.start()
    assert gate.wait(60)
    assert 2 <= time.monotonic() - start < 3
    setter.join()


def test_no_notification_is_lost(clock):
    """Each notify(1) reaches one consumer, while other consumers time out all the time."""
    items: queue.Queue[int] = queue.Queue()
    got: list[int] = []

    def consume() -> None:
        while True:
            try:
                item = items.get(timeout=0.7)
            except queue.Empty:
                continue
            if item < 0:
                return
            got.append(item)

    consumers = [threading.Thread(target=consume) for _ in range(3)]
    for consumer in consumers:
        consumer.start()
    for number in range(50):
        time.sleep(0.35)
        items.put(number)
    for _ in consumers:
        items.put(-1)
    for consumer in consumers:
        consumer.join()
    assert sorted(got) == list(range(50))


def test_hedged_threads_never_wrong(clock):
    """Of three threads that answer at 20, 3 and 11 s the 3 s one wins, a hundred times."""
    wrong = []
    with cf.ThreadPoolExecutor(3) as pool:
        for _ in range(100):
            start = time.monotonic()
            futures = [pool.submit(lambda s=s: (time.sleep(s), s)[1]) for s in (20, 3, 11)]
            done, _ = cf.wait(futures, return_when=cf.FIRST_COMPLETED)
            first = time.monotonic() - start
            cf.wait(futures)
            seen = [future.result() for future in done], first, time.monotonic() - start
            if seen[0] != [3] or not 3 <= seen[1] < 4 or not 20 <= seen[2] < 21:
                wrong.append(seen)
    assert wrong == []


def test_a_computing_thread_is_waited_for(clock):
    """While a worker computes, virtual time does not run away from it."""

    def compute() -> str:
        end = realtime.monotonic() + 0.05
        while realtime.monotonic() < end:
            sum(range(100))
        return "done"

    with cf.ThreadPoolExecutor(1) as pool:
        assert pool.submit(compute).result(timeout=5) == "done"


def test_polling_makes_progress(clock, real_seconds):
    """A loop that polls a deadline with short sleeps gets through an hour quickly."""
    end = time.monotonic() + 3600
    while time.monotonic() < end:
        time.sleep(10)
    assert real_seconds() < 20


def test_an_idle_server_thread_does_not_slow_every_jump(clock, real_seconds):
    """A thread that sits in `accept` gets its grace once, not at each poll."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=lambda: server.accept()[0].close())
        thread.start()
        for _ in range(100):
            time.sleep(60)
        assert real_seconds() < 15
        socket.create_connection(server.getsockname()).close()
        thread.join()


def test_spinning_goes_on_in_real_time(clock):
    """A loop that only looks at the clock ends, in real time."""
    end = time.monotonic() + 0.01
    while time.monotonic() < end:
        pass


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 1000), min_size=1, max_size=6, unique=True))
def test_sleeping_threads_wake_in_order(clock, durations):
    """Whatever threads sleep, they wake in the order of their deadlines, each at its own."""
    woke: list[tuple[int, float]] = []
    start = time.monotonic()
    threads = [
        threading.Thread(
            target=lambda s=s: (
                time.sleep(start + s - time.monotonic()),
                woke.append((s, time.monotonic() - start)),
            )
        )
        for s in durations
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [s for s, _ in woke] == sorted(durations)
    assert all(s <= at < s + 0.9 for s, at in woke)


def test_advance_moves_the_clock_and_wakes(clock):
    """advance() jumps at once; a thread that becomes due wakes."""
    woke = threading.Event()
    gate = threading.Lock()
    thread = threading.Thread(target=lambda: (clock.sleep(1000), woke.set()))
    start = time.monotonic()
    with gate:
        thread.start()
        clock.advance(1860)
    assert 1860 <= time.monotonic() - start < 2900
    assert woke.wait(5000)
    thread.join()
    with pytest.raises(ValueError, match="-1"):
        clock.advance(-1)


def test_advance_needs_a_started_clock():
    """A clock that is not started has nothing to move."""
    with pytest.raises(RuntimeError, match="not started"):
        VirtualClock().advance(1)


class Interrupted(Exception):
    pass


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="needs POSIX timers")
@pytest.mark.parametrize("wait", [lambda clock: clock.sleep(math.inf), lambda clock: threading.Event().wait()])
def test_a_signal_ends_a_wait_and_leaves_nothing_behind(clock, wait):
    """An exception out of a signal handler (Ctrl-C, pytest-timeout) passes through a wait."""

    def handler(*args: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(Interrupted):
            wait(clock)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert not _engine.engine.waits()


def test_a_wait_for_ever_is_a_hang(clock, hangs, real_seconds):
    """Event.wait() that nobody can end raises AppHung with the place, and reports it first."""
    with pytest.raises(AppHung, match=r"^the app is hung.*(?s:.*)test_clock_sync\.py:\d+ .*Event\.wait"):
        threading.Event().wait()
    assert len(hangs) == 1
    assert not _engine.engine.waits()
    assert real_seconds() < 20


def test_a_hang_reaches_every_thread_of_the_test(clock, hangs):
    """Threads that the test started end with AppHung too, so that nobody waits for them at exit."""
    seen: list[str] = []

    def stuck() -> None:
        try:
            clock.sleep(math.inf)
        except AppHung as error:
            seen.append(str(error))

    threads = [threading.Thread(target=stuck, name=f"stuck-{n}") for n in range(2)]
    for thread in threads:
        thread.start()
    with pytest.raises(AppHung):
        threads[0].join()
    for thread in threads:
        thread.join()
    assert len(seen) == 2
    assert "stuck-0" in hangs[0]
    assert "stuck-1" in hangs[0]


def test_idle_pool_threads_do_not_hide_a_hang(clock):
    """Idle workers of a pool wait for ever too, but for work."""
    with cf.ThreadPoolExecutor(2) as pool:
        pool.submit(int).result()
        with pytest.raises(AppHung):
            cf.Future().result()


def test_a_waiting_tool_thread_is_left_alone(clock):
    """A thread that the test did not start, and that waits for ever, is no hang while the test goes on."""
    gate = threading.Event()
    ended: list[str] = []
    thread = threading.Thread(target=lambda: (gate.wait(), ended.append("ok")))
    thread.start()
    for _ in range(100):
        time.sleep(10)
    realtime.sleep(_watch.HUNG_AFTER + 0.2)
    gate.set()
    thread.join()
    assert ended == ["ok"]


def test_a_pytest_timeout_timer_keeps_real_time(clock):
    """The timer of pytest-timeout's thread method neither rings early nor blocks virtual time."""
    rang: list[float] = []

    def alarm() -> None:
        rang.append(1)

    alarm.__module__ = "pytest_timeout"
    timer = threading.Timer(0.3, alarm)
    timer.start()
    time.sleep(10_000)
    assert rang == []
    timer.cancel()
    timer.join()
    timer = threading.Timer(0.05, alarm)
    timer.start()
    timer.join()
    assert rang == [1]


def test_cost_of_a_lone_sleep(clock):
    """A sleep costs a bounded number of calls."""

    def sleep() -> None:
        for _ in range(100):
            time.sleep(20)

    assert timing.calls(sleep) < 100 * 2_000


@pytest.mark.parametrize("lock", [_engine.engine.lock, _engine.engine.time._lock])
def test_a_finalizer_may_wait_in_the_middle_of_our_own_work(clock, lock):
    """The collector comes at any moment; grpc's asyncio channels join their thread when they go."""
    go, gone = threading.Event(), threading.Event()

    def work() -> None:
        go.wait()
        time.monotonic()

    thread = threading.Thread(target=work)
    thread.start()
    with lock:
        go.set()
        if lock is _engine.engine.lock:
            thread.join()
        time.sleep(0.001)
        assert not gone.wait(0.001)
    thread.join()
