"""Virtual time in event loops, alone and together with threads and real I/O."""

from __future__ import annotations

import asyncio
import contextlib
import math
import selectors
import socket
import threading
import time

import anyio
import anyio.from_thread
import anyio.to_thread
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_llmchaos.clock import AppHung, ClockUnsupported, RealClock, VirtualClock, _engine, _watch, realtime

from .. import timing


def loops():
    """Every selector that this machine has, as the factory of a loop."""
    names = ("EpollSelector", "KqueueSelector", "PollSelector", "SelectSelector")
    return [getattr(selectors, name) for name in names if hasattr(selectors, name)]


@pytest.mark.parametrize("selector", loops())
def test_timeouts_on_every_selector(clock, real_seconds, selector):
    """asyncio.timeout(5) around a 20 s answer raises at 5 s, whatever the loop waits in."""

    async def main() -> float:
        start = time.monotonic()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await clock.asleep(20)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.sleep(30), 7)
        await asyncio.to_thread(time.sleep, 3)
        return time.monotonic() - start

    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector())) as runner:
        assert 15 <= runner.run(main()) < 16
    assert real_seconds() < 20


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tasks=st.lists(st.integers(1, 1000), min_size=1, unique=True, max_size=6), in_threads=st.integers(0, 3))
def test_tasks_and_threads_wake_in_order(clock, tasks, in_threads):
    """Whatever tasks and worker threads sleep, they wake in the order of their deadlines, each at its own."""

    async def main() -> list[tuple[int, float]]:
        woke: list[tuple[int, float]] = []
        start = time.monotonic()

        async def one(seconds: int, thread: bool) -> None:
            rest = start + seconds - time.monotonic()
            await (asyncio.to_thread(time.sleep, rest) if thread else asyncio.sleep(rest))
            woke.append((seconds, time.monotonic() - start))

        await asyncio.gather(*(one(s, n < in_threads) for n, s in enumerate(tasks)))
        return woke

    woke = asyncio.run(main())
    assert [s for s, _ in woke] == sorted(tasks)
    assert all(s - 0.001 <= at < s + 0.9 for s, at in woke)


def test_loops_in_several_threads(clock):
    """Three loops in three threads share one virtual time."""
    order: list[int] = []

    async def nap(seconds: int) -> None:
        await asyncio.sleep(seconds)
        order.append(seconds)

    threads = [threading.Thread(target=lambda s=s: asyncio.run(nap(s))) for s in (5, 1, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert order == [1, 3, 5]


def test_call_soon_threadsafe_wakes_a_loop(clock):
    """A thread that wakes the loop is heard at once, not at the loop's next timer."""

    async def main() -> float:
        loop, woken = asyncio.get_running_loop(), asyncio.Event()
        start = time.monotonic()
        thread = threading.Thread(target=lambda: (time.sleep(2), loop.call_soon_threadsafe(woken.set)))
        thread.start()
        async with asyncio.timeout(60):
            await woken.wait()
        elapsed = time.monotonic() - start
        await asyncio.to_thread(thread.join)
        return elapsed

    assert 2 <= asyncio.run(main()) < 3


def test_a_loop_made_before_and_used_after():
    """A loop that is older than the clock follows it, and its timers keep what remains of them afterwards."""
    clock = VirtualClock()
    with asyncio.Runner() as runner:
        runner.run(asyncio.sleep(0))
        rang = asyncio.Event()
        clock.start()
        try:
            start = time.monotonic()
            runner.run(asyncio.sleep(1000))
            assert 1000 <= time.monotonic() - start < 1001
            runner.get_loop().call_later(0.05, rang.set)
        finally:
            clock.stop()
        start = time.monotonic()
        runner.run(asyncio.wait_for(rang.wait(), 10))
        assert time.monotonic() - start < 10


def test_cancelled_tasks_leave_no_deadline(clock):
    """A cancelled injected wait is gone: nothing jumps to its deadline."""

    async def main() -> float:
        start = time.monotonic()
        task = asyncio.create_task(clock.asleep(1000))
        endless = asyncio.create_task(clock.asleep(math.inf))
        await asyncio.sleep(1)
        task.cancel()
        endless.cancel()
        await asyncio.gather(task, endless, return_exceptions=True)
        await asyncio.sleep(1)
        return time.monotonic() - start

    assert 2 <= asyncio.run(main()) < 3
    assert not _engine.engine.waits()


@pytest.mark.parametrize(
    "endless", [lambda: asyncio.Event().wait(), lambda: asyncio.sleep(math.inf), anyio.sleep_forever]
)
def test_a_loop_that_waits_for_ever_is_a_hang(clock, hangs, endless):
    """A task that nothing can wake raises AppHung out of the loop, naming the task and the line."""

    async def main() -> None:
        await endless()

    with pytest.raises(AppHung, match=r"(?s)the app is hung.*task .*test_clock_async\.py:\d+ .*main\(\)"):
        asyncio.run(main())
    assert hangs


def test_an_injected_endless_wait_can_time_out(clock):
    """asleep(inf) is hit by asyncio.timeout."""

    async def main() -> None:
        async with asyncio.timeout(9):
            await clock.asleep(math.inf)

    start = time.monotonic()
    with pytest.raises(TimeoutError):
        asyncio.run(main())
    assert 9 <= time.monotonic() - start < 10


def test_anyio_on_asyncio(clock):
    """anyio's sleep, time-outs, worker threads and portals live on virtual time."""

    async def main() -> float:
        start = time.monotonic()
        with anyio.move_on_after(5):
            await anyio.sleep(50)
        with pytest.raises(TimeoutError):
            with anyio.fail_after(2):
                await anyio.sleep(50)
        await anyio.to_thread.run_sync(time.sleep, 3)
        await anyio.to_thread.run_sync(lambda: anyio.from_thread.run(anyio.sleep, 4))
        return time.monotonic() - start

    assert 14 <= anyio.run(main) < 15
    with anyio.from_thread.start_blocking_portal() as portal:
        start = time.monotonic()
        portal.call(anyio.sleep, 6)
        assert 6 <= time.monotonic() - start < 7


def test_real_io_is_served(clock):
    """A local server that answers after some real milliseconds is faster than a virtual time-out of
    seconds."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for _ in range(20):
            connection, _address = listener.accept()
            with connection:
                connection.recv(10)
                realtime.sleep(0.003)
                connection.sendall(b"pong")

    server = threading.Thread(target=serve)
    server.start()

    async def ask() -> bytes:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            writer.write(b"ping")
            answer = await reader.read()
            writer.close()
            await writer.wait_closed()
            return answer

    async def main() -> list[bytes]:
        return [await ask() for _ in range(20)]

    with listener:
        assert asyncio.run(main()) == [b"pong"] * 20
        server.join()


def test_silent_io_times_out_virtually(clock, real_seconds):
    """A server that never answers costs the app's time-out in virtual seconds only."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        async def main() -> None:
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            try:
                async with asyncio.timeout(300):
                    await reader.read()
            finally:
                writer.close()

        start = time.monotonic()
        with pytest.raises(TimeoutError):
            asyncio.run(main())
        assert 300 <= time.monotonic() - start < 302
    assert real_seconds() < 20


def test_silent_io_without_timeout_is_a_hang(clock, monkeypatch):
    """With files open a hang is declared too, only later."""
    monkeypatch.setattr(_watch, "HUNG_AFTER", 0.2)
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ours, theirs, pytest.raises(AppHung):
        asyncio.run(_receive(ours))


async def _receive(sock: socket.socket) -> bytes:
    return await asyncio.get_running_loop().sock_recv(sock, 1)


def test_subprocesses_keep_real_time(clock):
    """A child process that needs some real milliseconds does not run into a virtual time-out of seconds."""
    import subprocess
    import sys

    assert subprocess.run([sys.executable, "-c", "print(1)"], timeout=20, capture_output=True).stdout.strip() == b"1"


def test_uvloop_is_refused(clock):
    """On uvloop a virtual clock says so, instead of waiting for real."""
    uvloop = pytest.importorskip("uvloop")

    async def main() -> None:
        with pytest.raises(ClockUnsupported, match=r"uvloop.*clock=\"real\""):
            clock.check_async()
        with pytest.raises(ClockUnsupported):
            await clock.asleep(20)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


def test_trio_is_refused(clock):
    """On trio a virtual clock says so, instead of waiting for real."""
    trio = pytest.importorskip("trio")

    async def main() -> None:
        with pytest.raises(ClockUnsupported, match=r"trio.*clock=\"real\""):
            clock.check_async()

    trio.run(main)


def test_the_default_loop_is_accepted(clock):
    """check_async() is silent on asyncio's own loop, and speaks up outside any loop."""

    async def main() -> None:
        clock.check_async()

    asyncio.run(main())
    with pytest.raises(ClockUnsupported):
        clock.check_async()


@pytest.mark.parametrize("runner", ["asyncio", "trio", "uvloop"])
def test_the_real_clock_waits_on_every_loop(runner):
    """RealClock.asleep suspends the task on asyncio, uvloop and trio, and can be cancelled."""
    clock = RealClock()

    async def main() -> None:
        clock.check_async()
        start = clock.now()
        await clock.asleep(0.01)
        assert clock.now() - start >= 0.009
        with anyio.move_on_after(0.01) as scope:
            await clock.asleep(math.inf)
        assert scope.cancelled_caught

    if runner == "uvloop":
        uvloop = pytest.importorskip("uvloop")
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as loop:
            loop.run(main())
    else:
        anyio.run(main, backend=runner)


def test_stop_frees_a_loop_in_another_thread(clock):
    """stop() ends an injected wait of a task in another thread's loop."""
    waiting, over = threading.Event(), threading.Event()

    async def main() -> None:
        asyncio.get_running_loop().call_soon(waiting.set)
        await clock.asleep(math.inf)
        over.set()

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    waiting.wait()
    clock.stop()
    assert over.wait(10)
    thread.join()


def test_stop_while_a_woken_task_leaves(clock):
    """A task that stop() woke may end its wait while stop() still goes through the others."""
    entered = contextlib.ExitStack()

    class Loop(asyncio.SelectorEventLoop):
        """Its first wait is over as soon as stop() turns to the loop."""

        def is_closed(self) -> bool:
            entered.close()
            return super().is_closed()

    loop = Loop()
    futures = [loop.create_future() for _ in range(9)]
    for future in futures:
        entered.enter_context(_engine.engine.injected(loop, future))
    clock.stop()
    loop.close()
    assert all(future.done() for future in futures)


def test_stop_just_before_an_injected_wait_begins(clock):
    """A clock that is stopped between a task's decision to wait and its wait leaves nobody waiting."""

    class Loop(asyncio.SelectorEventLoop):
        """Another thread stops the clock while the task makes its future."""

        def create_future(self):
            clock.stop()
            return super().create_future()

    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(clock.asleep(math.inf))


def test_cost_of_a_jump(clock):
    """A jump of a lone loop costs a bounded number of calls."""

    async def main() -> None:
        for _ in range(100):
            await asyncio.sleep(1)

    assert timing.calls(lambda: asyncio.run(main())) < 100 * 2_000
