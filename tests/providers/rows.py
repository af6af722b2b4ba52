"""What an SDK does about one fault, as a row of a table next to its test: for SDKs without tables in `tests/sdk`."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from pytest_llmchaos.faults import Injection

from .reach import Outcome, react

BACKOFF = (1.125, 1.5)
"""Seconds between three tries of the SDKs that Stainless makes: 0.5 s doubled, less a quarter at most."""


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
        return str(self.fault).replace(" ", "")

    def check(self, ask: Callable[[], Any], provider: str) -> Outcome:
        """Ask, and make sure that the SDK does so."""
        outcome = react(ask, self.fault)
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
