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
from functools import partial

import botocore.session
import httpx2
import openai

from pytest_llmchaos import Chaos, faults, inject

URL = "https://api.openai.com/v1/chat/completions"
MESSAGES = [{"role": "user", "content": "Where is my order?"}]
WAITS, NO_WAITS = (
    (faults.latency(wait, calls="3-"), faults.rate_limit(retry_after=wait, form="ms", calls="1-2"))
    for wait in ("20s", "1ms")
)
processor_time, real_time = time.process_time, time.perf_counter


def compare(subject: Callable[[], object], peer: Callable[[], object], rounds: int = 30) -> tuple[float, float]:
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
    """20 s of latency and two 429s with Retry-After: 20 through the SDK's own loop, against the same of 1 ms each."""
    client = openai.OpenAI(api_key="no-key")

    async def in_a_task() -> None:
        async with openai.AsyncOpenAI(api_key="no-key") as session:
            await session.chat.completions.create(model="gpt-5", messages=MESSAGES)

    def in_a_pool() -> None:
        with ThreadPoolExecutor(2) as pool:
            pool.submit(ask, client).result()

    def virtual(call: Callable[[], object]) -> None:
        with inject(*WAITS) as chaos:
            call()
        assert 59 < chaos.now < 62, chaos.now

    def real(call: Callable[[], object]) -> None:
        with inject(*NO_WAITS, clock="real"):
            call()

    for name, call, bound in (
        ("60 s of waits", partial(ask, client), 1),
        ("60 s of waits, asyncio", lambda: asyncio.run(in_a_task()), 5),
        ("60 s of waits, thread pool", in_a_pool, 5),
    ):
        row(name, *compare(partial(virtual, call), partial(real, call)), f"at most {bound} ms beyond")


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
    """A call of 20 s beside a thread that never rests, in real time, against the same call alone."""
    client, stop = openai.OpenAI(api_key="no-key", max_retries=0, timeout=60), threading.Event()

    def never_rests() -> None:
        while not stop.is_set():
            sum(range(1000))

    def slow() -> float:
        began = real_time()
        with inject(faults.latency("20s"), checks=[]):
            ask(client)
        return (real_time() - began) * 1000

    slow()
    alone = slow()
    thread = threading.Thread(target=never_rests, name="never-rests")
    thread.start()
    try:
        beside = slow()
    finally:
        stop.set()
        thread.join()
    row("20 s beside a busy thread (real)", beside, alone, "at most 1,000 ms")


if __name__ == "__main__":
    print(f"{'':<34}{'virtual':>12}{'peer':>13}{'ratio':>11}{'difference':>13}")
    a_run()
    fresh_clients()
    waits()
    own_timeout()
    beside_a_busy_thread()
