"""Shapers at work on a plan's steps, and which of the steps are put down to whom.

A shaper need not tell what it does: what comes out of it is compared with what went in. From the first step that it
inserted, altered or dropped on, the steps that differ are its own, and its fault strikes when one of them is played.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable
from itertools import zip_longest
from typing import TYPE_CHECKING

from .plan import Chunk, End, Fail, Head, Wait

if TYPE_CHECKING:
    from .plan import Headers, Part, Parts, Plan, Step, StepMap

__all__ = ["Shaping", "marked"]

_FRAME = ("content-length", "content-encoding", "transfer-encoding")  # say how a body is sent, and nothing to the app


def marked(plan: Plan) -> Generator[tuple[Step, Parts], Step | None, None]:
    """Yield the steps of a plan's own source, each with the injection that strikes by it.

    An answer strikes by its status where that is an error, else by the first piece that is not as it should be. One
    without a body has struck with its head: clients read no further.
    """
    assert plan.source is not None  # noqa: S101 # else this is not called
    by = () if plan.answered_by is None else (plan.answered_by,)
    left = plan.harmless
    steps = iter(plan.source())
    step = next(steps, None)
    while step is not None:
        after = next(steps, None)
        if left and isinstance(step, Chunk):
            left -= 1
            yield step, ()
        elif by and isinstance(step, Head):
            yield step, by if step.status >= 400 or isinstance(after, End) else ()
        else:
            yield step, by
        step = after


class Shaping:
    """The shapers of one playing: takes each step with its marks and gives those that take its place, with theirs."""

    def __init__(self, plan: Plan) -> None:
        self._stages = [_Stage(make(), whose) for make, whose in zip_longest(plan.shapers, plan.shaped_by)]

    def __call__(self, step: Step, by: Parts) -> Iterable[tuple[Step, Parts]]:
        """Return what is played for a step."""
        steps = [(step, by)]
        for stage in self._stages:
            steps = [out for each in steps for out in stage(*each)]
        return steps


class _Stage:
    """One shaper.

    Args:
        shape: its step map.
        whose: the injection that it belongs to; None for no failure.
    """

    __slots__ = ("_by", "_owed", "_shape")

    def __init__(self, shape: StepMap, whose: Part | None) -> None:
        self._shape = shape
        self._by: Parts = () if whose is None else (whose,)
        self._owed: deque[tuple[Step, Parts]] = deque()  # went in and did not come out yet

    def __call__(self, step: Step, by: Parts) -> list[tuple[Step, Parts]]:
        owed = self._owed
        owed.append((step, by))
        made = list(self._shape(step))
        cut = not any(isinstance(known, End | Fail) for known, _ in owed) and any(
            isinstance(each, End | Fail) for each in made
        )
        found: list[tuple[Step, Parts]] = []
        for at, each in enumerate(made):
            place = next((place for place, (known, _) in enumerate(owed) if known is each), None)
            if place is None and owed and _alike(owed[0][0], each):
                place = 0
            if place is not None:  # as it went in; what stood before it was dropped
                marks = self._by if place else ()
                for _ in range(place + 1):
                    marks += owed.popleft()[1]
                found.append((each, marks))
            elif not isinstance(each, Wait) or each.seconds > 0:
                marks = self._by
                if not cut and owed and type(each) is type(owed[0][0]) and all(owed[0][0] is not x for x in made[at:]):
                    marks += owed.popleft()[1]  # it is that step, altered
                found.append((each, marks))
        return found


def _alike(one: Step, other: Step) -> bool:
    """Tell whether two steps are the same to the app."""
    if isinstance(one, Head) and isinstance(other, Head):
        return one.status == other.status and (
            one.headers == other.headers or _told(one.headers) == _told(other.headers)
        )
    return one == other


def _told(headers: Headers) -> list[tuple[str, str]]:
    return [(name, value) for name, value in headers if name.lower() not in _FRAME]
