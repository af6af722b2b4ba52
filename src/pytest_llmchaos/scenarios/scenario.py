"""Scenarios: phases in order, the hypothesis they test and what is expected. Plain data; files are read elsewhere."""

from __future__ import annotations

import datetime as dt
import math
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Any

from ..core.conditions import Ramp
from ..core.errors import ParameterError, UsageProblem, near, shown
from ..core.parameters import choice
from ..core.units import duration, rate, show_duration

if TYPE_CHECKING:
    from ..checks import Check
    from ..core.call import Target
    from ..faults import Injection

__all__ = ["EVIDENCE", "Phase", "Repeat", "Scenario", "dead_windows", "read_date"]

EVIDENCE = ("provider", "second-hand", "modelled")
"""How sure a scenario's facts are: the provider's own text, somebody else's report, or made up from such shapes."""


@dataclass(frozen=True)
class Phase:
    """A named stretch of scenario time with its injections.

    Args:
        name: what reports and `llmchaos.enter` call it.
        inject: what goes wrong in it, applied in order.
        lasts: a duration; None until the end of the run.
        jitter: the share by which the real length may differ either way, drawn from the seed.
    """

    name: str
    inject: tuple[Injection, ...] = ()
    lasts: Any = None
    jitter: Any = None

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
        if self.jitter is not None:
            try:
                object.__setattr__(self, "jitter", rate(self.jitter))
            except ValueError as problem:
                raise ParameterError("jitter", str(problem)) from None
            if self.lasts is None or self.jitter == 1:
                raise ParameterError("jitter", "is a share below 100% of how long the phase lasts, and needs lasts")
        for each in self.inject:
            if self.lasts is None and isinstance(each.rate, Ramp) and each.rate.over is None:
                raise ParameterError("rate", f"{each.rate} is a ramp over its phase, which never ends; say over")

    def settled(self, chance: Random) -> Phase:
        """Return the phase with the length that it has in one run."""
        if self.jitter is None:
            return self
        return replace(self, lasts=self.lasts * (1 + chance.uniform(-self.jitter, self.jitter)), jitter=None)

    @property
    def seconds(self) -> float:
        """How long it lasts; infinite for an open end."""
        return math.inf if self.lasts is None else float(self.lasts)


@dataclass(frozen=True)
class Repeat:
    """Phases that come again and again: a provider that recovers and breaks anew (flapping).

    Args:
        times: how often, 2 or more.
        phases: in order; each of them ends. From the second time on their names have the number behind them.
    """

    times: int
    phases: tuple[Phase, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "phases", tuple(self.phases))
        if isinstance(self.times, bool) or not isinstance(self.times, int) or not 2 <= self.times <= _OFTEN:
            raise ParameterError("repeat", f"{shown(self.times)} is not a whole number of times from 2 to {_OFTEN}")
        if not self.phases:
            raise ParameterError("phases", "there is nothing to repeat")
        for phase in self.phases:
            if phase.lasts is None:
                raise ParameterError("phases", f"the repeated phase {phase.name!r} never ends; say how long it lasts")

    @property
    def count(self) -> int:
        """How many phases it stands for."""
        return self.times * len(self.phases)

    def expanded(self) -> tuple[Phase, ...]:
        """Return the phases one after another."""
        return tuple(
            phase if nth == 1 else replace(phase, name=f"{phase.name} {nth}")
            for nth in range(1, self.times + 1)
            for phase in self.phases
        )


_OFTEN = 1000
_MOST_PHASES = 5000


def read_date(value: Any) -> dt.datetime:
    """Read a date, or a time of a day; one without a zone is in UTC.

    Raises:
        ValueError: it is neither.
    """
    found = value
    if isinstance(value, str):
        try:
            found = dt.datetime.fromisoformat(value.strip())
        except ValueError:
            found = None
    elif isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        found = dt.datetime(value.year, value.month, value.day)
    if not isinstance(found, dt.datetime):
        raise ValueError(f"{shown(value)} is not a date such as '2024-01-04' or '2024-01-04T09:30:00Z'")
    if not 1971 <= found.year <= 9000:
        raise ValueError(f"{shown(value)} is not a date that clocks can tell")
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def dead_windows(phases: Iterable[Phase | Repeat]) -> Iterator[tuple[Injection, str]]:
    """Yield each injection whose `between` never comes while its phase is under way, with the reason.

    Most who write one think that it counts from the start of the phase. Behind an open end nobody knows when a phase
    starts, and nothing is said of it.
    """
    began, latest = 0.0, 0.0  # the start of a part, where jitter makes it as early and as late as it can be
    for part in phases:
        inside, times = (part.phases, part.times) if isinstance(part, Repeat) else ((part,), 1)
        shortest = [phase.seconds * (1 - (phase.jitter or 0.0)) for phase in inside]
        longest = [phase.seconds * (1 + (phase.jitter or 0.0)) for phase in inside]
        for place, phase in enumerate(inside):
            windows = [each for each in phase.inject if each.between]
            if not windows or math.isinf(began):
                continue
            first, last = began + sum(shortest[:place]), latest + sum(longest[: place + 1])
            early, late = sum(shortest), sum(longest)
            for each in windows:
                window = each.between
                if window is None:
                    continue
                # The first time round that is not over before the window comes; later ones begin later still.
                nth = int((window.start - last) / late) + 1 if window.start >= last and late else 0
                spans = [
                    (first + (n and n * early), last + (n and n * late))
                    for n in (nth, nth + 1)  # the next as well: the division may be off by a hair
                    if n < times
                ]
                if not any(window.start < end and start < window.end for start, end in spans):
                    when = f"{show_duration(first)} to {show_duration(last + (times > 1 and (times - 1) * late))}"
                    yield each, f"{window} is never while {phase.name!r} lasts ({when} of the scenario's time)"
        began, latest = began + times * sum(shortest), latest + times * sum(longest)


@dataclass(frozen=True)
class Scenario:
    """Something that goes wrong, as a whole.

    Args:
        name: its slug, such as `openai-outage`.
        phases: in order; only the last may have an open end, unless a test moves on with `llmchaos.enter`. Repeated
            ones stand in a `Repeat`.
        title, hypothesis: sentences for people.
        tags: words to select it by.
        sources: where the facts come from.
        expect: what is judged when the test ends.
        evidence: how sure the facts are: one of `EVIDENCE`, or empty.
        notes: what is doubtful, left out or contradicted by another source.
        date: what the app's calendar says when the run starts; None for today.

    Attributes:
        flat: all phases, one after another, each repetition by itself.
    """

    name: str
    phases: tuple[Phase | Repeat, ...]
    title: str = ""
    hypothesis: str = ""
    tags: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    expect: tuple[Check, ...] = ()
    evidence: str = ""
    notes: str = ""
    date: Any = None
    flat: tuple[Phase, ...] = field(default=(), init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for key in ("phases", "tags", "sources", "expect"):
            object.__setattr__(self, key, tuple(getattr(self, key)))
        for key, reader in (("evidence", choice("", *EVIDENCE)), ("date", read_date)):
            try:
                if (given := getattr(self, key)) is not None:
                    object.__setattr__(self, key, reader(given))
            except ValueError as problem:
                raise ParameterError(key, str(problem)) from None
        if not self.phases:
            raise ParameterError("phases", f"the scenario {self.name!r} has none")
        if sum(part.count if isinstance(part, Repeat) else 1 for part in self.phases) > _MOST_PHASES:
            raise ParameterError("phases", f"there are more than {_MOST_PHASES} of them, repetitions counted")
        flat = [phase for part in self.phases for phase in (part.expanded() if isinstance(part, Repeat) else (part,))]
        object.__setattr__(self, "flat", tuple(flat))
        for name, count in Counter(phase.name for phase in flat).items():
            if count > 1:
                raise ParameterError("phases", f"the scenario {self.name!r} has two phases named {name!r}")

    @classmethod
    def of(cls, injections: Iterable[Injection]) -> Scenario:
        """Return a scenario of one endless phase, for faults written in a test."""
        inject = tuple(injections)
        return cls(name=" + ".join(each.fault.name for each in inject), phases=(Phase("", inject),))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Scenario:
        """Read a scenario file.

        Raises:
            UsageProblem: it cannot be read, or anything in it is wrong; each problem with its line and column.
        """
        from .scenario_file import load

        return load(path)

    def to_yaml(self) -> str:
        """Return the scenario as the content of a file that loads back equal.

        Raises:
            UsageProblem: it has no such form, as its name is no slug, or a predicate is no function of a module.
        """
        from .scenario_file import dump

        return dump(self)

    def settled(self, chance: str) -> Scenario:
        """Return the scenario as it goes in one run, its jitter drawn."""
        if all(phase.jitter is None for phase in self.flat):
            return self
        rng = Random(f"{chance}|{self.name}")  # noqa: S311 - repeatable on purpose
        return replace(self, phases=tuple(phase.settled(rng) for phase in self.flat))

    def phase(self, name: str) -> int:
        """Return the index of a phase by its name.

        Raises:
            UsageProblem: it has no such phase.
        """
        names = [phase.name for phase in self.flat]
        if name not in names:
            known = ", ".join(names)
            raise UsageProblem(f"{self.name!r} has no phase {name!r}{near(name, names)} (phases: {known})")
        return names.index(name)

    def starts(self) -> tuple[float, ...]:
        """Return the scenario time in seconds at which each phase starts; infinite behind an open end."""
        starts, at = [], 0.0
        for phase in self.flat:
            starts.append(at)
            at += phase.seconds
        return tuple(starts)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show it to Hypothesis and IPython as the file that replays it."""
        from .yaml_writer import write

        try:
            text = write(self)
        except UsageProblem:  # a predicate without a name has no form in a file
            printer.text(repr(self))
        else:
            name = self.name if self.name.isprintable() else "scenario"
            printer.text(f"<to replay it, save this as {name}.yaml>\n{text}")

    def targets(self) -> Iterator[Target]:
        """Yield the targets of all its faults and expectations."""
        for injection in self.injections:
            yield from injection.target.each
        for check in self.expect:
            yield from check.targets()

    @property
    def injections(self) -> tuple[Injection, ...]:
        """All injections of all phases."""
        return tuple(injection for phase in self.flat for injection in phase.inject)
