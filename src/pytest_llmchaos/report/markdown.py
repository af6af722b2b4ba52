"""The report as Markdown, for a job's summary page and for merge requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..core.terminal_text import fit, run_time, safe
from ..gate.outcome import RECORD_OUTCOMES, outcome_of
from ._base import ReportForm
from ._survival import BAD, Matrix, column, decisive, short_reason, worst_first

if TYPE_CHECKING:
    from ..gate.record import Record

__all__ = ["Markdown", "markdown"]

_EMOJI = {
    "violated": "❌",
    "failed": "❌",
    "error": "⚠️",
    "inconclusive": "❔",
    "xfailed": "✖️",
    "not hit": "⭕",
    "held": "✅",
    "no calls": "🚫",
    "skipped": "🚫",
    "kept out": "🚫",
}
_MOST_FINDINGS = 25
_MOST_COLUMNS = 12
_LEFT_OUT = "\nThe rest is left out here: it would be too long.\n\n"
_OPEN = "<details><summary>Survival matrix</summary>"
_CLOSE = "</details>"
_PLAIN = frozenset(" .,-/()=;'\"?")


class Markdown(ReportForm):
    """The report as Markdown."""

    option = "markdown"
    help = "Write the report as Markdown."

    def render(self, records: Sequence[Record]) -> str:
        """Return the whole of it."""
        return markdown(records)


def markdown(records: Sequence[Record], *, most: int = 900 * 1024) -> str:
    """Return the report: scenarios, what to look at first, and the matrix of tests and scenarios.

    Every text of the user's or the wire's is written so that no Markdown and no HTML is left in it.

    Args:
        records: what the tests left; none gives an empty text.
        most: how many bytes it may take in UTF-8; what goes beyond is left out, line by line from the end.
    """
    if not records:
        return ""
    lines: list[str] = []
    size = 0
    for line in _lines(records):
        length = len(line.encode("utf-8")) + 1
        if size + length > most - len(_LEFT_OUT) - len(_CLOSE):
            # What is left open would swallow what other tools write below.
            end = [_LEFT_OUT, _CLOSE] if _OPEN in lines else [_LEFT_OUT]
            return "\n".join([*lines, *end]) + "\n" if size else ""
        lines.append(line)
        size += length
    return "\n".join(lines) + "\n"


def _lines(records: Sequence[Record]) -> Iterator[str]:
    counts = Counter(map(outcome_of, records))
    parts = [f"{_EMOJI[each]} {counts[each]} {each}" for each in RECORD_OUTCOMES if counts[each]]
    yield f"## llmchaos: {', '.join(parts)}"
    yield ""
    wall, run = (sum(getattr(each, name) for each in records) for name in ("wall", "virtual"))
    seeds = list(dict.fromkeys(str(each.seed) for each in records))
    more = " …" if len(seeds) > 3 else ""
    yield f"Wall time {run_time(wall)}, virtual time {run_time(run)}, seed {_md(', '.join(seeds[:3]))}{more}"
    matrix = Matrix.of(records)
    if not matrix.columns:
        yield ""
        yield "No test made an LLM call: nothing was put to the test."
        return
    yield from _scenarios(matrix)
    yield from _findings(records)
    yield from _matrix(matrix)


def _scenarios(matrix: Matrix) -> Iterator[str]:
    shown = [each for each in RECORD_OUTCOMES if any(matrix.standings(name)[each] for name in matrix.columns)]
    yield ""
    yield "| scenario | tests | " + " | ".join(shown) + " |"
    yield "| --- | ---: |" + " ---: |" * len(shown)
    for name in matrix.columns:
        counts = matrix.standings(name)
        yield f"| {_md(name)} | {counts.total()} | " + " | ".join(str(counts[each]) for each in shown) + " |"


def _findings(records: Sequence[Record]) -> Iterator[str]:
    bad = [each for each in worst_first(records) if outcome_of(each) in BAD]
    if not bad:
        return
    yield ""
    yield "### Worst first"
    yield ""
    for each in bad[:_MOST_FINDINGS]:
        verdict = decisive(each)
        check = f"<code>{_md(str(verdict.get('check')))}</code> " if verdict else ""
        how = outcome_of(each)
        # One line: a text that began a line could be taken for a list. `fit` bounds a long reason.
        told = [
            f"{_EMOJI[how]} {check}{how}, {_md(column(each))}: <code>{_md(each.test)}</code>",
            _md(fit(short_reason(each), 600)),
            f"play it again: <code>{_md(each.replay)}</code>" if each.replay else "",
        ]
        yield "- " + "<br>".join(filter(None, told))
    if len(bad) > _MOST_FINDINGS:
        yield f"- and {len(bad) - _MOST_FINDINGS} more"


def _matrix(matrix: Matrix) -> Iterator[str]:
    columns = matrix.columns[:_MOST_COLUMNS]
    yield ""
    yield _OPEN
    yield ""
    if len(columns) < len(matrix.columns):
        yield f"The {len(columns)} scenarios with most trouble, of {len(matrix.columns)}:"
        yield ""
    yield "| test | " + " | ".join(map(_md, columns)) + " |"
    yield "| --- |" + " --- |" * len(columns)
    for name in matrix.rows:
        cells = [matrix.cells.get((name, column), ()) for column in columns]
        marks = [_mark(min(map(outcome_of, cell), key=RECORD_OUTCOMES.index)) if cell else "" for cell in cells]
        yield f"| {_md(name)} | " + " | ".join(marks) + " |"
    yield ""
    yield _CLOSE


def _mark(how: str) -> str:
    return f"{_EMOJI[how]} {how}"


def _md(text: str) -> str:
    """Write a text so that Markdown shows it as it is: every sign that could mean something becomes an entity."""
    shown = "".join(
        each if each.isalnum() or each in _PLAIN or not each.isascii() else f"&#{ord(each)};" for each in safe(text)
    )
    # GitHub makes links of these even without any sign.
    return shown.replace("www.", "www&#46;")
