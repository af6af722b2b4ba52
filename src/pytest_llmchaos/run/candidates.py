"""Which injections of a scenario a call has to be held against, and why all the others pass it by.

A scenario may have thousands, and most of them can strike no call of a kind, are of another phase, or have a window
that is shut. Those cost a call nothing: how often they passed calls by is reckoned when somebody asks.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .engine import Kind, aim_at_kind

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.units import Window
    from ..faults import Injection
    from .engine import Miss

__all__ = ["Candidates", "Place"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an injection stands in its scenario: under which key it is counted, and in which phase it is."""

    key: str
    phase: int
    injection: Injection


@dataclass(slots=True)
class _Seen:
    """The calls of one kind, and the numbers of the injections that may strike them.

    Attributes:
        asked: those that every call has to be asked about, in whatever phase: with `where`, `above`, `prompt_tokens`.
        windowed: those with a window, whatever phase it is in.
        phases: the others, by phase.
        calls: how many calls there were.
        looked: how many of them each injection was held against.
        moment, near: the last phase and state of the windows, and which injections were near then.
    """

    asked: list[int] = field(default_factory=list)
    windowed: set[int] = field(default_factory=set)
    phases: dict[int, list[int]] = field(default_factory=dict)
    calls: int = 0
    looked: Counter[int] = field(default_factory=Counter)
    moment: tuple[int | None, int] | None = None
    near: tuple[int, ...] = ()


class Candidates:
    """The injections of one scenario.

    Args:
        places: all of them, in the order in which they apply.
    """

    def __init__(self, places: Sequence[Place]) -> None:
        self._places = places
        self._regional = any(each.injection.region is not None for each in places)
        self._seen: dict[Kind, _Seen] = {}
        self._windows = _Windows(
            {nth: each.injection.between for nth, each in enumerate(places) if each.injection.between is not None}
        )

    def of(self, call: Call, at: float, phase: int | None) -> Sequence[int]:
        """Return the numbers of those that a call must be held against, in order; count that it passed the others.

        Args:
            call: the call.
            at: scenario time in seconds.
            phase: the number of the phase under way; None for none.
        """
        region = call.region if self._regional else ""
        kind = Kind(call.provider, call.model, call.operation, call.stream, region)
        seen = self._seen.get(kind)
        if seen is None:
            seen = self._seen[kind] = self._sorted(kind)
        moment = phase, self._windows.at(at)
        if seen.moment != moment:
            on = seen.phases.get(phase, ()) if phase is not None else ()
            seen.moment = moment
            seen.near = tuple(sorted([*seen.asked, *on, *(self._windows.open & seen.windowed)]))
        seen.calls += 1
        if seen.near:
            seen.looked.update(seen.near)
        return seen.near

    def _sorted(self, kind: Kind) -> _Seen:
        seen = _Seen()
        for nth, place in enumerate(self._places):
            injection = place.injection
            if aim_at_kind(injection, kind) is not None:
                continue
            if injection.where is not None or injection.above is not None or injection.prompt_tokens is not None:
                seen.asked.append(nth)
            elif injection.between is not None:
                seen.windowed.add(nth)
            else:
                seen.phases.setdefault(place.phase, []).append(nth)
        return seen

    def passed(self, nth: int) -> Iterator[tuple[Miss, int]]:
        """Yield why, and how often, calls passed an injection by that they were not held against."""
        injection = self._places[nth].injection
        for kind, seen in self._seen.items():
            if count := seen.calls - seen.looked[nth]:
                yield aim_at_kind(injection, kind) or ("phase" if injection.between is None else "between"), count


class _Windows:
    """Which windows are open. Time mostly goes on, and then each beginning and end is met once.

    Args:
        windows: the windows by number.
    """

    def __init__(self, windows: Mapping[int, Window]) -> None:
        self._edges = sorted({edge for each in windows.values() for edge in (each.start, each.end)})
        self._opening: dict[float, list[int]] = {}
        self._closing: dict[float, list[int]] = {}
        for nth, each in windows.items():
            self._opening.setdefault(each.start, []).append(nth)
            self._closing.setdefault(each.end, []).append(nth)
        self._passed = 0
        self.open: set[int] = set()

    def at(self, at: float) -> int:
        """Go to this scenario time in seconds; return how many beginnings and ends lie before it."""
        passed = bisect_right(self._edges, at)
        for edge in self._edges[self._passed : passed]:
            self.open.update(self._opening.get(edge, ()))
            self.open.difference_update(self._closing.get(edge, ()))
        for edge in reversed(self._edges[passed : self._passed]):  # a phase was entered anew
            self.open.update(self._closing.get(edge, ()))
            self.open.difference_update(self._opening.get(edge, ()))
        self._passed = passed
        return passed
