"""Work belongs to the test that handed it over, whoever does it and when."""

from __future__ import annotations

import pytest

HEADER = """
import asyncio
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import ThreadPool

GO, TAKEN, DONE, GOT = threading.Event(), threading.Event(), threading.Event(), []

def call():
    try:
        GOT.append(client.with_options(max_retries=0).models.list())
    except openai.OpenAIError as error:
        GOT.append(error)

def blocked():
    TAKEN.set()
    GO.wait()
    call()

def serve(jobs):
    while (job := jobs.get()) is not None:
        job()

def started(jobs):
    THREADS.append(threading.Thread(target=serve, args=(jobs,), daemon=True))
    THREADS[-1].start()
    return jobs

THREADS = []
"""

POOLS = {
    "a thread at a SimpleQueue": "JOBS = started(queue.SimpleQueue())\nhand = JOBS.put",
    "a thread at a Queue": "JOBS = started(queue.Queue())\nhand = JOBS.put",
    "a thread at a Queue of jobs in order": (
        "JOBS = started(queue.PriorityQueue())\n"
        "class Job:\n"
        "    def __init__(self, do): self.do = do\n"
        "    def __lt__(self, other): return False\n"
        "    def __call__(self): self.do()\n"
        "def hand(job): JOBS.put(Job(job) if job else None)"
    ),
    "an executor": "POOL = ThreadPoolExecutor(1)\nhand = POOL.submit\nTHREADS = [POOL]",
    "a pool of threads": "POOL = ThreadPool(1)\nhand = POOL.apply_async\nTHREADS = [POOL]",
}
TESTS = """
@llmchaos(faults.latency("1s"), clock="real")
def test_that_hands_over():
    ask()
    hand(blocked)
    assert TAKEN.wait(30)

@llmchaos(faults.outage(), clock="real")
def test_with_two_jobs(llmchaos):
    hand(call)
    hand(DONE.set)
    GO.set()
    assert DONE.wait(30)
    assert [type(each).__name__ for each in GOT] == ["APIConnectionError", "InternalServerError"]
    assert [each.status for each in llmchaos.calls] == [503]

@llmchaos(faults.outage(), clock="real")
def test_with_one(llmchaos):
    DONE.clear()
    hand(call)
    hand(DONE.set)
    assert DONE.wait(30)
    assert [each.status for each in llmchaos.calls] == [503]

def test_end():
    if isinstance(THREADS[0], ThreadPool):
        THREADS[0].close()
        THREADS[0].join()
    elif isinstance(THREADS[0], ThreadPoolExecutor):
        THREADS[0].shutdown()
    else:
        hand(None)
        THREADS[0].join()
"""


@pytest.mark.parametrize("pool", POOLS.values(), ids=POOLS)
@pytest.mark.parametrize("when", ["before", "lazily"])
def test_a_worker_does_the_work_of_several_tests(run, pool, when):
    """Each job is judged with the test that handed it over, be the worker of the module or of the first test."""
    if when == "before":
        made = pool
    else:
        lines = "\n".join(f"    {line}" for line in pool.splitlines())
        made = f"def hand(job):\n    global hand, JOBS, THREADS, Job\n{lines}\n    hand(job)\n"
    run(f"{HEADER}\n{made}\n{TESTS}").assert_outcomes(passed=4)


def test_a_job_that_waits_behind_another_is_the_test_s_that_put_it_in(run):
    """It need not have begun when that test ends."""
    run(f"""{HEADER}
JOBS = started(queue.Queue())
POOL = ThreadPoolExecutor(1)

@llmchaos(faults.latency("1s"), clock="real")
def test_one():
    ask()
    JOBS.put(GO.wait)
    JOBS.put(call)
    POOL.submit(GO.wait)
    POOL.submit(call)

@llmchaos(faults.outage(), clock="real")
def test_two(llmchaos):
    ask_swallowing()
    calls = len(llmchaos.calls)
    GO.set()
    POOL.submit(JOBS.put, DONE.set).result()
    DONE.wait(30)
    assert [type(each).__name__ for each in GOT] == ["APIConnectionError"] * 2
    assert len(llmchaos.calls) == calls

def test_end():
    JOBS.put(None)
    THREADS[0].join()
    POOL.shutdown()
""").assert_outcomes(passed=3)


ASYNC = """
import asyncio
LOOP = asyncio.new_event_loop()
GOT = []

async def call():
    try:
        async with openai.AsyncOpenAI(api_key="k", max_retries=0) as client:
            GOT.append(await client.models.list())
    except openai.OpenAIError as error:
        GOT.append(error)

def go(coroutine):
    return LOOP.run_until_complete(coroutine)

def got():
    return [type(each).__name__.partition("[")[0] for each in GOT]
"""
END = """
def test_end():
    LOOP.close()
"""


@pytest.mark.parametrize("way", ["task", "timer", "task of a task"])
def test_what_is_left_on_a_loop_that_lives_on_is_the_test_s_that_left_it(run, way):
    """It neither accuses nor feeds the next one, and is stopped in tests without chaos too."""
    run(f"""{ASYNC}
async def later():
    await GO.wait()
    await call()

async def leave():
    global GO, TASK
    GO = asyncio.Event()
    await call()
    if {way!r} == "task":
        TASK = asyncio.create_task(later())
    elif {way!r} == "timer":
        TASK = asyncio.get_running_loop().call_later(0.05, lambda: asyncio.create_task(call()))
    else:
        async def another():
            await GO.wait()
            await asyncio.create_task(call())
        TASK = asyncio.create_task(another())

async def end():
    GO.set()
    while len(GOT) < 2:
        await asyncio.sleep(0.01)

@llmchaos(faults.latency("1s"))
@pytest.mark.parametrize("n", [1])
def test_one(n):
    go(leave())

@llmchaos(faults.outage(), allow_unused=True)
def test_two(llmchaos):
    go(end())
    assert got() == ["AsyncPage", "APIConnectionError"]
    assert not llmchaos.calls

@llmchaos(faults.latency("1s"), clock="real")
def test_three():
    GOT.clear()
    go(leave())

def test_without_chaos():
    go(end())
    assert got() == ["AsyncPage", "APIConnectionError"]
{END}""").assert_outcomes(passed=5)


@pytest.mark.parametrize("queue", ["asyncio.Queue()", "anyio"])
def test_a_task_that_waits_for_work_serves_later_tests(run, queue):
    """What a later test hands to a worker of the first one is the later one's."""
    run(f"""{ASYNC}
import anyio
WORKER, STREAMS = [], []

async def serve(get):
    while True:
        job = await get()
        await job()
        DONE.set()

async def handed(job):
    global DONE, put
    DONE = asyncio.Event()
    if not WORKER:
        if {queue!r} == "anyio":
            sending, receiving = anyio.create_memory_object_stream(9)
            put, get = sending.send, receiving.receive
            STREAMS.extend((sending, receiving))
        else:
            jobs = asyncio.Queue()
            put, get = jobs.put, jobs.get
        WORKER.append(asyncio.create_task(serve(get)))
    await put(job)
    await DONE.wait()

@llmchaos(faults.outage())
@pytest.mark.parametrize("n", range(2))
def test_it(n, llmchaos):
    go(handed(call))
    assert got()[-1] == "InternalServerError"
    assert len(llmchaos.calls) == 1

def test_stop():
    WORKER[0].cancel()
    go(asyncio.sleep(0))
    for each in STREAMS:
        each.close()
{END}""").assert_outcomes(passed=4)


def test_results_of_an_earlier_test_make_no_work_of_a_test(run):
    """The line of a test takes results from queues, and goes on for itself."""
    run(f"""{ASYNC}
import queue
OLD, OLD_ONES = queue.Queue(), asyncio.Queue()

@llmchaos(faults.outage())
def test_one():
    go(call())
    OLD.put("result")
    OLD_ONES.put_nowait("result")

@llmchaos(faults.outage())
def test_two(llmchaos):
    assert OLD.get() == "result"
    go(call())
    assert len(llmchaos.calls) == 1

@llmchaos(faults.outage())
def test_three(llmchaos):
    async def test():
        assert await OLD_ONES.get() == "result"
        await call()
    go(test())
    assert len(llmchaos.calls) == 1
{END}""").assert_outcomes(passed=4)


def test_a_timer_that_begins_anew_stays_the_test_s_that_began_it(run):
    """Also where it did so between the tests."""
    run(f"""{HEADER}
ROUNDS = [threading.Event() for _ in range(3)]

def tick(n):
    if n == 3:
        call()
        DONE.set()
    else:
        ROUNDS[n].wait()
        threading.Timer(0, tick, [n + 1]).start()

@pytest.fixture
def between():
    yield
    ROUNDS[0].set()

@llmchaos(faults.latency("1s"), clock="real")
def test_one(between):
    ask()
    threading.Timer(0, tick, [0]).start()

def test_without_chaos():
    ROUNDS[1].set()

@llmchaos(faults.outage(), clock="real", allow_unused=True)
def test_two(llmchaos):
    ROUNDS[2].set()
    assert DONE.wait(30)
    assert [type(each).__name__ for each in GOT] == ["APIConnectionError"]
    assert not llmchaos.calls
""").assert_outcomes(passed=3)


def test_a_thread_of_a_later_test_hands_work_to_the_loop_of_an_earlier_one(run):
    """A coroutine that is handed over from a thread, which has no context of the test's, is that test's work."""
    run(f"""{ASYNC}
import threading
from concurrent.futures import ThreadPoolExecutor
BACK = []

@llmchaos(faults.outage())
@pytest.mark.parametrize("n", range(2))
def test_it(n, llmchaos):
    if not BACK:
        BACK.append(threading.Thread(target=LOOP.run_forever))
        BACK[0].start()
    thread = threading.Thread(target=lambda: asyncio.run_coroutine_threadsafe(call(), LOOP).result())
    thread.start()
    thread.join()
    assert got()[-1] == "InternalServerError"
    assert len(llmchaos.calls) == 1

def test_stop():
    LOOP.call_soon_threadsafe(LOOP.stop)
    BACK[0].join()
{END}""").assert_outcomes(passed=4)


def test_idle_workers_of_async_libraries_are_no_left_overs(run):
    """anyio's and trio's wait for more work, and nobody watches anything for that."""
    pytest.importorskip("trio")
    run("""
import threading
import anyio, trio
from pytest_llmchaos.intercept import active_runs

before = list(active_runs._lingering)  # of earlier tests around this run

@llmchaos(faults.outage(), allow_unused=True, clock="real")
def test_one():
    anyio.run(anyio.to_thread.run_sync, print)
    trio.run(trio.to_thread.run_sync, print)

def test_two():
    for _ in range(1000):  # a worker may yet be on its way back to where it waits
        active_runs._reap()
        if left := [each for each in active_runs._lingering if each not in before]:
            threading.Event().wait(0.01)
    assert left == []
""").assert_outcomes(passed=2)


def test_what_is_left_for_the_end_of_the_process_is_stopped(pytester, few_plugins):
    """It is stopped wherever it would go; what was registered can be taken back, and what makes no call is done."""
    pytester.makepyfile("""
import atexit, os, httpx
from pytest_llmchaos import faults, llmchaos

def ask(host):
    body = {"model": "gpt-5", "messages": [{"role": "user", "content": "hi"}]}
    return httpx.post(f"http://{host}/v1/chat/completions", json=body)

def at_the_end(host):
    try:
        told = ask(host)
    except httpx.HTTPError as error:
        told = type(error)
    os.write(2, f"at the end: {host}: {told}\\n".encode())

def taken_back():
    os.write(2, b"not taken back")

@llmchaos(faults.outage())
def test_one():
    ask("api.openai.com")
    assert atexit.register(at_the_end, host="127.0.0.1:9/v1") is at_the_end
    atexit.register(at_the_end, "api.openai.com")
    atexit.register(taken_back)
    atexit.unregister(taken_back)
""")
    result = pytester.runpytest_subprocess("-p", "llmchaos", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)
    text = str(result.stderr)
    assert "not taken back" not in text
    for host in ("api.openai.com", "127.0.0.1:9/v1"):
        assert f"at the end: {host}: <class 'httpx.ConnectError'>" in text


@pytest.mark.parametrize("kind", ["Queue", "LifoQueue"])
def test_what_a_thread_of_a_test_takes_for_itself_is_no_work_of_an_earlier_one(run, kind):
    """Clients that wait in a pool to be used again are an example."""
    run(f"""
import queue, threading
CLIENTS = queue.{kind}()
CLIENTS.put(client)

def borrow():
    mine = CLIENTS.get()
    try:
        mine.with_options(max_retries=0).models.list()
    except openai.InternalServerError:
        pass
    finally:
        CLIENTS.put(mine)

@llmchaos(faults.outage())
@pytest.mark.parametrize("n", range(2))
def test_it(n, llmchaos):
    borrow()
    thread = threading.Thread(target=borrow)
    thread.start()
    thread.join()
    assert len(llmchaos.calls) == 2
""").assert_outcomes(passed=2)
