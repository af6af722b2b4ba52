"""Each fault makes the real SDKs do what they do in production; the facts stand in `reactions/`."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest

from pytest_llmchaos import ChaosFailed, faults

from ..thorough import turn
from .shapes import MODES, SDKS, Outcome, answers, ask, marks
from .table import CONDITIONS, HERE, Bounds, Reaction, http_errors, read

REACTIONS = read()
EVERY_FAULT = ("openai", "anthropic")
"""The SDKs whose tables have every fault there is; the others have at least the conditions of `CONDITIONS`."""

# Odd answers that an app can use; the exchange names the fault and is no failure.
USABLE = ("model_substituted", "stream_duplicate", "stream_held_open")

# What one call cannot show: a limit lets the first through, and no SDK asks for a status page.
NOT_ONE_CALL = ("status_page", "token_bucket")

# Faults of operations that are never streamed, and of one that anthropic does not have.
PLAIN_ONLY: dict[tuple[str, str], set[str]] = {
    ("deprecation_notice", "openai"): {"plain"},
    ("deprecation_notice", "anthropic"): {"plain"},
    ("wrong_embeddings", "openai"): {"plain"},
    ("wrong_embeddings", "anthropic"): set(),
}


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


# Sync and async clients share how they retry, wait and raise: a row is tried in one of them, CI tries it in both.
TRIED = [(each, mode) for each in REACTIONS for mode in turn(crc32(str(each).encode()), each.modes)]


@pytest.mark.parametrize(
    ("reaction", "mode"),
    [pytest.param(each, mode, id=f"{each}-{mode}", marks=marks(each.sdk)) for each, mode in TRIED],
)
def test_reaction(reaction, mode):
    """The installed SDK raises (or swallows), retries and waits as measured."""
    chaos, outcome = ask(
        reaction.sdk,
        reaction.call,
        mode,
        *reaction.injections,
        timeout=reaction.timeout,
        allow_unused=reaction.leaves,
    )
    _check_error(reaction, outcome)
    if reaction.events is not None:
        assert len(outcome.events) == reaction.events
    if reaction.result:
        assert _members(outcome.result, reaction.result) == reaction.result
    if reaction.last:
        assert _members(outcome.events[-1], reaction.last) == reaction.last
    _check_attempts(reaction, chaos)
    _check_time(reaction, chaos, outcome)


def _check_error(reaction: Reaction, outcome: Outcome) -> None:
    if reaction.raises == "none":
        if outcome.error is not None:
            raise outcome.error
        return
    module, _, name = reaction.raises.rpartition(".")
    wanted = _dotted(outcome, reaction.raises) if module.startswith("client.") else getattr(import_module(module), name)
    assert type(outcome.error) is wanted, repr(outcome.error)
    assert _members(outcome.error, reaction.attributes) == reaction.attributes
    assert reaction.message in str(outcome.error)
    if reaction.cause is not None:
        assert type(outcome.error.__cause__).__name__ == reaction.cause
        assert outcome.error.__cause__.request is not None


def _check_attempts(reaction: Reaction, chaos: Any) -> None:
    fewest, most = reaction.attempts
    assert fewest <= len(chaos.calls) <= most
    assert {call.provider for call in chaos.calls} == {answers(reaction.sdk)}
    if reaction.shape.legs == 1:
        assert [call.attempt for call in chaos.calls] == list(range(1, len(chaos.calls) + 1))
        assert {call.stream for call in chaos.calls} == {reaction.shape.stream}
    told = [call.retry for call in chaos.calls]  # by the SDKs that have a header for it
    assert told in (list(range(len(told))), [None] * len(told))
    if reaction.fault == "healthy":
        assert all(call.ok for call in chaos.calls)
    elif reaction.silent and reaction.fault not in USABLE:
        assert chaos.calls[-1].error, "the app sees nothing, so the journal must"


def _check_time(reaction: Reaction, chaos: Any, outcome: Outcome) -> None:
    """Attempts, the gaps between them and the whole: what was waited, and the little that the machine needed itself."""
    calls = chaos.calls
    ended = [call.started if call.ended is None else call.ended for call in calls]  # openrouter leaves some unread
    tries = [end - call.started for end, call in zip(ended, calls, strict=True)]
    parts = [(took, reaction.tries) for took in tries]
    whole = reaction.lasts
    if whole is None:
        gaps = [after.started - end for end, after in zip(ended, calls[1:], strict=False)]
        parts += zip(gaps, reaction.waits, strict=True)
        whole = _sum(bounds for _, bounds in parts)
    for took, (low, high) in [*parts, (chaos.now, whole)]:
        assert low - 0.001 <= took <= high + outcome.took


def _sum(bounds: Iterable[Bounds]) -> Bounds:
    lows, highs = zip(*bounds, strict=True)
    return sum(lows), sum(highs)


# --- the tables are complete -----------------------------------------------------------------------------------------


def _kinds(streams_only: bool) -> tuple[str, ...]:
    return ("streamed",) if streams_only else ("plain", "streamed")


@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize("condition", CONDITIONS)
def test_every_sdk_tells_every_condition(condition, sdk):
    """What an SDK does is told for each condition that its users meet, plain and streamed, in each of its modes."""
    wanted = CONDITIONS[condition]
    there = {
        ("streamed" if each.shape.stream else "plain", mode)
        for each in REACTIONS
        if each.sdk == sdk and wanted.holds(each)
        for mode in each.modes
    }
    missing = {(kind, mode) for kind in _kinds(wanted.streams_only) for mode in SDKS[sdk].modes} - there
    told = ", ".join(sorted(f"{kind} {mode}" for kind, mode in missing))
    assert not missing, f"reactions/{sdk}.toml has no row for {condition!r}: {told}"


@pytest.mark.parametrize("sdk", EVERY_FAULT)
@pytest.mark.parametrize("fault", [name for name in faults.names() if name not in NOT_ONE_CALL])
def test_every_fault_has_a_reaction(fault, sdk):
    """A fault without a measured reaction, plain and streamed, is a claim without proof."""
    kinds = {
        "streamed" if each.shape.stream else "plain" for each in REACTIONS if (each.sdk, each.fault) == (sdk, fault)
    }
    wanted = set(_kinds(faults.find(fault).fault.streams_only))
    wanted &= PLAIN_ONLY.get((fault, sdk), wanted)
    assert kinds == wanted, f"reactions/{sdk}.toml lacks rows for {fault}"


def test_every_sdk_has_a_table_and_every_table_an_sdk():
    """A table whose name is misspelled would be read by nobody."""
    tables = {each.stem for each in Path(__file__).with_name("reactions").glob("*.toml")}
    assert tables == set(SDKS)


def test_every_sdk_is_tried_in_each_of_its_modes():
    """Plain and streamed, in sync and in async, whichever rows have their turn."""
    tried = {(each.sdk, each.shape.stream, mode) for each, mode in TRIED}
    assert tried == {(each.sdk, each.shape.stream, mode) for each in REACTIONS for mode in each.modes}


def test_rows_are_stated_once():
    """Two rows for one thing would hide a change in one of them."""
    seen = [f"{each}-{mode}" for each in REACTIONS for mode in each.modes]
    assert sorted(seen) == sorted(set(seen))


def test_every_row_tells_its_source():
    """A reaction is measured with an SDK of a known version, or here."""
    unknown = {each.source for each in REACTIONS if each.source != HERE and not each.source.startswith("measured: ")}
    assert not unknown


@pytest.mark.parametrize("reaction", [each for each in REACTIONS if each.raises == "none" or each.silent], ids=str)
def test_silence_is_told(reaction):
    """Where a broken call looks like a good one, the row says by what an app could tell; and only there."""
    assert bool(reaction.silent) is not reaction.passes
    assert reaction.raises == "none"


# --- beside the tables -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("sdk", "call"),
    [("openai", "chat"), pytest.param("anthropic", "messages", marks=pytest.mark.needs_current_sdk)],
)
@pytest.mark.parametrize("fault", [name for name in faults.names() if faults.find(name).fault.streams_only])
def test_a_stream_fault_at_a_plain_call_fails_the_run(sdk, call, fault, mode):
    """A fault that cannot apply says so, whatever the SDK makes of the exception."""
    with pytest.raises(ChaosFailed) as failed:
        ask(sdk, call, mode, faults.find(fault)())
    reasons = [verdict.reason for verdict in failed.value.verdicts]
    assert f"{fault} breaks a stream, and this chat call asks for no stream" in reasons[0]


@pytest.mark.parametrize(
    ("fault", "mode", "text"), [pytest.param(*each, id="-".join(each[:2])) for each in http_errors()]
)
def test_text_of_the_http_librarys_own_error(fault, mode, text):
    """Behind the SDK's exception stands the HTTP library's, with the words that it has in production."""
    _, outcome = ask("openai", "chat", mode, faults.find(fault)())
    assert str(outcome.error.__cause__) == text
