"""Scenarios: phases in order, the hypothesis they test and what is expected. Plain data; files are read elsewhere."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import ParameterError, UsageProblem, near
from .units import duration

if TYPE_CHECKING:
    from .checks import Check
    from .faults import Injection

__all__ = ["Phase", "Scenario"]


@dataclass(frozen=True)
class Phase:
    """A named stretch of scenario time with its injections.

    Args:
        name: what reports and `llmchaos.enter` call it.
        inject: what goes wrong in it, applied in order.
        lasts: a duration; None until the end of the run.
    """

    name: str
    inject: tuple[Injection, ...] = ()
    lasts: Any = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "inject", tuple(self.inject))
        if self.lasts is not None:
            try:
                seconds = duration(self.lasts)
            except ValueError as problem:
                raise ParameterError("lasts", str(problem)) from None
            if not seconds:
                raise ParameterError("lasts", "a phase must last longer than nothing")
            object.__setattr__(self, "lasts", seconds)

    @property
    def seconds(self) -> float:
        """How long it lasts; infinite for an open end."""
        return math.inf if self.lasts is None else float(self.lasts)


@dataclass(frozen=True)
class Scenario:
    """Something that goes wrong, as a whole.

    Args:
        name: its slug, such as `openai-outage`.
        phases: in order; only the last may have an open end, unless a test moves on with `llmchaos.enter`.
        title, hypothesis: sentences for people.
        tags: words to select it by.
        sources: where the facts come from.
        expect: what is judged when the test ends.
        evidence: how sure the facts are.
    """

    name: str
    phases: tuple[Phase, ...]
    title: str = ""
    hypothesis: str = ""
    tags: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    expect: tuple[Check, ...] = ()
    evidence: str = ""

    def __post_init__(self) -> None:
        for key in ("phases", "tags", "sources", "expect"):
            object.__setattr__(self, key, tuple(getattr(self, key)))
        if not self.phases:
            raise ParameterError("phases", f"the scenario {self.name!r} has none")
        seen = [phase.name for phase in self.phases]
        for name in seen:
            if seen.count(name) > 1:
                raise ParameterError("phases", f"the scenario {self.name!r} has two phases named {name!r}")

    @classmethod
    def of(cls, injections: Iterable[Injection]) -> Scenario:
        """Return a scenario of one endless phase, for faults written in a test."""
        inject = tuple(injections)
        return cls(name=" + ".join(each.fault.name for each in inject), phases=(Phase("", inject),))

    def phase(self, name: str) -> int:
        """Return the index of a phase by its name.

        Raises:
            UsageProblem: it has no such phase.
        """
        names = [phase.name for phase in self.phases]
        if name not in names:
            known = ", ".join(names)
            raise UsageProblem(f"{self.name!r} has no phase {name!r}{near(name, names)} (phases: {known})")
        return names.index(name)

    def starts(self) -> tuple[float, ...]:
        """Return the scenario time in seconds at which each phase starts; infinite behind an open end."""
        starts, at = [], 0.0
        for phase in self.phases:
            starts.append(at)
            at += phase.seconds
        return tuple(starts)

    @property
    def injections(self) -> tuple[Injection, ...]:
        """All injections of all phases."""
        return tuple(injection for phase in self.phases for injection in phase.inject)
