"""Virtual time through the SDKs' own retry loops: threads, tasks and anyio, with deadlines and hedges around."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from datetime import datetime
from time import monotonic
from typing import Any

import openai
import pytest

from pytest_llmchaos import ChaosFailed, faults, inject

from .shapes import standing_client

pytestmark = pytest.mark.timeout(30)  # what goes wrong here hangs; in real seconds

SLOW = (faults.rate_limit("20s", calls="1-2"), faults.latency("20s", calls="3-"))
ASKED = {"model": "gpt-5", "messages": [{"role": "user", "content": "Where is my order?"}]}


def ask(**options: Any) -> Any:
    """Ask through the sync client."""
    return standing_client("openai", "sync").with_options(**options).chat.completions.create(**ASKED)


async def ask_async(**options: Any) -> Any:
    """Ask through the async client."""
    return await standing_client("openai", "async").with_options(**options).chat.completions.create(**ASKED)


def in_pool() -> Any:
    """Ask in a worker thread while this one waits for it."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(ask).result(timeout=90)


def in_task() -> Any:
    """Ask in an event loop."""
    return asyncio.run(ask_async())


def in_worker_of_a_loop() -> Any:
    """Ask with the sync client in a thread that an event loop waits for."""
    return asyncio.run(asyncio.to_thread(ask))


def in_anyio() -> Any:
    """Ask under anyio on asyncio."""
    anyio = pytest.importorskip("anyio")
    return anyio.run(ask_async, backend="asyncio")


WAYS: list[Callable[[], Any]] = [ask, in_pool, in_task, in_worker_of_a_loop, in_anyio]


@pytest.mark.parametrize("way", WAYS)
def test_two_limits_and_a_slow_answer_take_a_minute(way):
    """Twice `Retry-After: 20`, then 20 s of latency: the SDK gets its answer after 60 s that nobody waited for."""
    with inject():
        way()  # what is imported at the first call is imported now
    began = time.perf_counter()
    with inject(*SLOW) as chaos:
        answer = way()
    real = time.perf_counter() - began
    assert answer.choices[0].message.content
    assert [call.status for call in chaos.calls] == [429, 429, 200]
    assert 60 <= chaos.now <= 60 + real
    assert real < 60


def test_each_try_pays_its_own_latency():
    """Latency on every try comes on top: a limit that arrives late is waited for from then on."""
    with inject(faults.latency("20s"), faults.rate_limit("20s", calls="1-2")) as chaos:
        ask()
    assert [round(call.started) for call in chaos.calls] == [0, 40, 80]
    assert round(chaos.now) == 100


def test_the_clients_own_timeout_ends_each_try():
    """`timeout=5` against 20 s: the SDK's genuine timeout error, after 5 s a try and its own backoff between."""
    with inject(faults.latency("20s")) as chaos:
        with pytest.raises(openai.APITimeoutError) as raised:
            ask(timeout=5)
        assert 15 + 1.125 <= chaos.now <= 15 + 1.5 + 2
    assert raised.value.request.url.path == "/v1/chat/completions"
    assert [round(call.ended - call.started, 1) for call in chaos.calls] == [5, 5, 5]
    assert {call.error for call in chaos.calls} == {"read_timeout"}


def test_the_apps_clocks_agree():
    """What an app measures itself is the time that passed, whatever clock it reads and however it got hold of it."""

    def clocks() -> list[float]:
        loop = asyncio.get_running_loop()
        return [
            time.monotonic(),
            monotonic(),
            time.perf_counter(),
            time.time(),
            datetime.now().timestamp(),
            loop.time(),
        ]

    async def measure() -> list[float]:
        before = clocks()
        await ask_async()
        return [after - start for after, start in zip(clocks(), before, strict=True)]

    with inject(*SLOW):
        spent = asyncio.run(measure())
    assert all(60 <= each < 65 for each in spent)


# --- deadlines -------------------------------------------------------------------------------------------------------


def test_asyncio_timeout_cancels_the_backoff():
    """A deadline of 30 s falls into the second wait: the task is cancelled there and no third try happens."""

    async def bounded() -> None:
        async with asyncio.timeout(30):
            await ask_async()

    with inject(*SLOW, allow_unused=True) as chaos, pytest.raises(TimeoutError):
        asyncio.run(bounded())
    assert len(chaos.calls) == 2
    assert 30 <= chaos.now < 33


def test_asyncio_timeout_cancels_the_call():
    """A deadline within a call cancels it: the exchange is over at that moment and says so."""

    async def bounded() -> float:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ask_async(), 5)
        return chaos.now

    with inject(faults.no_response()) as chaos:
        at = asyncio.run(bounded())
    (call,) = chaos.calls
    assert call.error == "cancelled"
    assert 5 <= call.ended <= at < 8


def test_anyio_deadline_and_backoff():
    """anyio's own sleep, deadlines and task groups are virtual on asyncio."""
    anyio = pytest.importorskip("anyio")

    async def main() -> tuple[bool, float]:
        with anyio.move_on_after(30) as scope:
            async with anyio.create_task_group() as group:
                group.start_soon(ask_async)
                await anyio.sleep(10)
        cancelled_at = anyio.current_time()
        await anyio.sleep(600)
        return scope.cancelled_caught, anyio.current_time() - cancelled_at

    with inject(*SLOW, allow_unused=True) as chaos:
        cancelled, slept = anyio.run(main, backend="asyncio")
    assert cancelled
    assert 600 <= slept < 603
    assert 630 <= chaos.now < 635
    assert len(chaos.calls) == 2


def test_a_future_is_given_up_in_a_pool():
    """`Future.result(timeout)` gives up on time while the worker is still in the SDK."""
    with inject(*SLOW) as chaos:
        with ThreadPoolExecutor(1) as pool:
            future = pool.submit(ask)
            with pytest.raises(TimeoutError):
                future.result(timeout=25)
            assert 25 <= chaos.now < 28
            assert future.result(timeout=60).choices
        assert 60 <= chaos.now < 64


# --- hedging ---------------------------------------------------------------------------------------------------------

HEDGED = (faults.latency("20s", calls=1), faults.latency("3s", calls="2-"))


def test_hedged_tasks():
    """No answer after 5 s, a second task is sent off and wins at 8 s; the first is cancelled."""

    async def hedge() -> tuple[int, float]:
        tasks = [asyncio.create_task(ask_async())]
        await asyncio.wait(tasks, timeout=5)
        tasks.append(asyncio.create_task(ask_async()))
        done, pending = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        at = chaos.now
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        return tasks.index(done.pop()), at

    with inject(*HEDGED) as chaos:
        winner, at = asyncio.run(hedge())
    assert winner == 1
    assert 8 <= at <= chaos.now < 11
    assert [call.error for call in chaos.calls] == ["cancelled", None]


@pytest.mark.parametrize("run", range(3))
def test_hedged_threads(run):
    """The same in threads, where nothing can be cancelled: the loser ends at its 20 s."""
    with inject(*HEDGED) as chaos:
        with ThreadPoolExecutor(2) as pool:
            futures = [pool.submit(ask)]
            assert not wait(futures, timeout=5).done
            futures.append(pool.submit(ask))
            done = wait(futures, return_when=FIRST_COMPLETED).done
            at = chaos.now
        assert done == {futures[1]}
        assert 8 <= at < 11
        assert 20 <= chaos.now < 24
    assert [round(call.ended - call.started) for call in chaos.calls] == [20, 3]


def test_many_threads_wait_at_once():
    """Eight workers, each through its own limits and latencies: waits overlap, the whole takes as long as one."""
    with inject(faults.rate_limit("20s", calls="1-8"), faults.latency("10s", calls="9-")) as chaos:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: ask(), range(8)))
        assert len(answers) == 8
        assert 30 <= chaos.now < 35
    assert len(chaos.calls) == 16


# --- what virtual time cannot reach ----------------------------------------------------------------------------------


def _uvloop() -> Callable[[Any], Any]:
    uvloop = pytest.importorskip("uvloop")

    def run(main: Any) -> Any:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(main())

    return run


def _trio() -> Callable[[Any], Any]:
    return pytest.importorskip("trio").run


@pytest.mark.parametrize("runner", [_uvloop, _trio])
def test_other_event_loops_are_refused_clearly(runner):
    """On uvloop and trio a call fails at once, saying what to do; swallowed by the app, it still fails the run."""
    run = runner()

    async def swallowing() -> str:
        try:
            await ask_async()
        except Exception as error:
            return f"{error} {error.__cause__}"
        return ""

    with pytest.raises(ChaosFailed, match='clock="real"'), inject(faults.latency("20s"), allow_unused=True):
        seen = run(swallowing)
    assert 'clock="real"' in seen


@pytest.mark.parametrize("runner", [_uvloop, _trio])
def test_other_event_loops_work_in_real_time(runner):
    """With `clock="real"` they are first-class: faults strike and the SDK retries, in real time."""
    run = runner()
    with inject(faults.rate_limit("20ms", form="ms", calls=1), clock="real") as chaos:
        answer = run(ask_async)
    assert answer.choices[0].message.content
    assert [call.status for call in chaos.calls] == [429, 200]
    assert 0.02 <= chaos.now < 10
