"""One call of a provider's own SDK under chaos, with real interception, and what came of it."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from pytest_llmchaos import faults
from pytest_llmchaos.faults import Injection
from pytest_llmchaos.providers import Providers
from pytest_llmchaos.session import Chaos

MESSAGES = [{"role": "user", "content": "Where is my order?"}]
KEY = "sk-canary-0123456789abcdefghij"
LATE = faults.latency("20s")
WAIT = faults.rate_limit(retry_after="7s")
BACKOFF = (1.125, 1.5)
"""Seconds between three tries of the SDKs that Stainless makes: 0.5 s doubled, less a quarter at most."""


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
    chaos.start()
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
        chaos.stop()
        outcome.took = time.perf_counter() - began
    chaos.finish()
    assert chaos.verdict_error() is None, chaos.verdict_error()
    return outcome


@dataclass(frozen=True)
class Row:
    """What an SDK does about one fault.

    Attributes:
        raises: class of the exception as its users import it; None where the call gives an answer as if all were well.
        says: a part of its text.
        attempts: HTTP requests.
        lasts: seconds of virtual time, lowest and highest.
        has: attributes of the exception.
        pieces: how many pieces of the stream reach the app.
    """

    fault: Injection
    raises: str | None
    says: str = ""
    attempts: int = 1
    lasts: tuple[float, float] = (0.0, 0.0)
    has: tuple[tuple[str, Any], ...] = ()
    pieces: int | None = None

    def __str__(self) -> str:
        return str(self.fault.fault).replace(" ", "")

    def check(self, ask: Callable[[], Any], provider: str, own: dict[str, Any] | None = None) -> Outcome:
        """Ask, and make sure that the SDK does so."""
        outcome = react(ask, self.fault, own=own)
        error = outcome.error
        if self.raises is None:
            assert error is None, repr(error)
        else:
            module, _, name = self.raises.rpartition(".")
            assert type(error) is getattr(importlib.import_module(module), name), repr(error)
            assert self.says in str(error)
            assert {key: getattr(error, key) for key, _ in self.has} == dict(self.has)
        assert {call.provider for call in outcome.chaos.calls} == {provider}
        assert len(outcome.chaos.calls) == self.attempts
        low, high = self.lasts
        assert low - 0.001 <= outcome.chaos.now <= high + outcome.took
        if self.pieces is not None:
            assert len(outcome.result) == self.pieces
        return outcome


def rows(*given: Row) -> Any:
    """Parametrize a test with the rows."""
    return pytest.mark.parametrize("row", given, ids=str)
