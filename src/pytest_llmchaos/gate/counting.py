"""Which of several records of a test counts, and as what: for the gate, the baseline and reports of several runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Literal

from .outcome import RECORD_OUTCOMES, outcome_of

if TYPE_CHECKING:
    from .outcome import RecordOutcome
    from .record import Record

__all__ = ["Counted", "counted", "key", "latest", "under", "unstruck", "worse", "worst"]

Counted = Literal["failed", "error", "inconclusive", "survived", "no calls", "skipped", "kept out"]
_RANKS: tuple[Counted, ...] = Counted.__args__  # type: ignore[attr-defined]
"""Worst first. What did not run says less than what did."""
_COUNTED: Mapping[RecordOutcome, Counted] = {
    "violated": "failed",
    "failed": "failed",
    "xfailed": "failed",
    "error": "error",
    "inconclusive": "inconclusive",
    "not hit": "inconclusive",
    "held": "survived",
    "no calls": "no calls",
    "skipped": "skipped",
    "kept out": "kept out",
}


def counted(record: Record) -> Counted:
    """Return what a test counts as.

    `survived` takes what held; `failed` those that are expected to fail as well: a known weakness is none the less one.
    `inconclusive` proves nothing.
    """
    return _COUNTED[outcome_of(record)]


def under(record: Record) -> str:
    """Return what a test ran under, as baselines name it."""
    return " + ".join(record.scenarios) or "faults in the test"


def key(record: Record) -> tuple[str, str]:
    """Return what records of the same test under the same scenarios have in common."""
    return record.test, under(record)


def unstruck(records: Iterable[Record]) -> dict[str, list[Record]]:
    """Return the scenarios that hit no call of any test, with the records of the tests that made calls under them."""
    ran: dict[str, list[Record]] = {}
    hit: set[str] = set()
    for record in records:
        hit.update(record.hit)
        for scenario in record.scenarios if record.llm == "calls" else ():
            ran.setdefault(scenario, []).append(record)
    return {scenario: found for scenario, found in ran.items() if scenario not in hit}


def latest(records: Iterable[Record]) -> list[Record]:
    """Return the last record of each test and what it ran under, as of a test that ran again in one run."""
    return list({key(each): each for each in records}.values())


def worst(records: Iterable[Record]) -> list[Record]:
    """Return the worst record of each test and what it ran under, as of several jobs, in whatever order."""
    found: dict[tuple[str, str], Record] = {}
    for each in records:
        if (known := found.get(key(each))) is None or _gravity(each) < _gravity(known):
            found[key(each)] = each
    return list(found.values())


def worse(one: Record, other: Record) -> bool:
    """Tell whether a record counts as something worse than another."""
    return _RANKS.index(counted(one)) < _RANKS.index(counted(other))


def _gravity(record: Record) -> tuple[int, int]:
    return _RANKS.index(counted(record)), RECORD_OUTCOMES.index(outcome_of(record))
