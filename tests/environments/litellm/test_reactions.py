"""What litellm makes of each fault, sync and async, by back end; the facts stand in `reactions.toml`."""

from __future__ import annotations

import sys
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from pytest_llmchaos import faults

from .calls import BACKENDS, MODES, ask, litellm

_TABLE = tomllib.loads(Path(__file__).with_name("reactions.toml").read_text("utf-8"))
ASKED_FOR = (
    "outage",
    "rate_limit",
    "model_retired",
    "auth_revoked",
    "policy_refusal",
    "latency",
    "stream_cut",
    "stream_truncated",
    "stream_error",
)


@dataclass(frozen=True)
class Reaction:
    """What becomes of one call that meets one fault; the members are told in `reactions.toml`."""

    backend: str
    call: str
    mode: str
    fault: str
    raises: str
    args: dict[str, Any] = field(default_factory=dict)
    timeout: float | None = None
    status: int | None = None
    says: str = ""
    attempts: int = 1
    lasts: Any = 0
    finish: str | None = None

    @property
    def seconds(self) -> tuple[float, float]:
        """Virtual time, lowest and highest."""
        span = _TABLE["backoff"] if self.lasts == "backoff" else self.lasts
        low, high = span if isinstance(span, list) else (span, span)
        return float(low), float(high)

    def __str__(self) -> str:
        args = "".join(f",{key}={value}" for key, value in self.args.items())
        return f"{self.backend}-{self.call}-{self.mode}-{self.fault}{args}"


def read() -> list[Reaction]:
    """Return the rows, one reaction for each back end, kind of call and mode."""
    found = []
    for row in _TABLE["reaction"]:
        given = {key: row[key] for key in ("fault", "args", "timeout") if key in row}
        for backend in BACKENDS.keys() & row.keys():
            for call in row.get("calls", ["plain", "stream"]):
                for mode in MODES:
                    facts = dict(row[backend])
                    other = {"stream": facts.pop("stream", {}), "async": facts.pop("async", {})}
                    old = facts.pop("sync_before_3_13", {})
                    other["sync"] = old if sys.version_info < (3, 13) else {}
                    facts |= other.get(call, {}) | other.get(mode, {})
                    found.append(Reaction(backend, call, mode, **given, **facts))
    return sorted(found, key=str)


@pytest.mark.parametrize("reaction", read(), ids=str)
def test_reaction(reaction):
    """litellm raises (or swallows), retries and waits as measured."""
    fault = faults.find(reaction.fault)(**reaction.args)
    outcome = ask(reaction.backend, reaction.call, reaction.mode, fault, timeout=reaction.timeout)
    if reaction.raises == "none":
        assert outcome.error is None, repr(outcome.error)
        assert outcome.finish == reaction.finish
    else:
        assert type(outcome.error) is getattr(litellm.exceptions, reaction.raises), repr(outcome.error)
        assert outcome.error.status_code == reaction.status
        assert reaction.says in str(outcome.error)
    assert {each.provider for each in outcome.chaos.calls} == {reaction.backend}
    assert len(outcome.chaos.calls) == reaction.attempts
    low, high = reaction.seconds
    assert low - 0.001 <= outcome.chaos.now <= high + outcome.took


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_back_end_has_its_rows(backend):
    """What is promised for an SDK is proven for each back end."""
    proven = {row["fault"] for row in _TABLE["reaction"] if backend in row}
    assert proven >= set(ASKED_FOR)
