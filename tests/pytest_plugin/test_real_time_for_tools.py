"""Tools that time the test itself keep real time, and virtual time reaches everything else."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree


def test_durations_are_real(run, pytester):
    """A 20-minute answer is a test of milliseconds in pytest's own books."""
    run(
        """
@llmchaos(faults.latency("9m"))
def test_slow(llmchaos):
    ask()
    assert llmchaos.now > 540
""",
        "--junitxml=out.xml",
    ).assert_outcomes(passed=1)
    (case,) = ElementTree.parse(pytester.path / "out.xml").iter("testcase")  # noqa: S314 - written by ourselves
    assert float(case.attrib["time"]) < 30


def test_pytest_timeout_does_not_fire_on_virtual_time(run):
    """A limit of a minute outlives nine virtual minutes, with either method."""
    run("""
@pytest.mark.timeout(60)
@llmchaos(faults.latency("9m"))
def test_signal():
    ask()

@pytest.mark.timeout(60, method="thread")
@llmchaos(faults.latency("9m"))
def test_thread():
    ask()
""").assert_outcomes(passed=2)


def test_hypothesis_deadlines_are_real(run):
    """A deadline counts the real milliseconds of an example."""
    run("""
from hypothesis import given, settings, strategies as st

@settings(deadline=60_000, max_examples=5)
@given(st.integers(100, 500))
def test_any_latency(seconds):
    with inject(faults.latency(seconds)) as chaos:
        ask()
        assert chaos.now >= seconds
""").assert_outcomes(passed=1)


def test_all_the_apps_clocks_agree(run):
    """Names imported earlier, datetime and both monotonic clocks see the same 20 seconds."""
    run("""
import datetime as dt
from datetime import datetime
from time import monotonic, perf_counter, sleep, time

@llmchaos(faults.latency("20s"))
def test_agree():
    before = (monotonic(), perf_counter(), time(), datetime.now().timestamp(), dt.datetime.now(dt.UTC).timestamp())
    ask()
    sleep(10)
    after = (monotonic(), perf_counter(), time(), datetime.now().timestamp(), dt.datetime.now(dt.UTC).timestamp())
    assert [round(b - a) for a, b in zip(before, after)] == [30] * 5
""").assert_outcomes(passed=1)


def test_uvloop_and_trio_are_told_not_hung(run):
    """Where virtual time cannot reach the event loop, the test fails and names the way out."""
    result = run("""
import asyncio, trio, uvloop

async def call():
    async with httpx2.AsyncClient() as session:
        body = {"model": "gpt-5", "messages": [{"role": "user", "content": "x"}]}
        await session.post("https://api.openai.com/v1/chat/completions", json=body)

@llmchaos(faults.latency("20s"))
def test_trio():
    trio.run(call)

@llmchaos(faults.latency("20s"))
def test_uvloop():
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(call())

@llmchaos(faults.latency("20ms"), clock="real")
def test_real_trio():
    trio.run(call)

@llmchaos(faults.latency("20ms"), clock="real")
def test_real_uvloop():
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(call())
""")
    result.assert_outcomes(failed=2, passed=2)
    result.shows("clock='real'") if "clock='real'" in result.stdout.str() else result.shows('clock="real"')


def test_clock_real_waits(run):
    """`clock="real"` patches no clock; scenario time still moves with `advance`."""
    run("""
import time

@llmchaos(faults.outage(between=("10m", "20m")), clock="real")
def test_real(llmchaos):
    assert time.sleep.__module__ == "time"
    assert ask()
    llmchaos.advance("11m")
    with pytest.raises(openai.InternalServerError):
        client.with_options(max_retries=0).chat.completions.create(model="m", messages=[])
""").assert_outcomes(passed=1)
