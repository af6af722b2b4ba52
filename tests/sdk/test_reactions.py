"""Each fault makes the real SDKs do what they do in production; the facts stand in `reactions.toml`."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from itertools import pairwise
from typing import Any

import pytest

from pytest_llmchaos import ChaosFailed, faults

from .reactions import Bounds, Reaction, http_errors, read
from .shapes import MODES, SHAPES, Outcome, ask, installed

REACTIONS = read()
PROVIDERS = tuple(SHAPES)


def _here(reaction: Reaction) -> Any:
    marks = []
    if reaction.provider == "anthropic":  # there is no older line of it that we stand for
        marks.append(pytest.mark.needs_current_sdk)
    line = reaction.sdk or reaction.provider
    if not installed(line):
        marks.append(pytest.mark.skip(reason=f"{line} is not installed"))
    return pytest.param(reaction, id=str(reaction), marks=marks)


def _dotted(value: Any, path: str) -> Any:
    for name in path.split("."):
        if isinstance(value, list):
            value = value[int(name)]
        else:
            value = value[name] if isinstance(value, dict) else getattr(value, name)
    return value


def _members(value: Any, expected: dict[str, Any]) -> dict[str, Any]:
    """Return the members that are expected, written as the rows write them."""
    found = {}
    for path, wanted in expected.items():
        member = _dotted(value, path)
        if wanted == "<some>" and member not in (None, "", []):
            member = "<some>"
        found[path] = "<none>" if member is None else member
    return found


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("reaction", [_here(each) for each in REACTIONS])
def test_reaction(reaction, mode):
    """The installed SDK raises (or swallows), retries and waits as measured."""
    chaos, outcome = ask(reaction.provider, reaction.call, mode, reaction.injection, timeout=reaction.timeout)
    _check_error(reaction, outcome)
    if reaction.events is not None:
        assert len(outcome.events) == reaction.events
    if reaction.result:
        assert _members(outcome.result, reaction.result) == reaction.result
    if reaction.last:
        assert _members(outcome.events[-1], reaction.last) == reaction.last
    assert [call.retry for call in chaos.calls] == list(range(reaction.attempts))
    _check_time(reaction, chaos, outcome)


def _check_error(reaction: Reaction, outcome: Outcome) -> None:
    if reaction.raises == "none":
        if outcome.error is not None:
            raise outcome.error
        return
    module, _, name = reaction.raises.rpartition(".")
    assert type(outcome.error) is getattr(import_module(module), name), repr(outcome.error)
    assert _members(outcome.error, reaction.attributes) == reaction.attributes
    assert reaction.message in str(outcome.error)
    if reaction.cause is not None:
        assert type(outcome.error.__cause__).__name__ == reaction.cause
        assert outcome.error.__cause__.request is not None


def _check_time(reaction: Reaction, chaos: Any, outcome: Outcome) -> None:
    """Attempts, the gaps between them and the whole: what was waited, and the little that the machine needed itself."""
    calls = chaos.calls
    tries = [call.ended - call.started for call in calls]
    gaps = [after.started - before.ended for before, after in pairwise(calls)]
    parts = [*((took, reaction.tries) for took in tries), *zip(gaps, reaction.waits, strict=True)]
    for took, (low, high) in [*parts, (chaos.now, _sum(bounds for _, bounds in parts))]:
        assert low - 0.001 <= took <= high + outcome.took


def _sum(bounds: Iterable[Bounds]) -> Bounds:
    lows, highs = zip(*bounds, strict=True)
    return sum(lows), sum(highs)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("fault", faults.names())
def test_every_fault_has_a_reaction(fault, provider):
    """A fault without a measured reaction, plain and streamed, is a claim without proof."""
    kinds = {each.shape.stream for each in REACTIONS if (each.provider, each.fault) == (provider, fault)}
    wanted = {True} if faults.find(fault).fault.streams_only else {False, True}
    assert kinds == wanted, f"reactions.toml lacks a row for {fault} at {provider}"


def test_rows_are_stated_once():
    """Two rows for one thing would hide a change in one of them."""
    seen = [(each.provider, str(each)) for each in REACTIONS if not each.sdk or installed(each.sdk)]
    assert sorted(seen) == sorted(set(seen))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("provider", "call"),
    [("openai", "chat"), pytest.param("anthropic", "messages", marks=pytest.mark.needs_current_sdk)],
)
@pytest.mark.parametrize("fault", [name for name in faults.names() if faults.find(name).fault.streams_only])
def test_a_stream_fault_at_a_plain_call_fails_the_run(provider, call, fault, mode):
    """A fault that cannot apply says so, whatever the SDK makes of the exception."""
    with pytest.raises(ChaosFailed) as failed:
        ask(provider, call, mode, faults.find(fault)())
    reasons = [verdict.reason for verdict in failed.value.verdicts]
    assert f"{fault} breaks a stream, and this chat call asks for no stream" in reasons[0]


@pytest.mark.parametrize(
    ("fault", "mode", "text"), [pytest.param(*each, id="-".join(each[:2])) for each in http_errors()]
)
def test_text_of_the_http_librarys_own_error(fault, mode, text):
    """Behind the SDK's exception stands the HTTP library's, with the words that it has in production."""
    _, outcome = ask("openai", "chat", mode, faults.find(fault)())
    assert str(outcome.error.__cause__) == text
