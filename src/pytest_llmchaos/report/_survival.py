"""How each test came out under each scenario: what every form of the report tells in its own way."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..gate.outcome import APART, RECORD_OUTCOMES, outcome_of
from ..journal.entries import Exchange

if TYPE_CHECKING:
    from ..gate.record import Record

__all__ = [
    "BAD",
    "OWN_FAULTS",
    "SIGNS",
    "Matrix",
    "column",
    "decisive",
    "exchange",
    "partly",
    "row",
    "short_reason",
    "worst_first",
]

SIGNS = {
    "violated": "✗",
    "failed": "✗",
    "error": "!",
    "inconclusive": "?",
    "xfailed": "x",
    "not hit": "○",
    "held": "✓",
    "no calls": "-",
    "skipped": "-",
    "kept out": "-",
}
BAD = ("violated", "failed", "error", "inconclusive")
"""What somebody has to look at."""
OWN_FAULTS = "faults in the test"


def decisive(record: Record) -> Mapping[str, Any] | None:
    """Return the verdict that tells most: the first violated one, else the first inconclusive one asked for."""
    for outcome, always in (("violated", True), ("inconclusive", False)):
        for each in record.verdicts:
            if each.get("outcome") == outcome and (always or not each.get("always")):
                return each
    return None


def short_reason(record: Record) -> str:
    """Return in one sentence what was found, for a record that did not simply hold."""
    if (verdict := decisive(record)) is not None:
        return _word(verdict, "reason").strip().partition("\n")[0]
    return {
        "failed": "the test failed, and no check says why",
        "error": "the test could not run",
        "not hit": f"the test passed, but no fault{_of(record)} struck any of its calls",
        "kept out": record.off,
        "no calls": "its LLM calls were answered where no fault could reach them"
        if any(each["type"] == "event" and each["kind"] == "escape" for each in record.entries)
        else "the test made no LLM call",
    }.get(outcome_of(record), "")


def _of(record: Record) -> str:
    missed = record.missed if len(record.scenarios) > 1 else []
    return f" of {', '.join(missed)}" if missed else ""


def column(record: Record) -> str:
    """Return the name of the matrix's column: the scenarios, or a word for faults written in the test."""
    return " + ".join(record.scenarios) or OWN_FAULTS


def row(record: Record) -> str:
    """Return the name of the matrix's row: the test, without the part of its id that names the scenario."""
    head, bracket, inside = record.test.partition("[")
    if not bracket or not inside.endswith("]") or not record.scenarios:
        return record.test
    inside = inside[:-1]
    for name in sorted({column(record), "+".join(record.scenarios), *record.scenarios}, key=len, reverse=True):
        for part in (f"llmchaos:{name}", name):
            if record.test.endswith(f"[{part}]"):
                return record.test.removesuffix(f"[{part}]")
            if inside.endswith(f"-{part}"):
                return f"{head}[{inside.removesuffix(f'-{part}')}]"
            if inside.startswith(f"{part}-"):
                return f"{head}[{inside.removeprefix(f'{part}-')}]"
    return record.test


def worst_first(records: Iterable[Record]) -> list[Record]:
    """Return the records, the worst first, those alike in the order they came."""
    return sorted(records, key=lambda each: RECORD_OUTCOMES.index(outcome_of(each)))


def exchange(entry: Mapping[str, Any]) -> Exchange:
    """Return an entry of a record as an exchange, for what that knows to tell of itself.

    A journal may come from anywhere, so that what is no number where one belongs counts as not told.
    """
    return Exchange(
        provider=_word(entry, "provider"),
        operation=_word(entry, "operation"),
        model=_word(entry, "model") or None,
        stream=bool(entry.get("stream")),
        request=_word(entry, "request"),
        attempt=int(_number(entry, "attempt") or 1),
        retry=None if (retry := _number(entry, "retry")) is None else int(retry),
        started=_number(entry, "started") or 0.0,
        ended=_number(entry, "ended"),
        status=None if (status := _number(entry, "status")) is None else int(status),
        error=_word(entry, "error") or None,
        faults=tuple(map(str, entry.get("faults") or ())),
        retry_after=_number(entry, "retry_after"),
        phase=_word(entry, "phase"),
        call_site=_word(entry, "call_site") or None,
        host=_word(entry, "host"),
    )


def _word(data: Mapping[str, Any], name: str) -> str:
    return str(data.get(name) or "")


def _number(data: Mapping[str, Any], name: str) -> float | None:
    value = data.get(name)
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


@dataclass(frozen=True, slots=True)
class Matrix:
    """Tests x scenarios: which records stand where.

    Attributes:
        columns: the scenarios, those with most trouble first.
        rows: the tests that made LLM calls, in the order they came.
        cells: what stands at (test, scenario); several where a test ran more than once.
    """

    columns: tuple[str, ...]
    rows: tuple[str, ...]
    cells: Mapping[tuple[str, str], Sequence[Record]]

    @classmethod
    def of(cls, records: Iterable[Record]) -> Matrix:
        """Build it; tests without an LLM call have no place in it."""
        cells: dict[tuple[str, str], list[Record]] = {}
        for each in records:
            if outcome_of(each) not in APART:
                cells.setdefault((row(each), column(each)), []).append(each)
        counts: dict[str, Counter[str]] = {}
        for (_, name), found in cells.items():
            counts.setdefault(name, Counter()).update(map(outcome_of, found))
        columns = sorted(counts, key=lambda name: [-counts[name][each] for each in BAD])
        return cls(tuple(columns), tuple(dict.fromkeys(name for name, _ in cells)), cells)

    def standings(self, name: str) -> Counter[str]:
        """Return how many records of a column came out how."""
        return Counter(outcome_of(each) for (_, at), found in self.cells.items() if at == name for each in found)


def partly(records: Iterable[Record]) -> list[tuple[str, list[str]]]:
    """Return the scenarios that struck some test, with those of their parts that struck none of all."""
    left: dict[str, list[str]] = {}
    for record in records:
        for name in record.hit:
            parts = record.unmet.get(name, [])
            left[name] = [each for each in left.get(name, parts) if each in parts]
    return [(name, parts) for name, parts in left.items() if parts]
