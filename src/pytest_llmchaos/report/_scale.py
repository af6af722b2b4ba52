"""The time axis of a picture: seconds to pixels, long idle stretches cut short."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Break", "Scale"]

_MOST_BREAKS = 5
_BREAK_SHARE = 0.06  # of the width, for each stretch that is cut


@dataclass(frozen=True, slots=True)
class Break:
    """An idle stretch, from `start` to `end` in seconds, that is drawn shorter than it was."""

    start: float
    end: float


class Scale:
    """Places points in run time between two edges, in order and linear but for the stretches in `breaks`.

    Args:
        points: where something begins or ends, in seconds.
        busy: the stretches, start and end, in which something goes on: they are never cut.
        left, right: the edges in pixels.
    """

    def __init__(self, points: Iterable[float], busy: Iterable[tuple[float, float]], left: float, right: float) -> None:
        # Journals tell times to a microsecond; anything closer would make rates that no number can hold.
        marks = sorted({0.0, *(round(each, 6) for each in points)})
        busy = [(round(a, 6), round(b, 6)) for a, b in busy]
        if marks[-1] - marks[0] < 1e-6:
            marks.append(marks[0] + 1.0)
        self.end = marks[-1]
        segments = list(pairwise(marks))
        self.breaks = tuple(Break(*each) for each in sorted(_idle_and_long(segments, _merged(busy))))
        cut = {each.start for each in self.breaks}
        room = right - left
        linear = sum(b - a for a, b in segments if a not in cut) or 1.0
        per_second = room * (1 - _BREAK_SHARE * len(cut)) / linear
        self._starts, self._places, self._rates = [], [], []
        at = left
        for a, b in segments:
            width = room * _BREAK_SHARE if a in cut else (b - a) * per_second
            self._starts.append(a)
            self._places.append(at)
            self._rates.append(width / (b - a))
            at += width

    def __call__(self, seconds: float) -> float:
        """Return the place of a point in time."""
        nth = max(bisect_right(self._starts, seconds) - 1, 0)
        seconds = min(max(seconds, self._starts[0]), self.end)
        return self._places[nth] + (seconds - self._starts[nth]) * self._rates[nth]

    def ticks(self, apart: float) -> list[float]:
        """Return round points in time, at least `apart` pixels from each other and outside what is cut."""
        rate = max((r for a, r in zip(self._starts, self._rates, strict=True) if not self._cut(a)), default=1.0)
        step = _round_step(apart / rate)
        found: list[float] = []
        last = float("-inf")
        for a, b in self._stretches():
            nth = -(-a // step)
            while nth * step <= b + 1e-9 and len(found) < 60:
                if self(nth * step) - last >= apart:
                    found.append(nth * step)
                    last = self(nth * step)
                nth += 1
        return found

    def _cut(self, start: float) -> bool:
        return any(each.start == start for each in self.breaks)

    def _stretches(self) -> list[tuple[float, float]]:
        edges = [self._starts[0], *(edge for each in self.breaks for edge in (each.start, each.end)), self.end]
        return list(zip(edges[::2], edges[1::2], strict=True))


def _idle_and_long(
    segments: Sequence[tuple[float, float]], busy: Sequence[tuple[float, float]]
) -> list[tuple[float, float]]:
    """Return the idle segments that would leave too little room for the rest, the longest first."""
    starts = [a for a, _ in busy]

    def idle(a: float, b: float) -> bool:
        nth = bisect_right(starts, (a + b) / 2) - 1
        return nth < 0 or busy[nth][1] <= a

    longest = sorted((each for each in segments if idle(*each)), key=lambda each: each[0] - each[1])
    rest = sum(b - a for a, b in segments)
    cut: list[tuple[float, float]] = []
    for a, b in longest[:_MOST_BREAKS]:
        others = rest - (b - a)
        if b - a <= 3 * others or others < 1e-9:
            break
        cut.append((a, b))
        rest = others
    return cut


def _merged(stretches: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    merged: list[tuple[float, float]] = []
    for a, b in sorted(stretches):
        if merged and a <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], b))
        else:
            merged.append((a, b))
    return merged


def _round_step(least: float) -> float:
    """Return the smallest round number of seconds that is not below `least`."""
    for step in (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900,
                 1800, 3600, 7200, 21600, 43200, 86400):  # fmt: skip
        if step >= least:
            return step
    return 86400.0 * -(-least // 86400)
