"""The report as one self-contained HTML file, which can be read without JavaScript."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import UsageProblem
from ..core.terminal_text import run_time, safe
from ..gate.outcome import RECORD_OUTCOMES, outcome_of
from ._base import ReportForm
from ._detail import Test, detail
from ._drawing import DEFINITIONS
from ._page import POLICY, SCRIPT, STYLE
from ._survival import BAD, SIGNS, Matrix, column, decisive, short_reason, worst_first

if TYPE_CHECKING:
    from ..gate.record import Record

__all__ = ["Html", "render", "write"]

_MOST_FINDINGS = 10
_MOST_PICTURES = 1500
_MANY_COLUMNS = 4
_OPEN_AT_FIRST = 3


class Html(ReportForm):
    """The report as one page."""

    option = "html"
    help = "Write the HTML report."

    def render(self, records: Sequence[Record]) -> str:
        """Return the page."""
        return render(records)

    def write(self, path: Path, records: Sequence[Record]) -> None:
        """Write the page, whole or not at all: somebody may be looking at the last one."""
        write(path, records)


def render(records: Sequence[Record]) -> str:
    """Return the report: what to look at first, the matrix of tests and scenarios, and every test's time line.

    Everything that came from the wire or from the user is escaped, and what is shaped like a key is hidden.

    Args:
        records: what the tests left.
    """
    tests = [
        Test(record, f"t{nth}", opened=outcome_of(record) in BAD and nth <= _OPEN_AT_FIRST)
        for nth, record in enumerate(worst_first(records), 1)
    ]
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{escape(_title(records))}</title>\n<style>{STYLE}</style>\n</head>\n<body>",
            '<a class="skip" href="#tests">To the tests</a>',
            DEFINITIONS,
            *_head(records),
            "<main>",
            *_findings(tests),
            *_matrix(tests),
            *_tests(tests),
            "<footer>Written by pytest-llmchaos. No prompt, answer or key is in this file.</footer>",
            f"</main>\n<script>{SCRIPT}</script>\n</body>\n</html>\n",
        ]
    )


def write(path: str | os.PathLike[str], records: Sequence[Record]) -> None:
    """Write the report to a file, whole or not at all; missing folders are made.

    Raises:
        UsageProblem: it cannot be written there.
    """
    target = Path(path)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(render(records), encoding="utf-8")
        part.replace(target)
    except OSError as problem:
        with suppress(OSError):
            part.unlink()
        raise UsageProblem(f"{target}: the report cannot be written: {problem.strerror or problem}") from None


# --- parts of the page --------------------------------------------------------------------------------------


def _title(records: Sequence[Record]) -> str:
    bad = sum(outcome_of(each) in BAD for each in records)
    return f"llmchaos: {bad} of {len(records)} to look at" if bad else f"llmchaos: {len(records)} tests"


def _head(records: Sequence[Record]) -> Iterator[str]:
    counts = Counter(map(outcome_of, records))
    wall, run = (sum(getattr(each, name) for each in records) for name in ("wall", "virtual"))
    seeds = list(dict.fromkeys(str(each.seed) for each in records))
    tests = "1 test" if len(records) == 1 else f"{len(records)} tests"
    yield "<header><h1>How the app coped</h1>"
    yield (
        f'<p class="soft">{tests}, wall time {run_time(wall)}, virtual time {run_time(run)}, '
        f"seed {escape(safe(', '.join(seeds[:5])))}{' …' if len(seeds) > 5 else ''}</p>"
    )
    yield '<ul class="chips">'
    for name in RECORD_OUTCOMES:
        if counts[name] or name in ("violated", "inconclusive", "held"):
            yield f'<li class="chip"><b class="{_class(name)}">{SIGNS[name]} {counts[name]}</b>{_words(name)}</li>'
    yield "</ul></header>"


def _findings(tests: Sequence[Test]) -> Iterator[str]:
    bad = [each for each in tests if outcome_of(each.record) in BAD]
    if not bad:
        return
    yield "<h2>Worst first</h2>\n<ol>"
    for each in bad[:_MOST_FINDINGS]:
        yield (
            f'<li>{_badge(each.record)} <a href="#{each.id}"><code>{escape(safe(each.record.test))}</code></a> '
            f'<span class="soft">{escape(safe(column(each.record)))}</span><br>{_checked(each.record)}'
            f"{escape(safe(short_reason(each.record)))}</li>"
        )
    yield "</ol>"
    if len(bad) > _MOST_FINDINGS:
        yield f'<p class="note">and {len(bad) - _MOST_FINDINGS} more, worst first among the tests below</p>'


def _matrix(tests: Sequence[Test]) -> Iterator[str]:
    found = {id(each.record): each for each in tests}
    matrix = Matrix.of(each.record for each in tests)
    if not matrix.columns:
        yield '<p class="note">No test made an LLM call: nothing was put to the test.</p>'
        return
    many = len(matrix.columns) > _MANY_COLUMNS
    yield "<h2>Survival matrix</h2>"
    if many:
        told = (f'<span class="{_class(each)}">{SIGNS[each]}</span> {each}' for each in _present(tests))
        yield f'<p class="legend">{", ".join(told)}</p>'
    yield '<div class="scroll" tabindex="0" role="region" aria-label="Survival matrix">'
    yield f'<table class="matrix{" many" if many else ""}"><thead><tr><th scope="col">test</th>'
    yield "".join(f'<th scope="col"><span>{escape(safe(name))}</span></th>' for name in matrix.columns)
    yield "</tr></thead><tbody>"
    rows = {name: [matrix.cells.get((name, column), ()) for column in matrix.columns] for name in matrix.rows}
    worst_of = {
        name: min((outcome_of(each) for cell in cells for each in cell), key=RECORD_OUTCOMES.index)
        for name, cells in rows.items()
    }
    for name in sorted(rows, key=lambda name: (RECORD_OUTCOMES.index(worst_of[name]), name)):
        cells, worst = rows[name], worst_of[name]
        yield f'<tr data-s="{_key(worst)}" data-t="{escape(safe(name))}"><th scope="row">{_breakable(name)}</th>'
        for cell in cells:
            if not cell:
                yield "<td></td>"
                continue
            first = worst_first(cell)[0]
            how = outcome_of(first)
            label = f'<span aria-hidden="true">{SIGNS[how]}</span>' if many else f"{SIGNS[how]} {how}"
            title = f' title="{how}" aria-label="{how}"' if many else ""
            yield f'<td><a class="{_class(how)}" href="#{found[id(first)].id}"{title}>{label}</a></td>'
        yield "</tr>"
    yield "</tbody></table></div>"


def _tests(tests: Sequence[Test]) -> Iterator[str]:
    yield '<h2 id="tests">Tests</h2>'
    yield '<div class="filters" role="group" aria-label="Filters">'
    counts: Counter[str] = Counter(outcome_of(each.record) for each in tests)
    for name in _present(tests):
        yield (
            f'<label><input type="checkbox" id="f-{_key(name)}" checked> '
            f'<span class="{_class(name)}">{SIGNS[name]} {name}</span> {counts[name]}</label>'
        )
    yield '<label id="ql" hidden>words <input type="search" id="q" placeholder="test, scenario, model"></label></div>'
    yield (
        '<p class="legend">In the pictures: ✓ a whole answer, ✗ (striped) a failure, … (dotted) never finished, '
        "↻ a retry by the SDK, dashed line: wait before the next try, bracket: the wait the provider asked for, "
        "arrow: failover, frame: evidence of a verdict, ≈: nothing happened for so long</p>"
    )
    for nth, each in enumerate(tests):
        yield detail(each, _badge(each.record), pictured=nth < _MOST_PICTURES)


def _checked(record: Record) -> str:
    verdict = decisive(record)
    return "" if verdict is None else f"<code>{escape(safe(str(verdict.get('check'))))}</code>: "


def _present(tests: Sequence[Test]) -> list[str]:
    there = {outcome_of(each.record) for each in tests}
    return [name for name in RECORD_OUTCOMES if name in there]


def _key(name: str) -> str:
    return name.replace(" ", "")


def _class(name: str) -> str:
    return f"s-{_key(name)}"


def _words(name: str) -> str:
    return {
        "not hit": "not hit by a fault",
        "no calls": "made no LLM call",
        "kept out": "kept out by llmchaos.off",
        "failed": "failed otherwise",
        "error": "could not run",
    }.get(name, name)


def _badge(record: Record) -> str:
    name = outcome_of(record)
    return f'<span class="badge {_class(name)}">{SIGNS[name]} {name}</span>'


def _breakable(name: str) -> str:
    """Return a test's id that breaks at its parts where it is too long."""
    return escape(safe(name)).replace("::", "::<wbr>")
