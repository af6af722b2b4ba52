"""The timeline of a run as text: one line for each call and event, as a failing test shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core import terminal_text
from ..core.terminal_text import cells, fit, pad, paint, run_time, safe
from ..core.units import show_duration
from .entries import Event, Exchange
from .shorten_lines import Gap, Part, bounded, collapsed

if TYPE_CHECKING:
    from .entries import Journal

__all__ = ["timeline"]

_MOST_LANES = 6
_BAR = 6
_STREAM = " stream"


def timeline(
    journal: Journal,
    *,
    width: int = 100,
    colour: bool = False,
    mark: Collection[Exchange] = (),
    ascii: bool = False,  # noqa: A002 - the word users know from the builtin
    lines: int = 120,
) -> str:
    """Return the timeline of a run.

    Never shows bodies, headers, keys or URLs' queries; what came from the wire is escaped.

    Args:
        journal: what happened.
        width: columns to fill; at least 80 are used.
        colour: whether to use ANSI colours.
        mark: exchanges that get a `>`, such as a verdict's evidence.
        ascii: use ASCII only, for terminals and files that take nothing else.
        lines: about how many lines to show at most; the head, the tail and what is marked are kept.
    """
    return _Timeline(journal, max(width, 80), colour, mark, ascii).text(max(lines, 12))


@dataclass(frozen=True, slots=True)
class _Phase:
    at: float
    name: str


_Entry = Exchange | Event | _Phase


@dataclass(frozen=True, slots=True)
class _Row:
    """The cells of one call's line, before they are fitted to the width."""

    time: str
    lanes: str
    request: str
    call: str
    attempt: str
    took: str
    outcome: str
    site: str


_SHRINK = (
    *(("site", 14), ("call", 28), ("bar", 0), ("call", 20), ("request", 6), ("outcome", 20)),
    *(("site", 0), ("call", 10), ("outcome", 10)),
)
"""From which column to take how much, in turn, where a line is too wide."""


class _Timeline:
    def __init__(
        self,
        journal: Journal,
        width: int,
        colour: bool,
        mark: Collection[Exchange],
        ascii: bool,  # noqa: A002
    ) -> None:
        self.width = width
        self.colour = colour
        self.ascii = ascii
        self.glyphs = terminal_text.ASCII if ascii else terminal_text.UNICODE
        self.marked = {id(each) for each in mark}
        self.entries = list(_with_phases(_in_order(journal)))
        self.calls = [each for each in self.entries if isinstance(each, Exchange)]
        lanes = list(dict.fromkeys(each.provider for each in self.calls))
        self.lanes = lanes if len(lanes) <= _MOST_LANES else []
        self.names = _mixed(self.entries)
        self.longest = max((_took(each) for each in self.calls), default=0.0)

    # --- which lines ----------------------------------------------------------------------------------------

    def text(self, lines: int) -> str:
        if not self.entries:
            return "no LLM call was seen"
        parts = bounded(collapsed([self._key(each) for each in self.entries]), lines, self._worth_keeping)
        shown = [self.entries[part] for part in parts if not isinstance(part, Gap)]
        rows = {id(each): self._row(each, busy) for each, busy in self._busy(parts)}
        widths = self._widths(list(rows.values()))
        out = [self._summary(), *([""] if not isinstance(shown[0], _Phase) else [])]
        for part in parts:
            if isinstance(part, Gap):
                out.append(self._gap(part, widths))
                continue
            entry = self.entries[part]
            if isinstance(entry, Exchange):
                out.append(self._call(entry, rows[id(entry)], widths))
            else:
                out.append(self._heading(entry) if isinstance(entry, _Phase) else self._event(entry, widths))
        return "\n".join(line.rstrip() for line in out)

    def _key(self, entry: _Entry) -> object:
        """Return what makes lines alike; calls of one kind that end the same way are."""
        if isinstance(entry, _Phase):
            return None
        if isinstance(entry, Event):
            return (entry.kind, entry.text) if entry.kind in ("advance", "request", "answered", "raised") else None
        return (
            *(entry.provider, entry.operation, entry.model, entry.stream, entry.retry, entry.request),
            *(entry.outcome, entry.faults, entry.call_site, id(entry) in self.marked),
        )

    def _worth_keeping(self, part: Part) -> bool:
        if isinstance(part, Gap):
            return False
        entry = self.entries[part]
        return isinstance(entry, _Phase) or id(entry) in self.marked

    def _busy(self, parts: Sequence[Part]) -> Iterator[tuple[Exchange, set[str]]]:
        """Yield each call that is shown, with the providers that other calls keep busy when it begins."""
        shown = {part for part in parts if not isinstance(part, Gap)}
        until: dict[str, float] = {}
        for place, entry in enumerate(self.entries):
            if not isinstance(entry, Exchange):
                continue
            if place in shown:
                yield entry, {provider for provider, end in until.items() if end > entry.started}
            end = float("inf") if entry.ended is None else entry.ended
            until[entry.provider] = max(until.get(entry.provider, 0.0), end)

    # --- the cells of a line --------------------------------------------------------------------------------

    def _safe(self, text: str) -> str:
        return safe(text, ascii=self.ascii)

    def _row(self, call: Exchange, busy: set[str]) -> _Row:
        label = self._safe(call.label.removesuffix(":chat"))
        by = f" {self.glyphs.by} {', '.join(map(self._safe, call.faults))}" if call.faults else ""
        asked = call.retry_after
        wait = f", wait {show_duration(asked)}" if asked is not None and asked > 0 else ""
        return _Row(
            time=run_time(call.started),
            lanes=self._lanes(call, busy),
            request=fit(self._safe(call.request) or "-", 16, self.glyphs.more) if self.names else "",
            call=label + _STREAM if call.stream else label,
            attempt=f"#{call.attempt} SDK retry" if call.retry else f"#{call.attempt}",
            took="" if call.ended is None else _show_took(_took(call)),
            outcome=self._safe(call.outcome) + wait + by,
            site=self._safe(call.call_site or ""),
        )

    def _lanes(self, call: Exchange, busy: set[str]) -> str:
        sign = self._sign(call)
        if not self.lanes:
            return sign
        return " ".join(
            sign if each == call.provider else self.glyphs.busy if each in busy else self.glyphs.idle
            for each in self.lanes
        )

    def _sign(self, call: Exchange) -> str:
        return self.glyphs.ok if call.ok else self.glyphs.failed if call.failed else self.glyphs.open

    def _bar(self, call: Exchange, width: int) -> str:
        if call.ended is None:
            return fit(self.glyphs.more, width, "")
        length = round(_took(call) / self.longest * width) if self.longest else 0
        return fit(self.glyphs.bar * length or self.glyphs.tick, width, "")

    def _widths(self, rows: Sequence[_Row]) -> dict[str, int]:
        """Return the width of each column, narrowed in turn until a line fits."""
        names = ("time", "lanes", "request", "call", "attempt", "took", "outcome", "site")
        widths = {name: max((cells(getattr(row, name)) for row in rows), default=0) for name in names}
        widths["bar"] = _BAR if self.longest >= 0.005 else 0
        if not widths["bar"]:
            widths["took"] = 0
        over = sum(each + 2 for each in widths.values() if each) - self.width
        for name, least in _SHRINK:
            if over > 0 and widths[name] > least:
                less = min(over, widths[name] - least)
                widths[name] -= less
                over -= less + (2 if widths[name] == 0 else 0)
        return widths

    # --- lines ----------------------------------------------------------------------------------------------

    def _call(self, call: Exchange, row: _Row, widths: dict[str, int]) -> str:
        style = "green" if call.ok else "red" if call.failed else "yellow"
        marked = id(call) in self.marked
        bar = self._bar(call, widths["bar"])
        columns = [
            (pad(row.time, widths["time"], right=True), "bold" if marked else ""),
            (row.lanes, style),
            (pad(fit(row.request, widths["request"], self.glyphs.more), widths["request"]), ""),
            (pad(self._fit_call(row.call, widths["call"]), widths["call"]), "bold" if marked else ""),
            (pad(row.attempt, widths["attempt"]), ""),
            (pad(bar, widths["bar"]), style),
            (pad(row.took if widths["took"] else "", widths["took"], right=True), ""),
            (pad(fit(row.outcome, widths["outcome"], self.glyphs.more), widths["outcome"]), style),
            (fit(row.site, widths["site"], self.glyphs.more, tail=True), "dim"),
        ]
        line = "  ".join(paint(text, style, self.colour) for text, style in columns if text)
        return (paint(">", "bold", self.colour) if marked else " ") + " " + line

    def _fit_call(self, label: str, width: int) -> str:
        """Cut the model rather than the word that tells of a stream."""
        tail = _STREAM if label.endswith(_STREAM) else ""
        return fit(label.removesuffix(tail), width - len(tail), self.glyphs.more) + tail

    def _heading(self, phase: _Phase) -> str:
        head = f"{self.glyphs.rule * 2} {show_duration(phase.at)}  {self._safe(phase.name)} "
        head = fit(head, self.width - 2, self.glyphs.more)
        return paint(head + self.glyphs.rule * (self.width - cells(head)), "bold", self.colour)

    def _event(self, event: Event, widths: dict[str, int]) -> str:
        alarm = event.kind == "escape"
        text = {
            "request": f"request {event.text!r} begins",
            "answered": f"request {event.text!r} ended",
            "raised": f"request {event.text!r} raised",
        }.get(event.kind, f"{event.kind}: {event.text}" if alarm else event.text)
        text = "! " + self._safe(text) if alarm else f"{self.glyphs.act} {self._safe(text)}"
        time = pad(run_time(event.at), widths["time"], right=True)
        text = fit(text, self.width - cells(time) - 4, self.glyphs.more)
        return f"  {time}  {paint(text, 'red' if alarm or event.kind == 'raised' else 'cyan', self.colour)}"

    def _gap(self, gap: Gap, widths: dict[str, int]) -> str:
        left = self.entries[gap.start : gap.end]
        calls = [each for each in left if isinstance(each, Exchange)]
        marked = any(id(each) in self.marked for each in calls)
        if gap.pattern == 1:
            what = f"{len(left)} more like this"
        elif gap.pattern:
            what = f"these {gap.pattern} lines {len(left) // gap.pattern} times more"
        else:
            ok = sum(each.ok for each in calls)
            what = f"{len(left)} lines left out ({len(calls)} calls, {ok} ok),"
        last = left[-1]
        until = run_time(last.started if isinstance(last, Exchange) else last.at)
        text = f"{self.glyphs.more} {what} until {until}"
        return f"{'>' if marked else ' '} {' ' * widths['time']}  {paint(text, 'dim', self.colour)}"

    def _summary(self) -> str:
        if not self.calls:
            return "no LLM call was seen"
        total = Counter(each.provider for each in self.calls)
        ok = Counter(each.provider for each in self.calls if each.ok)
        told = [f"{self._safe(name)} {ok[name]} of {total[name]} ok" for name in list(total)[:_MOST_LANES]]
        told += [f"{len(total) - _MOST_LANES} more providers"] if len(total) > _MOST_LANES else []
        number = f"{len(self.calls)} LLM call{'s' * (len(self.calls) != 1)}"
        marks = "  (> evidence)" if self.marked else ""
        return fit(f"{number}: {', '.join(told)}{marks}", self.width, self.glyphs.more)


def _took(call: Exchange) -> float:
    return 0.0 if call.ended is None else max(call.ended - call.started, 0.0)


def _show_took(seconds: float) -> str:
    """Write how long a call took; what the machine itself takes for it, below 5 ms, is not worth a digit."""
    return show_duration(0.0 if seconds < 0.005 else round(seconds, 3 if seconds < 0.1 else 2))


def _mixed(entries: Sequence[_Entry]) -> bool:
    """Tell whether the lines alone do not show to which request each call belongs."""
    open_: list[str] = []
    for each in entries:
        if isinstance(each, Event) and each.kind == "request":
            open_.append(each.text)
        elif isinstance(each, Event) and each.kind in ("answered", "raised") and each.text in open_:
            open_.remove(each.text)
        elif isinstance(each, Exchange) and open_ != ([each.request] if each.request else []):
            return True
    return False


def _in_order(journal: Journal) -> list[Exchange | Event]:
    return sorted(journal.entries, key=lambda each: each.at if isinstance(each, Event) else each.started)


def _with_phases(entries: Sequence[Exchange | Event]) -> Iterator[_Entry]:
    """Yield the entries, a heading for each phase that begins or that only its calls tell of."""
    current = ""
    for each in entries:
        if isinstance(each, Event):
            if each.kind != "phase":
                yield each
            elif each.text:
                current = each.text
                yield _Phase(each.at, each.text)
            continue
        if each.phase and each.phase != current:
            current = each.phase
            yield _Phase(each.started, each.phase)
        yield each
