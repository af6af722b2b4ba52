"""One call of a provider's own SDK under chaos, with real interception, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from pytest_llmchaos import faults
from pytest_llmchaos.faults import Injection
from pytest_llmchaos.intercept import active_runs
from pytest_llmchaos.providers import Providers
from pytest_llmchaos.run.chaos import Chaos

MESSAGES = [{"role": "user", "content": "Where is my order?"}]
KEY = "sk-canary-0123456789abcdefghij"
LATE = faults.latency("20s")


def sdk(name: str) -> Any:
    """Import an SDK, or skip the module."""
    return pytest.importorskip(name, reason=f"needs {name}: pip install -e '.[test,providers]'")


@dataclass
class Outcome:
    """What an app gets, and the run that it got it in. `took` is real time in seconds."""

    chaos: Chaos
    result: Any = None
    error: Exception | None = None
    took: float = 0.0


def react(ask: Callable[[], Any], *injections: Injection, own: dict[str, Any] | None = None) -> Outcome:
    """Ask once under chaos; a stream is read to its end, and its pieces are the result."""
    chaos = Chaos(loose=injections, providers=Providers(own))
    outcome, pieces, began = Outcome(chaos), [], time.perf_counter()
    active_runs.start(chaos)
    try:
        answer = ask()
        if hasattr(answer, "__next__") or type(answer).__name__ in ("Stream", "EventStream"):
            for piece in answer:
                pieces.append(piece)  # noqa: PERF402 - what came before an exception counts
            answer = pieces
        outcome.result = answer
    except Exception as error:
        outcome.result, outcome.error = pieces, error
    finally:
        active_runs.stop(chaos)
        outcome.took = time.perf_counter() - began
    chaos.finish()
    assert chaos.verdict_error() is None, chaos.verdict_error()
    return outcome
