"""What the plugin costs before anything is asked of a provider, in CPU time of whole processes of pytest.

    pip install -e '.[test]' && python benchmarks/startup.py

Each figure is the least of several processes, taken in turns with all others; the share of pytest's own start is what
to compare. All other plugins are off: what two of them import is in the figure of each.
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


Suite = tuple[str, tuple[str, ...]]
"""The name of a folder, and which of the plugins are on."""

BARE: Suite = ("empty", ())
ROWS: list[tuple[str, Suite, Suite]] = [
    ("pytest-llmchaos, a suite without chaos", ("empty", ("llmchaos",)), BARE),
    ("a first test under chaos, its call included", ("marked", ("llmchaos",)), ("peer", ())),
    *((f"plugin of {package}: -p no:{name}", ("empty", (name,)), BARE) for name, package in BROUGHT.items()),
    ("all five of them", ("empty", tuple(BROUGHT)), BARE),
]


def main() -> None:
    """Print a line for each thing that costs."""
    packages = ("pytest-llmchaos", "pytest", "openai", *BROUGHT.values())
    print(f"Python {platform.python_version()}, " + ", ".join(f"{each} {version(each)}" for each in packages))
    took: dict[Suite, list[float]] = {BARE: []} | {each: [] for _, *pair in ROWS for each in pair}
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("empty", ""), ("marked", MARKED), ("peer", PEER)):
            (Path(folder) / name).mkdir()
            (Path(folder) / name / "test_it.py").write_text(text)
            (Path(folder) / name / "pytest.ini").write_text("[pytest]\n")
        for number in range(ROUNDS + 1):
            for (name, on), spent in took.items():
                cpu = cpu_of(str(Path(folder) / name), on)
                if number:  # the first compiles
                    spent.append(cpu)
    least = {each: min(spent) for each, spent in took.items()}
    print(f"pytest by itself, an empty suite: {least[BARE]:.0f} ms; what is dearer, and by how much of that:")
    for name, subject, peer in ROWS:
        more = least[subject] - least[peer]
        figures = f"{least[subject]:7.0f} ms, against{least[peer]:7.0f} ms: {more:+5.0f} ms"
        print(f"{name:<46}{figures}{more / least[BARE]:+7.2f} x")


def cpu_of(folder: str, on: Iterable[str]) -> float:
    """Return the milliseconds that pytest takes for a suite: until it says, or else until its end."""
    switches = [f"-pno:{each.name}" for each in entry_points(group="pytest11") if each.name not in on]
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
