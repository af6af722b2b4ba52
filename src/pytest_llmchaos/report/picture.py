"""A scenario as a picture for the terminal: phases along the time, a bar for each injection."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import TYPE_CHECKING

from ..core.conditions import Ramp
from ..core.units import show_duration

if TYPE_CHECKING:
    from ..faults import Injection
    from ..scenarios.scenario import Phase, Scenario

__all__ = ["picture"]

_DENSITY, _ELLIPSIS = "░▒▓█", "…"
_ASCII = str.maketrans(_DENSITY + _ELLIPSIS, ".:=#~")
_LEAST = 2  # columns of a phase, however short
_WIDEST_TARGET = 28


def picture(scenario: Scenario, width: int = 100, *, ascii: bool = False) -> list[str]:  # noqa: A002 - as elsewhere
    """Return the lines of the picture, no wider than `width` where the words allow it.

    The columns of a phase grow with the square root of its length, so that seconds can be seen beside hours. A bar is
    the denser the larger the share of calls it hits; with `ascii` it is drawn for what takes nothing else.
    """
    lanes = _lanes(scenario)
    left = min(max((len(name) for name, *_ in lanes), default=0), _WIDEST_TARGET)
    columns = _columns(scenario.flat, max(width - left - 36, 30))
    starts = list(accumulate(columns, initial=0))
    lines = [" " * left + "  " + line for line in _scale(scenario, starts) if line]
    for name, bars, text in lanes:
        row = [" "] * starts[-1]
        for index, injection in bars:
            _draw(row, scenario, index, injection, starts)
        lines.append(f"{_cut(name, left):<{left}}  {''.join(row)}  {text}".rstrip())
    return [line.translate(_ASCII) for line in lines] if ascii else lines


def _lanes(scenario: Scenario) -> list[tuple[str, list[tuple[int, Injection]], str]]:
    """Return a lane for each injection; one that comes in several phases has one lane."""
    found: dict[Injection, list[tuple[int, Injection]]] = {}
    for index, phase in enumerate(scenario.flat):
        for injection in phase.inject:
            found.setdefault(injection, []).append((index, injection))
    return [(str(injection.target), bars, _words(injection)) for injection, bars in found.items()]


def _words(injection: Injection) -> str:
    when = [f"{name} {value * 100:.4g}%" if name == "rate" and isinstance(value, float) else f"{name} {value}"
            for name, value in injection.when().items()]  # fmt: skip
    return ", ".join([str(injection.fault), *when])


def _columns(phases: tuple[Phase, ...], width: int) -> list[int]:
    known = [math.sqrt(phase.seconds) for phase in phases if not math.isinf(phase.seconds)]
    rest = max(sum(known) / 6, 1.0)  # for a phase without an end
    weights = [rest if math.isinf(phase.seconds) else math.sqrt(phase.seconds) for phase in phases]
    return [max(_LEAST, round(width * weight / sum(weights))) for weight in weights]


def _scale(scenario: Scenario, starts: list[int]) -> list[str]:
    """Return the times at which phases begin, and their names; what finds no room is left out."""
    times, names = [" "] * (starts[-1] + 12), [" "] * (starts[-1] + 12)
    free = {"time": 0, "name": 0}
    for phase, at, column, end in zip(scenario.flat, scenario.starts(), starts, starts[1:], strict=False):
        text = "" if math.isinf(at) else show_duration(at)
        if column >= free["time"]:
            times[column : column + len(text)] = text
            free["time"] = column + len(text) + 1
        room = end - column - 1
        name = phase.name if len(phase.name) <= room else _cut(phase.name, room)
        if phase.name:
            names[column] = "|"
        if room > 2:
            names[column + 1 : column + 1 + len(name)] = name
    return ["".join(times).rstrip(), "".join(names).rstrip()]


def _draw(row: list[str], scenario: Scenario, index: int, injection: Injection, starts: list[int]) -> None:
    begin, end = starts[index], starts[index + 1]
    for column in range(begin, end):
        share = (column - begin) / max(end - begin - 1, 1)
        if injection.between is not None and not _within(scenario, index, injection, share):
            continue
        rate = injection.rate
        now = rate.start + (rate.end - rate.start) * share if isinstance(rate, Ramp) else rate
        row[column] = _DENSITY[min(int(now * 4), 3)]


def _within(scenario: Scenario, index: int, injection: Injection, share: float) -> bool:
    assert injection.between is not None  # noqa: S101 - asked for such only
    phase, start = scenario.flat[index], scenario.starts()[index]
    length = phase.seconds if not math.isinf(phase.seconds) else max(injection.between.end - start, 1.0) * 1.2
    return start + length * min(share, 0.999) in injection.between


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(room - 1, 0)] + _ELLIPSIS
