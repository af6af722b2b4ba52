"""Every combination of outcome, verdicts and what was hit has one standing, and only evidence counts as survival."""

from __future__ import annotations

from itertools import product

import pytest

from pytest_llmchaos.gate.counting import counted
from pytest_llmchaos.gate.outcome import outcome_of
from pytest_llmchaos.gate.record import OUTCOMES, Record

REACHES = ("none", "calls", "struck", "partly")
VERDICTS = ("held", "violated", "inconclusive", "open always")


def call(*faults):
    """Return a call as records hold it."""
    entry = {"type": "exchange", "provider": "openai", "operation": "chat", "started": 0.0}
    return {**entry, "faults": list(faults)}


def made(outcome, raised, applied, reach, verdicts):
    """Return a record under two scenarios; `partly`: only one of them struck."""
    entries = {"none": [], "calls": [call()]}.get(reach, [call("outage")])
    told = [
        {
            "check": "x",
            "outcome": "inconclusive" if each == "open always" else each,
            "reason": "",
            "evidence": [],
            "always": each == "open always",
        }
        for each in verdicts
    ]
    return Record(
        "t.py::a",
        scenarios=["one", "two"],
        hit={"struck": ["one", "two"], "partly": ["one"]}.get(reach, []),
        applied=applied,
        outcome=outcome,
        raised=raised,
        llm="none" if reach == "none" else "calls",
        verdicts=told,
        entries=entries,
    )


def rows(outcome, raised, applied, reach, verdicts):
    """Yield the rows of the table, the first that applies decides."""
    hit = reach in ("struck", "partly")
    yield "violated" in verdicts and outcome != "xfailed", "violated", "failed"
    yield outcome == "skipped" and hit, "inconclusive", "inconclusive"
    yield outcome == "skipped", "skipped", "skipped"
    yield outcome == "error" and not hit, "error", "error"
    yield reach == "none" and (applied or outcome == "passed"), "no calls", "no calls"
    yield outcome == "xfailed", "xfailed", "failed"
    yield outcome == "error", "failed", "failed"
    yield "inconclusive" in verdicts and not raised, "inconclusive", "inconclusive"
    yield outcome == "failed", "failed", "failed"
    yield reach == "struck", "held", "survived"
    yield True, "not hit", "inconclusive"


ALL = [
    (outcome, raised, applied, reach, tuple(each for each, there in zip(VERDICTS, some, strict=True) if there))
    for outcome, raised, applied, reach in product(OUTCOMES, (False, True), (False, True), REACHES)
    for some in product((False, True), repeat=len(VERDICTS))
    if not (raised and outcome in ("passed", "skipped"))
]


def test_the_whole_table():
    """Each combination stands where its first row says, in reports and in the gate."""
    for each in ALL:
        record = made(*each)
        how, counts = next((how, counts) for applies, how, counts in rows(*each) if applies)
        assert (outcome_of(record), counted(record)) == (how, counts), each


def test_only_what_passed_all_that_was_asked_survives():
    """Whatever else is true of it."""
    for each in ALL:
        outcome, _, _, reach, verdicts = each
        if counted(made(*each)) == "survived":
            assert (outcome, reach) == ("passed", "struck"), each
            assert not {"violated", "inconclusive"} & {*verdicts}, each


@pytest.mark.parametrize("more", VERDICTS)
def test_a_verdict_more_makes_nothing_better(more):
    """Neither a violated nor an open one turns what did not survive into what did; a held one changes nothing."""
    for each in ALL:
        *rest, verdicts = each
        before, after = made(*each), made(*rest, (*verdicts, more))
        if more in ("held", "open always"):
            assert outcome_of(before) == outcome_of(after), each
        elif counted(before) != "survived":
            assert counted(after) != "survived", each


def test_what_keeps_out_is_not_judged():
    """Whatever came of it."""
    for outcome in OUTCOMES:
        assert outcome_of(Record("t.py::a", outcome=outcome, off="why")) == "kept out"
