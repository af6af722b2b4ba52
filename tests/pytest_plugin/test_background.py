"""Work that outlives the test in which it began: no other test's, and no call to a provider."""

from __future__ import annotations

import pytest

HEADER = """
import threading
from concurrent.futures import ThreadPoolExecutor

GO, LEFT, GOT = threading.Event(), [], []
POOL = ThreadPoolExecutor(1)

def later(times):
    GO.wait()
    for _ in range(times):
        try:
            GOT.append(client.with_options(max_retries=0).models.list())
        except openai.APIConnectionError as error:
            GOT.append(error)

def by_thread(times):
    LEFT.append(threading.Thread(target=later, args=(times,)))
    LEFT[-1].start()

def by_pool(times):
    LEFT.append(POOL.submit(later, times))

def end():
    GO.set()
    LEFT[-1].result() if hasattr(LEFT[-1], "result") else LEFT[-1].join()
"""


@pytest.mark.parametrize("way", ["by_thread", "by_pool"])
def test_a_later_test_answers_for_its_own_calls(run, way):
    """It is neither accused of what an earlier one left behind, nor fed by it; afterwards nothing is reached."""
    result = run(f"""{HEADER}
@llmchaos(faults.latency("1s"))
def test_one():
    ask()
    {way}(5)

@llmchaos(faults.outage())
def test_two(llmchaos):
    ask_swallowing()
    end()
    assert len(GOT) == 5
    assert all(isinstance(each, openai.APIConnectionError) for each in GOT)
    llmchaos.expect.attempts(at_most=3)

@llmchaos(faults.latency("1s"))
def test_three():
    ask()
    GO.clear()
    {way}(1)

@llmchaos(faults.outage())
def test_fed():
    end()

@llmchaos(faults.latency("1s"))
def test_five():
    ask()
    GO.clear()
    {way}(1)

def test_without_chaos():
    end()
    assert isinstance(GOT[-1], openai.APIConnectionError)
""")
    result.assert_outcomes(passed=5, failed=1)
    result.shows("nothing was injected", "FAILED test_it.py::test_fed")


def test_workers_of_an_earlier_test_serve_a_later_one(run):
    """A pool, and a loop in a thread, that the first test made are the second's when that hands them work."""
    run("""
import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

POOL = ThreadPoolExecutor(1)
LOOP = asyncio.new_event_loop()
BACK = []

def both():
    if not BACK:
        BACK.append(threading.Thread(target=LOOP.run_forever, daemon=True))
        BACK[0].start()
    POOL.submit(ask).result()
    asyncio.run_coroutine_threadsafe(ask_async(), LOOP).result()

@llmchaos(faults.latency("1s"))
@pytest.mark.parametrize("n", range(2))
def test_it(n, llmchaos):
    both()
    assert [each.status for each in llmchaos.calls] == [200, 200]

def test_end():
    LOOP.call_soon_threadsafe(LOOP.stop)
    BACK[0].join()
    LOOP.close()
""").assert_outcomes(passed=3)


def test_a_worker_that_waits_for_work_serves_later_tests(run):
    """A thread of the app's own at a queue is no left-over: what a later test hands it is that test's."""
    result = run("""
import queue, threading
WORK, DONE, STARTED = queue.Queue(), queue.Queue(), []

def serve():
    while True:
        WORK.get()
        try:
            DONE.put(client.with_options(max_retries=0).models.list())
        except openai.OpenAIError as error:
            DONE.put(error)

def handed():
    if not STARTED:
        STARTED.append(threading.Thread(target=serve, daemon=True))
        STARTED[0].start()
    WORK.put("one")
    return DONE.get(timeout=30)

@llmchaos(faults.outage())
def test_one():
    assert isinstance(handed(), openai.InternalServerError)

@llmchaos(faults.outage())
def test_two(llmchaos):
    assert isinstance(handed(), openai.InternalServerError)
    assert len(llmchaos.calls) == 1
""")
    result.assert_outcomes(passed=2)
