"""One test in the HTML report: facts, verdicts with their evidence, the picture and the calls in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from ..core.terminal_text import run_time, safe
from ..core.units import show_duration
from ..gate.outcome import outcome_of
from ._drawing import drawing
from ._survival import column, exchange, short_reason

if TYPE_CHECKING:
    from ..gate.record import Record

__all__ = ["Test", "detail"]

_MOST_ROWS = 250
_MOST_EVIDENCE = 12
_SIGNS = {"violated": "✗", "inconclusive": "?", "held": "✓"}
_RANK = ("violated", "inconclusive", "held")


@dataclass(frozen=True, slots=True)
class Test:
    """A record with its place in the page."""

    record: Record
    id: str
    opened: bool = False


def detail(test: Test, badge: str, *, pictured: bool) -> str:
    """Return the markup of one test, closed unless it is `opened`.

    The id stands within the part that opens, because browsers open it when a link leads there.
    """
    return "".join(_parts(test, badge, pictured))


def _parts(test: Test, badge: str, pictured: bool) -> Iterator[str]:
    record = test.record
    how = outcome_of(record).replace(" ", "")
    scenario = column(record)
    why = short_reason(record)
    yield f'<details class="test" data-s="{how}" data-t="{_words_of(record)}"{" open" if test.opened else ""}>'
    yield f'<summary>{badge} <code>{_text(record.test)}</code> <span class="soft">{_text(scenario)}</span>'
    yield f'<span class="why">{_text(why)}</span>' if why else ""
    yield f'</summary><div class="body" id="{test.id}">'
    yield from _facts(record)
    yield from _verdicts(test)
    if pictured:
        yield drawing(record, _evidence(record))
    else:
        yield '<p class="note">The picture is left out: this report has too many tests for all of them.</p>'
    yield from _calls(test)
    if record.replay:
        yield f'<p class="replay">Play it again: <code>{_text(record.replay)}</code></p>'
    yield "</div></details>\n"


def _facts(record: Record) -> Iterator[str]:
    facts = [
        ("test", record.outcome),
        ("faults", ", ".join(record.faults)),
        ("struck nothing", "; ".join(part for name in record.hit for part in record.unmet.get(name, ()))),
        ("seed", record.seed),
        ("clock", record.clock),
        ("run time", run_time(record.virtual)),
        ("real time", run_time(record.wall)),
    ]
    yield '<ul class="facts">'
    yield "".join(f"<li>{name} <b>{_text(value)}</b></li>" for name, value in facts if value not in ("", None))
    yield "</ul>"


def _verdicts(test: Test) -> Iterator[str]:
    verdicts = sorted(test.record.verdicts, key=lambda each: _rank(str(each.get("outcome"))))
    if not verdicts:
        yield '<p class="note">No check judged this test; only its own assertions did.</p>'
        return
    yield '<h3>Verdicts</h3><ul class="verdicts">'
    for each in verdicts:
        outcome = str(each.get("outcome"))
        always = ' <span class="soft">always on</span>' if each.get("always") else ""
        reason = "\n".join(safe(line) for line in str(each.get("reason") or "").splitlines())
        yield (
            f'<li><span class="badge s-{escape(outcome)}">{_SIGNS.get(outcome, "?")} {_text(outcome)}</span> '
            f"<code>{_text(each.get('check'))}</code>{always}"
        )
        yield f"<p>{escape(reason)}</p>" if reason else ""
        if links := list(_links(test, each.get("evidence") or ())):
            more = f" and {len(links) - _MOST_EVIDENCE} more" if len(links) > _MOST_EVIDENCE else ""
            yield f'<p class="soft">evidence: {", ".join(links[:_MOST_EVIDENCE])}{more}</p>'
        yield "</li>"
    yield "</ul>"


def _links(test: Test, evidence: Any) -> Iterator[str]:
    entries = test.record.entries
    shown = _rows_shown(test.record)
    for place in evidence:
        if isinstance(place, int) and 0 <= place < len(entries) and entries[place].get("type") == "exchange":
            call = exchange(entries[place])
            words = f"{call.label} #{call.attempt} {call.outcome}"
            yield f'<a href="#{test.id}-{place}">{_text(words)}</a>' if place in shown else _text(words)


def _evidence(record: Record) -> set[int]:
    failed = [each for each in record.verdicts if each.get("outcome") != "held"]
    return {place for each in failed for place in each.get("evidence") or () if isinstance(place, int)}


_HEADS = ("at", "took", "call", "attempt", "outcome", "fault", "asked to wait", "phase", "request", "tokens", "from")


def _rows_shown(record: Record) -> set[int]:
    """Return the places of the calls that the table tells of: the first ones and the evidence."""
    calls = [nth for nth, each in enumerate(record.entries) if each.get("type") == "exchange"]
    return {*calls[:_MOST_ROWS], *(_evidence(record) & set(calls[_MOST_ROWS:]))}


def _calls(test: Test) -> Iterator[str]:
    record = test.record
    total = sum(each.get("type") == "exchange" for each in record.entries)
    if not total:
        yield '<p class="note">The test made no LLM call.</p>'
        return
    shown = _rows_shown(record)
    rows = [(nth, _cells(record.entries[nth])) for nth in sorted(shown)]
    used = [place for place in range(len(_HEADS)) if any(cells[place] for _, cells in rows)]
    yield f'<details class="more"><summary>{total} call{"s" * (total != 1)} in words</summary><div class="list">'
    yield '<table class="calls"><thead><tr>'
    yield "".join(f'<th scope="col">{_HEADS[place]}</th>' for place in used)
    yield "</tr></thead><tbody>"
    for nth, cells in rows:
        yield f'<tr id="{test.id}-{nth}">'
        yield "".join(f"<td{_NUMBER if place < 2 else ''}>{_text(cells[place])}</td>" for place in used)
        yield "</tr>"
    yield "</tbody></table></div>"
    if total > len(shown):
        yield f'<p class="note">and {total - len(shown)} more calls, which the journal has</p>'
    yield "</details>"


_NUMBER = ' class="n"'


def _cells(entry: dict[str, Any]) -> tuple[str, ...]:
    call = exchange(entry)
    tokens = [entry.get("prompt_tokens"), entry.get("completion_tokens")]
    asked = call.retry_after
    return (
        run_time(call.started),
        "" if call.ended is None else show_duration(round(max(call.ended - call.started, 0.0), 3)),
        call.label + (" stream" if call.stream else ""),
        f"#{call.attempt}{' SDK retry' if call.retry else ''}",
        call.outcome,
        ", ".join(call.faults),
        show_duration(asked) if asked is not None and asked > 0 else "",
        call.phase,
        call.request,
        "" if tokens == [None, None] else " + ".join("?" if each is None else str(each) for each in tokens),
        call.call_site or "",
    )


def _words_of(record: Record) -> str:
    """Return what the filter by words looks in."""
    calls = (each for each in record.entries if each.get("type") == "exchange")
    models = dict.fromkeys(f"{each.get('provider')}/{each.get('model') or ''}" for each in calls)
    checks = (str(each.get("check")) for each in record.verdicts)
    return _text(" ".join([record.test, column(record), *record.faults, *list(models)[:20], *checks]))


def _rank(outcome: str) -> int:
    return _RANK.index(outcome) if outcome in _RANK else 1


def _text(text: object) -> str:
    return escape(safe(str(text)))
