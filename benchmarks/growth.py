"""How what chaos costs grows with what there is: the exponent over three sizes, in CPU time.

    pip install -e '.[test]' && python benchmarks/growth.py            # all, in some three minutes
    python benchmarks/growth.py journal keys                           # those whose name has one of the words

An exponent of 1 is linear growth, 0 is none at all. Exits with 1 where one is above its bound: 1.15 for what is done
once for each of many, and 0.2 for a call that should not care how many there are.
"""

from __future__ import annotations

import asyncio
import gc
import math
import os
import random
import string
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2

from pytest_llmchaos import Phase, Scenario, checks, faults, inject
from pytest_llmchaos.checks import always_on
from pytest_llmchaos.core.redact import look_around, redact_text
from pytest_llmchaos.gate.journal_file import counting
from pytest_llmchaos.gate.policy import Policy
from pytest_llmchaos.gate.record import Record, record, to_json
from pytest_llmchaos.gate.verdict import judge
from pytest_llmchaos.journal.timeline import timeline
from pytest_llmchaos.report.html import render
from pytest_llmchaos.report.summary import summary_lines

URL = "https://api.openai.com/v1/chat/completions"
OTHER = "https://api.anthropic.com/v1/messages"
BODY = {"model": "gpt-5", "messages": [{"role": "user", "content": "Where is my order?"}]}
LINEAR, CONSTANT = 1.15, 0.2
QUIET = {"runaway_retries": "a benchmark asks on and on"}


@dataclass(frozen=True)
class Case:
    """What is measured.

    Attributes:
        cost: gives the cost of a size: CPU seconds, or KiB of memory; by part where there are several, "" for all.
        sizes: the three that are measured.
        bound: the greatest exponent.
        unit: of the cost.
        parts: which share of all a part must be to be looked at by itself; below that it is noise.
    """

    name: str
    cost: Callable[[int], float | dict[str, float]]
    sizes: tuple[int, int, int]
    bound: float = LINEAR
    unit: str = "s"
    parts: float = 0.1


# --- measuring --------------------------------------------------------------------------------------------------------


def cpu(do: Callable[[], object], times: int = 1) -> float:
    """Return the least CPU seconds of doing it."""
    found = []
    for _ in range(times):
        gc.collect()
        gc.disable()  # its passes cost what the rest of the process holds
        try:
            began = time.process_time()
            do()
            found.append(time.process_time() - began)
        finally:
            gc.enable()
    return min(found)


def exponent(sizes: tuple[int, ...], costs: list[float]) -> float:
    """Return the slope of the costs over the sizes, both as logarithms."""
    across, up = [math.log(each) for each in sizes], [math.log(max(each, 1e-9)) for each in costs]
    middle, height = sum(across) / len(across), sum(up) / len(up)
    spread = sum((each - middle) ** 2 for each in across)
    return sum((x - middle) * (y - height) for x, y in zip(across, up, strict=True)) / spread


@contextmanager
def run(*what: Any, **options: Any) -> Iterator[tuple[Any, httpx2.Client]]:
    """Start a run that judges nothing by itself."""
    given = {"allow_unused": True, "checks": [], "suppress": QUIET, **options}
    with inject(*what, **given) as chaos, httpx2.Client() as client:
        yield chaos, client


def calls(client: httpx2.Client, many: int, **headers: str) -> None:
    """Make plain calls."""
    for _ in range(many):
        client.post(URL, json=BODY, headers=headers)


def a_call(*what: Any, before: Callable[[Any, httpx2.Client], object] = lambda chaos, client: None) -> float:
    """Return what a call costs in a run of this kind, once it has gone on for a while."""
    with run(*what) as (chaos, client):
        before(chaos, client)
        calls(client, 5)
        return cpu(lambda: calls(client, 20), 9) / 20


# --- a call beside much -----------------------------------------------------------------------------------------------


def long_run(many: int) -> float:
    with run() as (_, client):
        return cpu(lambda: calls(client, many))


def beside_journal(many: int) -> float:
    def fill(chaos: Any, client: httpx2.Client) -> None:
        calls(client, 1)
        first = chaos.journal.exchanges[0]
        for _ in range(many):
            chaos.journal._entries.append(replace(first))

    return a_call(before=fill)


def passed_by_target(many: int) -> float:
    return a_call(*(faults.rate_limit(target="anthropic") for _ in range(many)))


def passed_by_phase(many: int) -> float:
    return a_call(phases(many))


def passed_by_window(many: int) -> float:
    return a_call(*(faults.outage(target="openai", between=(f"{1000 + at}s", f"{1001 + at}s")) for at in range(many)))


def ended_windows(many: int) -> float:
    windows = [faults.outage(target="openai", between=(f"{at}s", f"{at + 1}s")) for at in range(many)]
    return a_call(*windows, before=lambda chaos, client: chaos.advance(f"{many + 60}s"))


def phases(many: int) -> Scenario:
    """Return a scenario of so many phases, of which the first strikes nobody."""
    told = [Phase(f"p{at}", (faults.outage(target="openai" if at else "anthropic"),), "1h") for at in range(many)]
    return Scenario("long", tuple(told))


def a_key(chance: random.Random) -> str:
    """Return a key that has no vendor's form."""
    return "".join(chance.choices(string.ascii_letters + string.digits, k=40))


def keys_in_headers(many: int) -> float:
    chance = random.Random(1)

    def use(chaos: Any, client: httpx2.Client) -> None:
        for _ in range(many):
            chaos.journal.app._came(a_key(chance), "anthropic")

    return a_call(before=use)


def keys_in_environment(many: int) -> float:
    chance = random.Random(2)
    added = {f"APP_{at}_API_KEY": a_key(chance) for at in range(many)}
    os.environ.update(added)
    try:
        return cpu(
            lambda: [look_around(), *(redact_text("a text such as a prompt, without a key") for _ in range(20))], 3
        )
    finally:
        for name in added:
            del os.environ[name]


# --- a long journal ---------------------------------------------------------------------------------------------------

_PARAMETERS: dict[str, dict[str, Any]] = {
    "answer_marked_degraded": {"marked": lambda result: True},
    "answered_within": {"within": "1h"},
    "attempts": {"at_most": 100_000},
    "baseline_unchanged": {"before": "ask 1", "after": "ask 3"},
    "breaker": {"opens_after": 3, "half_opens_after": "1m"},
    "cost_at_most": {"limit": 1000},
    "cost_within": {"times": 10},
    "destinations": {"only": ["api.openai.com", "api.anthropic.com"]},
    "documented_error": {"types": [RuntimeError]},
    "fallback_only_on_fault": {"to": "anthropic"},
    "fallback_well_formed": {"to": "anthropic"},
    "failed_over": {"to": "anthropic"},
    "first_token_within": {"within": "1m"},
    "idle_gap_within": {"within": "1m"},
    "in_flight_at_most": {"count": 1000},
    "not_called": {"target": "cohere"},
    "recovered": {"to": "openai"},
    "retries_spread": {"within": "1s"},
}
"""What the checks need to be told."""


def judged(many: int) -> dict[str, float]:
    """Judge a run of so many calls, half of which go elsewhere when they fail, by each check and those always on."""
    outage = faults.outage(target="openai", rate=0.5)
    with run(outage) as (chaos, client):
        for nth in range(many // 2):
            body = {"model": "gpt-5", "messages": [{"role": "user", "content": f"order {nth % 97}"}], "max_tokens": 9}
            with chaos.request(f"ask {nth}") if nth % 2 else nullcontext() as asked:
                failed = client.post(URL, json={**body, "stream": not nth % 5}).status_code >= 400
                if failed or nth % 3:
                    client.post(OTHER, json={**body, "model": "claude-sonnet-4-5"})
                else:
                    client.post(URL, json=body)
                if asked is not None:
                    asked.result = f"this is answer {nth}"
                    chaos.effect("reply", nth)
        costs = {name: cpu(lambda name=name: chaos.judge(name, **_PARAMETERS.get(name, {}))) for name in checks.names()}
        costs["those always on"] = cpu(lambda: always_on.judge(chaos.journal))
        costs["timeline"] = cpu(lambda: timeline(chaos.journal))
        return {"": sum(costs.values()), **costs}


# --- what passes through ----------------------------------------------------------------------------------------------


_SERVER = """
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        size = int(self.headers["x-size"])
        self.send_response(200)
        self.send_header("content-length", str(size))
        self.end_headers()
        for _ in range(size // 65536):
            self.wfile.write(bytes(65536))
    def log_message(self, *told): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
print(server.server_port, flush=True)
server.serve_forever()
"""


@contextmanager
def server() -> Iterator[str]:
    """Start a process that answers with as many bytes as it is asked for; give its address."""
    with subprocess.Popen([sys.executable, "-c", _SERVER], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1/chat/completions"
        finally:
            process.kill()


def through_server(many: int) -> tuple[float, float]:
    """Return what so many bytes of a server on this machine cost through a run and bare."""
    with server() as url, httpx2.Client() as client:

        def read() -> None:
            assert len(client.post(url, json=BODY, headers={"x-size": str(many)}).content) == many

        bare = cpu(read, 5)
        with run(upstream="passthrough") as (chaos, _):
            ours = cpu(read, 5)
            assert chaos.calls
    return ours, bare


def through_mock(many: int, piece: int) -> tuple[float, float]:
    """Return the same where a mock answers, in pieces of this size."""
    buffer = bytearray(range(256)) * (piece // 256)

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, content=(bytes(buffer) for _ in range(many // piece)))

    with httpx2.Client(transport=httpx2.MockTransport(answer)) as client:
        bare = cpu(lambda: client.post(URL, json=BODY), 5)
        with run():
            return cpu(lambda: client.post(URL, json=BODY), 5), bare


def stream(many: int) -> float:
    """Return the CPU seconds of reading a simulated stream of so many chunks."""
    with run() as (chaos, client):
        chaos.replies("word " * many)
        return cpu(lambda: _read(client))


def stream_peak(many: int) -> float:
    """Return the peak of memory meanwhile, in KiB, the text of the answer itself left out."""
    with run() as (chaos, client):
        chaos.replies("word " * many)
        tracemalloc.start()
        _read(client)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return peak / 1024


def _read(client: httpx2.Client) -> None:
    with client.stream("POST", URL, json={**BODY, "stream": True}) as response:
        for _ in response.iter_raw():
            pass


# --- many at once -----------------------------------------------------------------------------------------------------


def tasks(many: int) -> float:
    """Return what so many asyncio tasks cost, each of which waits for an answer."""

    async def together() -> None:
        async with httpx2.AsyncClient(limits=httpx2.Limits(max_connections=None)) as client:
            await asyncio.gather(*(client.post(URL, json=BODY) for _ in range(many)))

    with run(faults.latency("2s")):
        return cpu(lambda: asyncio.run(together()))


def threads(many: int) -> float:
    """Return what so many threads cost, each of which waits for five answers."""
    with run(faults.latency("2s")) as (_, client), ThreadPoolExecutor(many) as pool:
        return cpu(lambda: list(pool.map(lambda _: calls(client, 5), range(many))))


# --- a whole suite ----------------------------------------------------------------------------------------------------


def records(many: int) -> Iterator[Record]:
    """Yield the records of so many tests, made of a few real ones."""
    made = []
    for rate in (0.2, 0.5, 1.0):
        with run(Scenario(f"outage-{rate}", (Phase("down", (faults.outage(target="openai", rate=rate),)),))) as (
            chaos,
            client,
        ):
            calls(client, 6)
            chaos.judge("failed_over", to="anthropic")
        made.append(record(chaos, outcome="failed" if rate == 1 else "passed", wall=0.5))
    for nth in range(many):
        one = made[nth % len(made)]
        yield replace(one, test=f"tests/test_{nth % 90}.py::test_{nth}[llmchaos:{one.scenarios[0]}]")


def suite(many: int) -> dict[str, float]:
    """Return what reading the journal of so many tests, the gate, the summary and the page cost."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.jsonl"
        path.write_text("".join(f"{to_json(each)}\n" for each in records(many)))
        found: list[Record] = []
        costs = {"read": cpu(lambda: found.extend(counting(path)[0]))}
        costs["gate"] = cpu(lambda: judge(found, Policy(attempts=3, added_latency=5, require=("outage-*",))))
        costs["summary"] = cpu(lambda: summary_lines(found, width=100, colour=False, verbosity=1))
        costs["HTML"] = cpu(lambda: render(found))
    return {"": sum(costs.values()), **costs}


def suite_peak(many: int) -> float:
    """Return the peak of the process that reads and renders them, in KiB; on Linux."""
    with tempfile.TemporaryDirectory() as folder:
        path, page = Path(folder) / "journal.jsonl", Path(folder) / "page.html"
        with path.open("w") as file:
            file.writelines(f"{to_json(each)}\n" for each in records(many))
        code = (
            "from pytest_llmchaos.cli import main\n"
            "try: main()\n"
            "except SystemExit: print(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0])"
        )
        command = [sys.executable, "-c", code, "report", str(path), "--html", str(page)]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(told.split()[-1])


# --- all of it --------------------------------------------------------------------------------------------------------

CASES = (
    Case("calls in one run", long_run, (200, 800, 3200)),
    Case("a call beside a journal", beside_journal, (100, 1000, 10_000), CONSTANT),
    Case("a call, injections of another target", passed_by_target, (40, 400, 4000), CONSTANT),
    Case("a call, phases that are not on", passed_by_phase, (40, 400, 4000), CONSTANT),
    Case("a call, windows to come", passed_by_window, (40, 400, 4000), CONSTANT),
    Case("a call, windows that are over", ended_windows, (16, 160, 1600), CONSTANT),
    Case("a call, API keys in headers", keys_in_headers, (60, 600, 6000), CONSTANT),
    Case("keys in the environment", keys_in_environment, (60, 600, 6000)),
    Case("a journal, all checks", judged, (500, 2000, 8000)),
    Case("passed through, a mock beneath", lambda many: through_mock(many, 2**16)[0], (2**22, 2**24, 50 * 2**20)),
    Case("passed through, a server", lambda many: through_server(many)[0], (2**22, 2**24, 50 * 2**20)),
    Case("chunks of a stream", stream, (3_000, 30_000, 300_000)),
    Case("chunks of a stream, memory", stream_peak, (1000, 10_000, 100_000), CONSTANT, "KiB"),
    Case("tasks of asyncio", tasks, (60, 250, 1000)),
    Case("threads", threads, (4, 16, 64)),
    Case("tests of a suite", suite, (300, 1200, 5000)),
    Case("tests of a suite, memory", suite_peak, (300, 1200, 5000), unit="KiB"),
)


def told(case: Case) -> bool:
    """Measure a case and print its row; tell whether it keeps its bound."""
    case.cost(case.sizes[0])  # what is imported and cached at the first time
    costs = [case.cost(each) for each in case.sizes]
    found = [each if isinstance(each, dict) else {"": each} for each in costs]
    good = True
    for part in found[-1]:
        row = [each[part] for each in found]
        slope = exponent(case.sizes, row)
        over = slope > case.bound and (not part or row[-1] > case.parts * found[-1][""])
        good = good and not over
        if over or not part:
            name = f"{case.name}: {part}" if part else case.name
            shown = "".join(f"{each * 1000:11.2f} ms" if case.unit == "s" else f"{each:10.0f} KiB" for each in row)
            print(f"{name:<40}{shown}{slope:8.2f}{'  > ' + str(case.bound) if over else ''}", flush=True)
    return good


def through_against_bare() -> None:
    """Print what 50 MB cost through a run as a ratio to the same without one."""
    size = 50 * 2**20
    for name, (ours, bare) in (
        ("a server", through_server(size)),
        ("a mock, in pieces of 64 KiB", through_mock(size, 2**16)),
        ("a mock, in one piece", through_mock(size, size)),
    ):
        print(f"50 MB of {name}: {ours * 1000:.1f} ms, bare {bare * 1000:.1f} ms, {ours / bare:.2f} x")


def main(words: list[str]) -> int:
    """Measure what was asked for; return 1 where something grows faster than it may."""
    print(f"{'':<40}{'three sizes':>26}{'exponent':>24}")
    good = [told(each) for each in CASES if not words or any(word in each.name for word in words)]
    if not words or "through" in words:
        through_against_bare()
    return int(not all(good))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
