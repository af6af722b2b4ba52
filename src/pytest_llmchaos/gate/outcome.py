"""How a test came out: the one reading of a record that the gate, the baseline and every form of the report share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .record import Record

__all__ = ["APART", "RECORD_OUTCOMES", "RecordOutcome", "outcome_of"]

RecordOutcome = Literal[
    "violated", "failed", "error", "inconclusive", "xfailed", "not hit", "held", "no calls", "skipped", "kept out"
]
RECORD_OUTCOMES: tuple[RecordOutcome, ...] = RecordOutcome.__args__  # type: ignore[attr-defined]
"""Worst first. `failed`: the test failed although no check says so; `error`: it could not run; `not hit`: it passed,
but not every scenario's faults struck a call, so that it proves nothing; `no calls`: it made no LLM call, so that chaos
could not concern it; `kept out`: `llmchaos.off` says so."""
APART: tuple[RecordOutcome, ...] = ("no calls", "kept out")
"""What was not under chaos."""


def outcome_of(record: Record) -> RecordOutcome:
    """Return one of `RECORD_OUTCOMES`: nothing counts as held that was not put to the test.

    An always-on check without evidence does not count: it says nothing about most tests. Any other one does. Where the
    test itself failed, a check that stayed open explains the failure only if nothing else went wrong. A test that was
    hit and then skipped has shown nothing.
    """
    if record.off:
        return "kept out"
    outcomes = {each["outcome"] for each in record.verdicts}
    asked = {each["outcome"] for each in record.verdicts if not each["always"]}
    if "violated" in outcomes and record.outcome != "xfailed":
        return "violated"
    if record.outcome == "skipped":
        return "inconclusive" if record.struck else "skipped"
    if record.outcome == "error" and not record.struck:
        return "error"
    if record.llm == "none" and (record.applied or record.outcome == "passed"):
        return "no calls"
    if record.outcome == "xfailed":
        return "xfailed"
    if "inconclusive" in asked and record.outcome in ("passed", "failed") and not record.raised:
        return "inconclusive"
    if record.outcome != "passed":
        return "failed"
    return "held" if record.struck and not record.missed else "not hit"
