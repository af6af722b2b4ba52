"""What the plugin costs before anything is asked of a provider, in CPU time of whole processes of pytest.

    pip install -e '.[test]' && python benchmarks/startup.py

Each figure is the least of several processes, taken in turns with those that it is compared with. Other plugins of this
environment are switched off, so that it is like one in which nothing but pytest-llmchaos and an SDK was installed.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from importlib.metadata import entry_points, version
from pathlib import Path

ROUNDS = 5
# The pytest plugins that come with our dependencies, by the names that pytest knows them by.
BROUGHT = {
    "faker": "faker",
    "hypothesispytest": "hypothesis",
    "anyio": "anyio",
    "time_machine": "time-machine",
    "respx": "respx",
}

# The app's own imports and its client are in both; only the way in which the provider is answered for is not.
MARKED = """
import time

import openai
import pytest
from pytest_llmchaos import faults


@pytest.mark.llmchaos(faults.latency("1s", target="openai"))
def test_first():
    client = openai.OpenAI(api_key="no-key")
    client.chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": "hello"}])
    print("took", time.process_time())
"""
PEER = """
import time

import httpx2
import openai

ANSWER = {"id": "1", "object": "chat.completion", "created": 1, "model": "gpt-5", "choices": [
    {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hello"}}]}


def test_first():
    mock = httpx2.MockTransport(lambda request: httpx2.Response(200, json=ANSWER))
    openai.OpenAI(api_key="no-key")  # as in the other one, whose client reads the certificates
    client = openai.OpenAI(api_key="no-key", http_client=httpx2.Client(transport=mock))
    client.chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": "hello"}])
    print("took", time.process_time())
"""


def main() -> None:
    """Print a line for each thing that costs."""
    packages = ("pytest-llmchaos", "pytest", "openai", *BROUGHT.values())
    print(f"Python {platform.python_version()}, " + ", ".join(f"{each} {version(each)}" for each in packages))
    print(f"{'':<44}{'with':>10}{'without':>11}{'costs':>11}")
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("empty", ""), ("marked", MARKED), ("peer", PEER)):
            (Path(folder) / name).mkdir()
            (Path(folder) / name / "test_it.py").write_text(text)
            (Path(folder) / name / "pytest.ini").write_text("[pytest]\n")
        empty, marked, peer = (str(Path(folder) / each) for each in ("empty", "marked", "peer"))
        row("the plugin, a suite without chaos", (empty, ()), (empty, ("llmchaos",)))
        row("a first test under chaos, its call included", (marked, ()), (peer, ()))
        for name, package in BROUGHT.items():
            row(f"the plugin of {package}: -p no:{name}", (empty, ()), (empty, (name,)))
        row("all five of them", (empty, ()), (empty, tuple(BROUGHT)))


def row(name: str, subject: tuple[str, tuple[str, ...]], peer: tuple[str, tuple[str, ...]]) -> None:
    """Measure both in turns, and print the line."""
    took: dict[tuple[str, tuple[str, ...]], list[float]] = {subject: [], peer: []}
    for number in range(ROUNDS + 1):
        for each, spent in took.items():
            cpu = cpu_of(*each)
            if number:  # the first compiles
                spent.append(cpu)
    ours, theirs = min(took[subject]), min(took[peer])
    print(f"{name:<44}{ours:7.0f} ms{theirs:8.0f} ms{ours - theirs:+8.0f} ms", flush=True)


def cpu_of(folder: str, off: Iterable[str]) -> float:
    """Return the milliseconds that pytest takes for a suite: until it says, or else until its end."""
    ours = {*BROUGHT, "llmchaos"}
    others = {each.name for each in entry_points(group="pytest11")} - ours
    switches = [f"-pno:{each}" for each in sorted({*others, *off})]
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-pno:cacheprovider", *switches, folder]
    before = children()
    # Whatever else it says, an empty suite is exit code 5.
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 5), done.stdout + done.stderr
    said = [line for line in done.stdout.splitlines() if line.startswith("took ")]
    return float(said[0].split()[1]) * 1000 if said else children() - before


def children() -> float:
    """Return the CPU milliseconds of the processes that were waited for."""
    spent = os.times()
    return (spent.children_user + spent.children_system) * 1000


if __name__ == "__main__":
    main()
