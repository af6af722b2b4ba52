"""The time line of one test as an inline SVG: a lane for each provider, a bar for each call."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from ..core.terminal_text import fit, run_time, safe
from ..core.units import show_duration
from ._scale import Scale
from ._survival import exchange

if TYPE_CHECKING:
    from ..gate.record import Record
    from ..journal.entries import Exchange

__all__ = ["DEFINITIONS", "drawing"]

DEFINITIONS = (
    '<svg class="defs" width="0" height="0" aria-hidden="true" focusable="false"><defs>'
    '<pattern id="p-failed" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect class="f-failed" width="6" height="6"/><rect class="f-line" width="2" height="6"/></pattern>'
    '<pattern id="p-open" width="5" height="5" patternUnits="userSpaceOnUse">'
    '<rect class="f-open" width="5" height="5"/><circle class="f-line" cx="2" cy="2" r="1"/></pattern>'
    '<marker id="m-over" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path class="f-over" d="M0 0L8 4L0 8z"/></marker></defs></svg>'
)
"""Patterns and the arrow's head, which all drawings of a page share."""

_WIDTH = 1000
_LEFT = 150
_RIGHT = 984
_BAR = 18
_STEP = 24  # from one sub-lane to the next
_PHASES = 22  # for the names of phases
_MOST_CALLS = 160
_MOST_DEEP = 8  # sub-lanes of one lane
_LETTER = 6.7  # pixels that a letter of a label takes at most


@dataclass(slots=True)
class _Bar:
    nth: int
    call: Exchange
    x: float
    width: float
    label: float  # where its label begins
    end: bool  # whether that is where it ends: to the left of a bar at the right edge
    left: float  # what bar and label take together
    right: float
    deep: int = 0
    y: float = 0.0

    @property
    def middle(self) -> float:
        return self.y + _BAR / 2


def drawing(record: Record, marked: Collection[int] = ()) -> str:
    """Return the picture as markup; empty where there was no call.

    Args:
        record: what happened.
        marked: the places in the record's entries that get a frame, such as a verdict's evidence.
    """
    calls = [(nth, exchange(each)) for nth, each in enumerate(record.entries) if each.get("type") == "exchange"]
    return _Drawing(record, calls, set(marked)).markup() if calls else ""


class _Drawing:
    def __init__(self, record: Record, calls: Sequence[tuple[int, Exchange]], marked: set[int]) -> None:
        self.record = record
        self.all = len(calls)
        calls = _fewer(calls, marked)
        self.drawn = len(calls)
        self.marked = marked
        self.events = [each for each in record.entries if each.get("type") == "event" and _worth_it(each)][:40]
        self.top = _PHASES if record.phases else 4
        self.end = max([float(record.virtual or 0.0), *(_until(call) for _, call in calls)])
        points = [at for _, call in calls for at in (call.started, _until(call), _asked_until(call)) if at is not None]
        busy = [(call.started, _until(call)) for _, call in calls if call.ended is not None]
        points += [float(each.get("at") or 0.0) for each in self.events]
        self.x = Scale(points, busy, _LEFT, _RIGHT - 40)
        self.bars = [self._bar(nth, call) for nth, call in calls]
        self.lanes = self._place()

    def _bar(self, nth: int, call: Exchange) -> _Bar:
        x = self.x(call.started)
        width = max(self.x(_until(call)) - x, 6.0)
        room = len(_label(call)) * _LETTER + 10
        if room < width:
            return _Bar(nth, call, x, width, x + 5, False, x, x + width)
        if x + width + room > _WIDTH:
            return _Bar(nth, call, x, width, x - 6, True, x - room, x + width)
        return _Bar(nth, call, x, width, x + width + 6, False, x, x + width + room)

    def _place(self) -> list[tuple[str, float, float]]:
        """Give each bar its place, and return the lanes: name, top, height."""
        lanes: list[tuple[str, float, float]] = []
        top = float(self.top)
        for name in dict.fromkeys(bar.call.provider for bar in self.bars):
            free: list[float] = []
            for bar in (each for each in self.bars if each.call.provider == name):
                deep = next((nth for nth, end in enumerate(free) if end + 4 <= bar.left), len(free))
                if deep == len(free) < _MOST_DEEP:
                    free.append(0.0)
                bar.deep = min(deep, _MOST_DEEP - 1)
                free[bar.deep] = max(free[bar.deep], bar.right)
                bar.y = top + 6 + bar.deep * _STEP
            height = len(free) * _STEP + 8
            lanes.append((name, top, height))
            top += height
        self.height = top
        return lanes

    # --- markup ---------------------------------------------------------------------------------------------

    def markup(self) -> str:
        """Return the whole picture."""
        height = self.height + (36 if self.events else 22)
        names = ", ".join(_text(name) for name, *_ in self.lanes)
        label = f"Time line of {self.all} calls to {names}; the table below tells the same in words"
        left_out = self.all - self.drawn
        note = f'<p class="note">{left_out} of {self.all} calls are not drawn.</p>' if left_out else ""
        parts = [*self._phases(), *self._rows(), *self._axis(), *self._waits(), *self._overs(), *self._calls()]
        parts += self._marks()
        return (
            f'<div class="picture"><svg viewBox="0 0 {_WIDTH} {height:.0f}" role="img" aria-label="{label}">'
            + "".join(parts)
            + f"</svg></div>{note}"
        )

    def _phases(self) -> Iterator[str]:
        free = 0.0
        for nth, phase in enumerate(self.record.phases):
            start = float(phase.get("start") or 0.0)
            end = phase.get("end")
            x = self.x(start)
            width = max(self.x(self.end if end is None else float(end)) - x, 1.0)
            # A phase that reaches to the end of the run fills the picture.
            if end is None or float(end) >= self.end - 1e-9:
                width = _RIGHT - x
            yield f'<rect class="phase{nth % 2}" x="{x:.1f}" y="0" width="{width:.1f}" height="{self.height:.0f}"/>'
            name = fit(safe(str(phase.get("name") or "")), int(width / _LETTER))
            if x >= free and len(name) > 1:
                yield f'<text class="phase" x="{x + 4:.1f}" y="14">{escape(name)}</text>'
                free = x + len(name) * _LETTER

    def _rows(self) -> Iterator[str]:
        for name, top, height in self.lanes:
            yield f'<line class="rule" x1="0" x2="{_WIDTH}" y1="{top:.0f}" y2="{top:.0f}"/>'
            yield f'<text class="lane" x="6" y="{top + height / 2 + 4:.0f}">{escape(fit(safe(name), 20))}</text>'
        yield f'<line class="rule" x1="0" x2="{_WIDTH}" y1="{self.height:.0f}" y2="{self.height:.0f}"/>'

    def _axis(self) -> Iterator[str]:
        bottom = self.height
        cuts = [(self.x(each.start) + self.x(each.end)) / 2 for each in self.x.breaks]
        for at in self.x.ticks(80):
            x = self.x(at)
            if any(abs(x - cut) < 50 for cut in cuts):
                continue
            yield f'<line class="tick" x1="{x:.1f}" x2="{x:.1f}" y1="{self.top}" y2="{bottom + 4:.0f}"/>'
            yield f'<text class="axis" x="{x:.1f}" y="{bottom + 16:.0f}">{show_duration(round(at, 3))}</text>'
        for each in self.x.breaks:
            start, end = self.x(each.start), self.x(each.end)
            yield (
                f'<rect class="cut" x="{start + 4:.1f}" y="{self.top}" width="{max(end - start - 8, 1):.1f}" '
                f'height="{bottom - self.top:.0f}"><title>nothing for {_seconds(each.end - each.start)}</title></rect>'
                f'<text class="axis cut" x="{(start + end) / 2:.1f}" y="{bottom + 16:.0f}">'
                f"≈ {_seconds(each.end - each.start)}</text>"
            )

    def _waits(self) -> Iterator[str]:
        """Draw what lies between a try and the next one, and how long the provider asked to wait."""
        last: dict[tuple[str, str], _Bar] = {}
        for bar in self.bars:
            call = bar.call
            if (asked := _asked_until(call)) is not None:
                start, end, y = bar.x + bar.width, self.x(asked), bar.y + _BAR + 2
                yield (
                    f'<path class="asked" d="M{start:.1f} {y - 3:.1f}v3H{end:.1f}v-3"><title>'
                    f"asked to wait {_seconds(call.retry_after or 0.0)}</title></path>"
                )
            kind = (call.request, call.operation)
            before = last.get(kind)
            again = before is not None and before.call.provider == call.provider and before.call.failed
            if before is not None and again and bar.x > before.x + before.width:
                how = "the SDK waited" if call.retry else "next try after"
                gap = max(call.started - _until(before.call), 0.0)
                x = before.x + before.width
                # Below the label of the earlier bar, not through it.
                path = f"V{bar.middle:.1f}" if bar.y > before.y else f"H{bar.x - 5:.1f}V{bar.middle:.1f}"
                yield (
                    f'<path class="wait" d="M{x:.1f} {before.y + _BAR - 1:.1f}{path}H{bar.x:.1f}">'
                    f"<title>{how} {_seconds(gap)}</title></path>"
                )
            last[kind] = bar

    def _overs(self) -> Iterator[str]:
        """Draw an arrow where a call that failed is followed by one to another provider."""
        last: dict[tuple[str, str], _Bar] = {}
        for bar in self.bars:
            kind = (bar.call.request, bar.call.operation)
            before = last.get(kind)
            if before is not None and before.call.failed and before.call.provider != bar.call.provider:
                x, down = before.x + before.width, bar.y > before.y
                y1 = before.y + (_BAR if down else 0)
                y2 = bar.y + (-2 if down else _BAR + 2)
                to = bar.x + min(bar.width / 2, 6)
                bend = (y1 + y2) / 2
                yield (
                    f'<path class="over" marker-end="url(#m-over)" d="M{x:.1f} {y1:.1f}C{x:.1f} {bend:.1f} '
                    f'{to:.1f} {bend:.1f} {to:.1f} {y2:.1f}"><title>failover from '
                    f"{_text(before.call.provider)} to {_text(bar.call.provider)}</title></path>"
                )
            last[kind] = bar

    def _calls(self) -> Iterator[str]:
        for bar in self.bars:
            call = bar.call
            kind = "ok" if call.ok else "failed" if call.failed else "open"
            frame = (
                f'<rect class="frame" x="{bar.x - 3:.1f}" y="{bar.y - 3:.1f}" width="{bar.width + 6:.1f}" '
                f'height="{_BAR + 6}" rx="4"/>'
                if bar.nth in self.marked
                else ""
            )
            place = "before" if bar.end else "in" if bar.right == bar.x + bar.width else "out"
            yield (
                f'<g class="call {kind}"><title>{_told(call)}</title>{frame}<rect x="{bar.x:.1f}" y="{bar.y:.1f}" '
                f'width="{bar.width:.1f}" height="{_BAR}" rx="2"/>'
                f'<text class="{place}" x="{bar.label:.1f}" y="{bar.y + 13:.1f}">{escape(_label(call))}</text></g>'
            )

    def _marks(self) -> Iterator[str]:
        y, free = self.height + 31, 0.0
        for each in self.events:
            x = self.x(float(each.get("at") or 0.0))
            text = _text(each.get("text"))
            alarm = " escape" if each.get("kind") in ("escape", "raised") else ""
            yield (
                f'<line class="event{alarm}" x1="{x:.1f}" x2="{x:.1f}" y1="{self.top}" y2="{y - 9:.0f}">'
                f"<title>{text}</title></line>"
            )
            shown = fit(safe(_event(each)), 28)
            if x >= free and x + len(shown) * _LETTER <= _WIDTH:
                yield f'<text class="event{alarm}" x="{x + 2:.1f}" y="{y:.0f}">{escape(shown)}</text>'
                free = x + len(shown) * _LETTER + 10


def _fewer(calls: Sequence[tuple[int, Exchange]], marked: set[int]) -> list[tuple[int, Exchange]]:
    """Return about as many calls as a picture can show: the first, the last, and the evidence."""
    if len(calls) <= _MOST_CALLS:
        return list(calls)
    half = _MOST_CALLS // 3
    middle = [each for each in calls[half:-half] if each[0] in marked][:half]
    return [*calls[:half], *middle, *calls[-half:]]


def _until(call: Exchange) -> float:
    return call.started if call.ended is None else max(call.ended, call.started)


def _asked_until(call: Exchange) -> float | None:
    """Return when the wait that a provider asked for is over; one that is absurdly long has no place in a picture."""
    asked = call.retry_after
    return None if asked is None or call.ended is None or not 0 < asked <= 3600 else call.ended + asked


def _worth_it(event: Mapping[str, Any]) -> bool:
    return event.get("kind") not in ("phase", "over")


def _event(event: Mapping[str, Any]) -> str:
    text = str(event.get("text") or "")
    words = {"request": f"▸ {text}", "answered": f"◂ {text}", "raised": f"◂ {text} raised", "escape": f"! {text}"}
    return words.get(str(event.get("kind")), text)


def _label(call: Exchange) -> str:
    sign = "✓" if call.ok else "✗" if call.failed else "…"
    retry = " ↻" if call.retry else ""
    return f"{sign} {fit(safe(call.outcome), 24)}{retry}"


def _told(call: Exchange) -> str:
    took = "" if call.ended is None else f", took {_seconds(call.ended - call.started)}"
    by = f", by {', '.join(call.faults)}" if call.faults else ""
    retry = ", SDK retry" if call.retry else ""
    return _text(f"{call.label} #{call.attempt}{retry}: {call.outcome}{by}, at {run_time(call.started)}{took}")


def _seconds(seconds: float) -> str:
    return show_duration(round(seconds, 3 if seconds < 1 else 2))


def _text(text: object) -> str:
    return escape(safe(str(text or "")))
