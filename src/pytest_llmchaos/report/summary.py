"""The summary block at the end of a run in the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from ..core.terminal_text import cells, fit, pad, paint, run_time, safe
from ..gate.counting import unstruck
from ..gate.outcome import APART, RECORD_OUTCOMES, outcome_of
from ._survival import BAD, SIGNS, Matrix, column, decisive, partly, short_reason, worst_first

if TYPE_CHECKING:
    from ..gate.record import Record

__all__ = ["STYLES", "summary_lines"]

STYLES = {
    "violated": "red",
    "failed": "red",
    "error": "red",
    "inconclusive": "yellow",
    "xfailed": "yellow",
    "not hit": "yellow",
    "held": "green",
    "no calls": "dim",
    "skipped": "dim",
    "kept out": "dim",
}
_MOST_SCENARIOS = 7
_MOST_FINDINGS = 4
_MOST_PARTLY = 3
_MOST_PROGRAMS = 3
_ASCII_SIGNS = {"✗": "x", "✓": "+", "○": "o"}
_FINDINGS = (*BAD, "not hit")


def summary_lines(
    records: Sequence[Record],
    *,
    width: int,
    colour: bool,
    verbosity: int,
    ascii: bool = False,  # noqa: A002 - the word users know from the builtin
) -> list[str]:
    """Return the lines of the summary, without a heading of their own.

    Scenarios with the most trouble and the worst findings come first. At the usual verbosity it fits one screen
    however many tests there are: findings that are alike are told once, with the first test and its command.

    Args:
        records: what the tests left; none gives no lines.
        width: columns to fill; at least 60 are used.
        colour: whether to use ANSI colours.
        verbosity: pytest's; below 0 (`-q`) gives no lines, above 0 leaves nothing out.
        ascii: use ASCII only, for terminals and files that take nothing else.
    """
    if not records or verbosity < 0:
        return []
    return _Summary(records, max(width, 60), colour, verbosity > 0, ascii).lines()


class _Summary:
    def __init__(self, records: Sequence[Record], width: int, colour: bool, whole: bool, ascii: bool) -> None:  # noqa: A002
        self.records = records
        self.width = width
        self.colour = colour
        self.whole = whole
        self.ascii = ascii
        self.more = "..." if ascii else "…"
        self.counts = Counter(map(outcome_of, records))

    def lines(self) -> list[str]:
        """Return the block."""
        return [*self._table(), *self._partly(), *self._findings(), *self._total()]

    def _safe(self, text: str) -> str:
        return safe(text, ascii=self.ascii)

    def _sign(self, name: str) -> str:
        sign = SIGNS[name]
        return _ASCII_SIGNS.get(sign, sign) if self.ascii else sign

    # --- scenarios ------------------------------------------------------------------------------------------

    def _table(self) -> Iterator[str]:
        matrix = Matrix.of(self.records)
        if not matrix.columns:
            return
        names = matrix.columns if self.whole else matrix.columns[:_MOST_SCENARIOS]
        told = [each for each in RECORD_OUTCOMES if self.counts[each] and each not in APART]
        shown = [each for each in RECORD_OUTCOMES if each in ("violated", "inconclusive", "held") or each in told]
        room = self.width - 9 - sum(len(each) + 2 for each in shown)
        left = min(max(len("scenario"), *(cells(self._safe(name)) for name in names)), max(room, 16))
        head = f"  {pad('scenario', left)}  tests  " + "  ".join(shown)
        yield fit(head, self.width, self.more)
        for name in names:
            counts = matrix.standings(name)
            worst = next(each for each in RECORD_OUTCOMES if counts[each])
            columns = [
                paint(f"{counts[each]:>{len(each)}}", STYLES[each] if counts[each] else "dim", self.colour)
                for each in shown
            ]
            label = pad(fit(self._safe(name), left, self.more), left)
            sign = paint(self._sign(worst), STYLES[worst], self.colour)
            yield f"{sign} {label}  {counts.total():>5}  " + "  ".join(columns)
        if (rest := len(matrix.columns) - len(names)) > 0:
            yield f"{self.more} and {rest} more scenarios (-v shows them)"
        if unused := [self._safe(each) for each in unstruck(self.records) if each not in names]:
            text = f"these hit no call of any test: {', '.join(unused)}"
            yield from wrap(text, self.width, initial_indent="  ", subsequent_indent="    ", break_on_hyphens=False)

    def _partly(self) -> Iterator[str]:
        """Tell what of the scenarios that struck a test struck none of them."""
        found = partly(self.records)
        for name, parts in found[: None if self.whole else _MOST_PARTLY]:
            text = f"  {self._safe(name)} struck in part; never: {'; '.join(map(self._safe, parts))}"
            yield paint(fit(text, self.width, self.more), "dim", self.colour)
        if not self.whole and len(found) > _MOST_PARTLY:
            yield f"{self.more} and {len(found) - _MOST_PARTLY} more that struck in part (-v shows them)"

    # --- findings -------------------------------------------------------------------------------------------

    def _groups(self) -> list[list[Record]]:
        """Return the findings, those that are alike together: one check, one scenario."""
        found: dict[tuple[str, ...], list[Record]] = {}
        for nth, each in enumerate(worst_first(self.records)):
            if (how := outcome_of(each)) in _FINDINGS:
                verdict = decisive(each)
                check = str(verdict.get("check")) if verdict else ""
                found.setdefault((str(nth),) if self.whole else (how, column(each), check), []).append(each)
        # Sorting is stable: among equally bad findings the more frequent one goes first.
        return sorted(found.values(), key=lambda group: (RECORD_OUTCOMES.index(outcome_of(group[0])), -len(group)))

    def _findings(self) -> Iterator[str]:
        groups = self._groups()
        shown = groups if self.whole else groups[:_MOST_FINDINGS]
        if shown:
            yield ""
        for group in shown:
            yield from self._finding(group)
        left = sum(len(group) for group in groups[len(shown) :])
        if left:
            yield f"{self.more} and {left} more to look at (-v shows all)"

    def _finding(self, group: Sequence[Record]) -> Iterator[str]:
        first = group[0]
        how = outcome_of(first)
        verdict = decisive(first)
        check = f"{self._safe(str(verdict.get('check')))} " if verdict else ""
        alike = f" (and {len(group) - 1} more like it)" if len(group) > 1 else ""
        scenario = self._safe(column(first))
        head = f"{check}{how}, {scenario}{alike}"
        yield paint(fit(f"{self._sign(how)} {head}", self.width, self.more), STYLES[how], self.colour)
        test = self._safe(first.test)
        yield fit(f"    {test}", self.width, self.more, tail=cells(test) > self.width)
        if reason := self._safe(short_reason(first)):
            yield fit(f"    {reason}", self.width, self.more)
        if verdict and verdict.get("check") == "unused":  # what to write down to mend it; never cut, as it is copied
            yield from (f"    {self._safe(each)}" for each in str(verdict.get("reason")).splitlines()[1:])
        # Never cut: a command with its end missing would run something else.
        if first.replay and how != "not hit":
            yield f"    replay: {self._safe(first.replay)}"

    # --- the last lines -------------------------------------------------------------------------------------

    def _unseen(self) -> str:
        """Say what may have made the calls that tests without any did not make."""
        names = [name for each in self.records if outcome_of(each) == "no calls" for name in each.unseen]
        told = list(dict.fromkeys(map(self._safe, names)))
        if not told:
            return ""
        more = f" and {len(told) - _MOST_PROGRAMS} more" if len(told) > _MOST_PROGRAMS else ""
        return f" in this process (chaos cannot see into what they started: {', '.join(told[:_MOST_PROGRAMS])}{more})"

    def _total(self) -> Iterator[str]:
        tests = len(self.records) - sum(self.counts[each] for each in APART)
        parts = [f"{self.counts[each]} {each}" for each in RECORD_OUTCOMES if self.counts[each] and each not in APART]
        rest = []
        if self.counts["no calls"]:
            rest.append(f"{self.counts['no calls']} made no LLM call{self._unseen()} and prove nothing")
        if self.counts["kept out"]:
            rest.append(f"{self.counts['kept out']} kept out by llmchaos.off")
        if tests:
            text = "; ".join([f"{tests} test{'s' * (tests != 1)} under chaos: {', '.join(parts)}", *rest])
        else:
            text = f"{'; '.join(rest)}: nothing was put to the test"
        worst = next(each for each in RECORD_OUTCOMES if self.counts[each])
        yield ""
        yield paint(text, STYLES[worst], self.colour)
        for each in (one for one in self.records if self.whole and one.off):
            yield fit(f"    {self._safe(each.test)}: {self._safe(each.off)}", self.width, self.more)
        seeds = list(dict.fromkeys(str(each.seed) for each in self.records))
        seed = f"seed {', '.join(map(self._safe, seeds[:3]))}{' ' + self.more if len(seeds) > 3 else ''}"
        wall, run = (sum(getattr(each, name) for each in self.records) for name in ("wall", "virtual"))
        yield f"wall time {run_time(wall)}, virtual time {run_time(run)}, {seed}"
