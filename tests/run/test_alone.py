"""A run by itself: no HTTP library is imported, nothing is patched, and whoever has calls plays a whole scenario."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import textwrap
import time
from dataclasses import replace

import pytest

from pytest_llmchaos import Chaos, UsageProblem, faults
from pytest_llmchaos.scenarios.scenario import Scenario

PROGRAM = """
import json, socket, sys, threading, time

from pytest_llmchaos.core.call import HttpRequest
from pytest_llmchaos.core.plan import Emit, Raise, Respond, play
from pytest_llmchaos.run.chaos import Chaos
from pytest_llmchaos.scenarios import scenario_file

SCENARIO = '''
name: an-outage
phases:
  - {name: before, lasts: 10m, inject: []}
  - name: down
    lasts: 30m
    inject:
      - {fault: outage, target: openai}
      - {fault: connection_refused, target: anthropic}
  - {name: slow, lasts: 10m, inject: [{fault: latency, target: openai, delay: 20s}]}
  - {name: after, inject: []}
expect:
  - recovered: {within: 1h}
'''
HOSTS = {"openai": "https://api.openai.com/v1/chat/completions", "anthropic": "https://api.anthropic.com/v1/messages"}
patched = [time.sleep, time.monotonic, socket.socket.connect, threading.Thread.start]


def ask(run, provider):
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hello"}]}
    request = HttpRequest("POST", HOSTS[provider], (), json.dumps(body).encode())
    found = run.providers.route(request.method, request.url)
    under_way = run.begin(found, request, "nothing", own=False)
    playing, status, waited = play(under_way.plan, request.timeouts, run.clock.now), None, 0.0
    for action in playing:
        under_way.struck(action.by)
        if isinstance(action, Raise):
            under_way.end(action.kind)
            return action.kind, waited
        if isinstance(action, Respond):
            under_way.responded(action.head)
            status = action.head.status
        elif isinstance(action, Emit):
            under_way.emitted(action.chunk)
        elif hasattr(action, "seconds"):
            waited += action.seconds
    under_way.end(None)
    return status, waited


run = Chaos([scenario_file.loads(SCENARIO)], clock="real")
run.start()
seen = [(run.phase, ask(run, "openai"), ask(run, "anthropic"))]
for step in ("15m", "30m", "10m"):
    run.advance(step)
    seen.append((run.phase, ask(run, "openai"), ask(run, "anthropic")))
run.stop()
run.finish()
LIBRARIES = ("httpx", "httpx2", "requests", "urllib3", "aiohttp", "botocore", "http.client", "respx", "grpc")
print(json.dumps({
    "seen": seen,
    "verdicts": [(each.check.partition("(")[0], each.outcome) for each in run.verdicts],
    "libraries": [each for each in LIBRARIES if each in sys.modules],
    "intercept": [each for each in sys.modules if each.startswith("pytest_llmchaos.intercept")],
    "patched": patched != [time.sleep, time.monotonic, socket.socket.connect, threading.Thread.start],
}))
"""


def test_a_run_plays_a_whole_scenario_without_any_http_library():
    """In a process of its own, as this one has them all."""
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", textwrap.dedent(PROGRAM)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "seen": [
            ["before", [200, 0.0], [200, 0.0]],
            ["down", [503, 0.0], ["connection_refused", 0.0]],
            ["slow", [200, 20.0], [200, 0.0]],
            ["after", [200, 0.0], [200, 0.0]],
        ],
        "verdicts": [["recovered", "held"]],
        "libraries": [],
        "intercept": [],
        "patched": False,
    }


def test_a_run_that_is_started_alone_says_that_it_intercepts_nothing():
    """Who takes it for `inject` would wait for faults that never come."""
    run = Chaos(loose=[faults.outage(target="openai")], clock="real")
    run.start()
    run.stop()
    run.finish()
    assert "no HTTP library was intercepted for this run: start it by `with inject(...)`" in str(run.verdict_error())


def test_a_start_that_fails_leaves_real_time():
    """Two scenarios set the calendar, each to another day."""
    one = replace(Scenario.of([faults.outage()]), name="one", date=dt.datetime(2025, 1, 1, tzinfo=dt.UTC))
    other = replace(one, name="other", date=dt.datetime(2025, 1, 2, tzinfo=dt.UTC))
    before = time.sleep, time.monotonic
    with pytest.raises(UsageProblem, match="one and other start on different dates"):
        Chaos([one, other]).start()
    assert (time.sleep, time.monotonic) == before


def test_its_end_gives_back_what_the_journal_watches():
    """Who reads JSON is watched once a tool call came broken."""
    before = json.JSONDecoder.decode
    run = Chaos(clock="real")
    run.start()
    run.journal.app.mended._listen()
    assert json.JSONDecoder.decode is not before
    run.stop()
    assert json.JSONDecoder.decode is before
