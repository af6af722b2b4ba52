"""What virtual time costs, in processor time, beside the same without it in the same run.

    pip install -e '.[test]' && python benchmarks/virtual_time.py

Figures of one machine say little; the differences and ratios within one run are what to compare. Each pair is measured
in turns, and the least of each counts: whatever else the machine does only adds.
"""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

import botocore.session
import httpx2
import openai

from pytest_llmchaos import Chaos, faults, inject

URL = "https://api.openai.com/v1/chat/completions"
MESSAGES = [{"role": "user", "content": "Where is my order?"}]
WAITS = (faults.latency("20s", calls="3-"), faults.rate_limit(retry_after="20s", calls="1-2"))
processor_time, real_time = time.process_time, time.perf_counter


def compare(subject: Callable[[], object], peer: Callable[[], object], rounds: int = 60) -> tuple[float, float]:
    """Return the least processor time of each in milliseconds."""
    least = {subject: float("inf"), peer: float("inf")}
    for number in range(rounds + 3):
        for each in (subject, peer):
            gc.collect(0)
            began = processor_time()
            each()
            if number >= 3:
                least[each] = min(least[each], (processor_time() - began) * 1000)
    return least[subject], least[peer]


def row(name: str, ours: float, theirs: float, note: str) -> None:
    """Print one line."""
    print(f"{name:<34}{ours:9.3f} ms {theirs:9.3f} ms {ours / theirs:8.2f} x {ours - theirs:+9.3f} ms   {note}")


def ask(client: openai.OpenAI) -> object:
    """Make one plain call."""
    return client.chat.completions.create(model="gpt-5", messages=MESSAGES)


def a_run() -> None:
    """A run of one call and its verdicts, against the same in real time: the start and the end of virtual time."""
    client = httpx2.Client()

    def one(run: AbstractContextManager[Chaos]) -> None:
        with run:
            client.post(URL, json={"model": "gpt-5", "messages": MESSAGES})

    for name, what in (("a run of a fault", faults.outage()), ("a run of a library scenario", "openai-outage")):
        took, base = compare(
            lambda what=what: one(inject(what, checks=[])),
            lambda what=what: one(inject(what, checks=[], clock="real")),
        )
        row(name, took, base, "the clock's part; at most 1.0 and 1.2 in all")


def fresh_clients() -> None:
    """A client of botocore made anew before each run: it keeps `time.sleep`, so it is looked for."""
    options = {"region_name": "us-east-1", "aws_access_key_id": "none", "aws_secret_access_key": "none"}
    kept = []

    def fresh(clock: str) -> None:
        kept[:] = [botocore.session.Session().create_client("bedrock-runtime", **options)]
        with inject(allow_unused=True, clock=clock):
            pass

    row("a run after a new botocore client", *compare(lambda: fresh("virtual"), lambda: fresh("real"), 10), "")


def waits() -> None:
    """20 s of latency and two 429s with Retry-After: 20 through the SDK's own loop, against three calls without."""
    client = openai.OpenAI(api_key="no-key")
    sdk = openai.AsyncOpenAI

    def in_line() -> None:
        with inject(*WAITS) as chaos:
            ask(client)
        assert 59 < chaos.now < 62, chaos.now

    def in_line_without() -> None:
        with inject():
            for _ in range(3):
                ask(client)

    async def calls(count: int) -> None:
        async with sdk(api_key="no-key") as session:
            for _ in range(count):
                await session.chat.completions.create(model="gpt-5", messages=MESSAGES)

    def in_asyncio() -> None:
        with inject(*WAITS) as chaos:
            asyncio.run(calls(1))
        assert 59 < chaos.now < 62, chaos.now

    def in_asyncio_without() -> None:
        with inject():
            asyncio.run(calls(3))

    def in_a_pool() -> None:
        with inject(*WAITS) as chaos, ThreadPoolExecutor(2) as pool:
            pool.submit(ask, client).result()
        assert 59 < chaos.now < 62, chaos.now

    def in_a_pool_without() -> None:
        with inject(), ThreadPoolExecutor(2) as pool:
            for _ in range(3):
                pool.submit(ask, client).result()

    row("60 s of waits", *compare(in_line, in_line_without), "at most 1 ms beyond")
    row("60 s of waits, asyncio", *compare(in_asyncio, in_asyncio_without), "at most 5 ms beyond")
    row("60 s of waits, thread pool", *compare(in_a_pool, in_a_pool_without), "at most 5 ms beyond")


def own_timeout() -> None:
    """The SDK's own timeout=5 against a 20 s answer, three tries, against three calls."""
    client = openai.OpenAI(api_key="no-key", timeout=5)

    def strikes() -> None:
        with inject(faults.latency("20s")) as chaos:
            try:
                ask(client)
            except openai.APITimeoutError:
                assert 15 < chaos.now < 18, chaos.now
            else:
                raise AssertionError("no timeout")

    def without() -> None:
        with inject():
            for _ in range(3):
                ask(client)

    row("three timeouts of 5 s", *compare(strikes, without), "genuine APITimeoutError")


def beside_a_busy_thread() -> None:
    """A call of 20 s beside a thread that never rests, in real time, against one of 1 s."""
    client, stop = openai.OpenAI(api_key="no-key", max_retries=0, timeout=60), threading.Event()

    def never_rests() -> None:
        while not stop.is_set():
            sum(range(1000))

    def slow(seconds: int) -> float:
        began = real_time()
        with inject(faults.latency(f"{seconds}s"), checks=[]):
            ask(client)
        return (real_time() - began) * 1000

    thread = threading.Thread(target=never_rests, name="never-rests")
    thread.start()
    try:
        short, long = slow(1), slow(20)
    finally:
        stop.set()
        thread.join()
    row("20 s beside a busy thread (real)", long, short, "at most 1,000 ms; against 1 s")


if __name__ == "__main__":
    print(f"{'':<34}{'virtual':>12}{'peer':>13}{'ratio':>11}{'difference':>13}")
    a_run()
    fresh_clients()
    waits()
    own_timeout()
    beside_a_busy_thread()
