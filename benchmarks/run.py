"""What a run leaves behind costs, and what memory a long stream takes, as ratios within one run.

    pip install -e '.[test]' && python benchmarks/run.py

Figures of one machine say little; the ratios are what to compare. What a call costs is in `peers.py`.
"""

from __future__ import annotations

import gc
import importlib
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable

import httpx2

from pytest_llmchaos import inject

URL = "https://api.openai.com/v1/chat/completions"
MESSAGES = [{"role": "user", "content": "Where is my order?"}]
real_time = time.perf_counter


def compare(
    subject: Callable[[], object], peer: Callable[[], object], rounds: int = 30, block: int = 1
) -> tuple[float, float]:
    """Return the median times of both in milliseconds, measured in turns so that a busy machine slows both alike."""
    took: dict[Callable[[], object], list[float]] = {subject: [], peer: []}
    for number in range(rounds + 3):
        for each in (subject, peer):
            gc.collect(0)
            began = real_time()
            for _ in range(block):
                each()
            if number >= 3:
                took[each].append((real_time() - began) * 1000 / block)
    return statistics.median(took[subject]), statistics.median(took[peer])


def idle_hook(before: float) -> None:
    """An import with the audit hook that a run leaves behind, against the same `before` the first run."""
    with inject(allow_unused=True, clock="real"):
        pass
    row("import with the idle hook", imports(), before, "about 1")


def imports() -> float:
    """Return the milliseconds of importing a small package anew; a file that is imported is most of all events."""
    import json

    def again() -> None:
        for name in [each for each in sys.modules if each.partition(".")[0] == "json"]:
            del sys.modules[name]
        importlib.import_module("json")

    try:
        return compare(again, again, rounds=200)[0]
    finally:
        sys.modules["json"] = json


def stream_memory() -> None:
    """A stream of 100,000 events against one of 1,000: peak memory must not grow with it."""

    def peak(words: int) -> float:
        text = "word " * words
        with inject() as chaos:
            chaos.replies(text)
            client = httpx2.Client()
            tracemalloc.start()
            events = 0
            body = {"model": "gpt-5", "stream": True, "messages": MESSAGES}
            with client.stream("POST", "https://api.openai.com/v1/chat/completions", json=body) as response:
                for chunk in response.iter_raw():
                    events += chunk.count(b"data:")
            size = tracemalloc.get_traced_memory()[1] / 1024
            tracemalloc.stop()
        assert events >= words, (events, words)
        return size

    peak(100)
    small, large = peak(1_000), peak(100_000)
    name = "peak of a 100,000-event stream"
    print(f"{name:<32}{large:9.0f} KiB{small:9.0f} KiB{large / small:8.2f} x   against 1,000 events")


def row(name: str, subject: float, peer: float, note: str) -> None:
    """Print one line."""
    print(f"{name:<32}{subject:9.3f} ms {peer:9.3f} ms {subject / peer:8.2f} x   {note}")


if __name__ == "__main__":
    print(f"{'':<32}{'llmchaos':>12}{'peer':>13}{'ratio':>11}")
    idle_hook(imports())
    stream_memory()
