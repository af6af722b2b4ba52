"""When an injection strikes beyond its target: what users type for shares, loads, sizes and predicates.

Each reader takes the raw value and returns ours, or raises `ValueError` with a sentence that shows the value and says
what was expected, like those of `units`.
"""

from __future__ import annotations

import importlib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from .call import Sticky
from .errors import UsageProblem, near, shown
from .parameters import choice, text
from .units import CallRange, calls, duration, rate, raw_duration, show_duration

if TYPE_CHECKING:
    from .call import Call

__all__ = ["Load", "Predicate", "Ramp", "flag", "load", "predicate", "region", "share", "size", "sticky"]


@dataclass(frozen=True, slots=True)
class Ramp:
    """A rate that changes evenly from `start` to `end`, over `over` seconds or the length of its phase."""

    start: float
    end: float
    over: float | None = None

    def at(self, into: float, whole: float) -> float:
        """Return the rate `into` seconds after the phase began, which lasts `whole` seconds.

        Raises:
            UsageProblem: the phase never ends, and nothing says how long the ramp is.
        """
        length = whole if self.over is None else self.over
        if math.isinf(length):
            raise UsageProblem(f"the ramp {self} has no end in a phase without `lasts`; say `over` how long it goes")
        done = min(max(into / length, 0.0), 1.0)
        return self.end if done == 1 else self.start + (self.end - self.start) * done

    def raw(self) -> dict[str, Any]:
        """Return the value as YAML holds it."""
        over = {} if self.over is None else {"over": raw_duration(self.over)}
        return {"from": self.start, "to": self.end, **over}

    def __str__(self) -> str:
        over = "" if self.over is None else f" over {show_duration(self.over)}"
        return f"{self.start * 100:.4g}%..{self.end * 100:.4g}%{over}"


def share(value: Any) -> float | Ramp:
    """Read a rate (`0.3`, `"30%"`) or a ramp of it: `{from: 0%, to: 60%, over: 10m}`.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, Ramp):
        return value
    if not isinstance(value, Mapping):
        return rate(value)
    known = ("from", "to", "over")
    for key in value:
        if key not in known:
            raise ValueError(
                f"{shown(key)} does not belong to a ramp: it takes from, to and over{near(str(key), known)}"
            )
    for key in known[:2]:
        if key not in value:
            raise ValueError(f"a ramp needs from and to: {shown(key)} is missing")
    ends = [0.0 if value[key] in (0, "0%") and value[key] is not False else rate(value[key]) for key in known[:2]]
    if ends[0] == ends[1]:
        raise ValueError(
            f"a ramp from {shown(value['from'])} to {shown(value['to'])} goes nowhere; give the rate itself"
        )
    over = duration(value["over"]) if value.get("over") is not None else None
    if over == 0:
        raise ValueError("a ramp must take longer than nothing")
    return Ramp(ends[0], ends[1], over)


@dataclass(frozen=True, slots=True)
class Load:
    """More than `count` calls within `seconds`."""

    count: int
    seconds: float

    def raw(self) -> str:
        """Return the value as YAML holds it."""
        return str(self)

    def __str__(self) -> str:
        shown = show_duration(self.seconds)
        return f"{self.count}/{shown[1:] if shown in ('1s', '1m', '1h', '1d') else shown}"


def load(value: Any) -> Load:
    """Read a load: `"10/m"` (more than ten matching calls a minute), `"100/30s"`.

    Raises:
        ValueError: it is none of that form.
    """
    if isinstance(value, Load):
        return value
    match = re.fullmatch(r"\s*(\d{1,9})\s*/\s*(\S+)\s*", value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{shown(value)} is not a load such as '10/m' or '100/30s': calls, a slash, a duration")
    unit = match[2]
    seconds = duration(f"1{unit}" if unit in ("ms", "s", "m", "h", "d") else unit)
    if not seconds:
        raise ValueError(f"{shown(value)} is not a load: the time after the slash must be longer than nothing")
    return Load(int(match[1]), seconds)


def size(value: Any) -> CallRange:
    """Read a range of prompt sizes in tokens: `"13000-"` or `"1-2000"`.

    Raises:
        ValueError: it is no range.
    """
    try:
        found = calls(value)
    except ValueError:
        raise ValueError(f"{shown(value)} is not a range of tokens such as '13000-' or '1-2000'") from None
    if found.last == found.first:
        raise ValueError(f"{shown(value)} is a single size, which no prompt has; give a range such as '{found.first}-'")
    return found


@dataclass(frozen=True, slots=True)
class Predicate:
    """The user's own condition: a function that takes the call. `name` is `module:function` where it has one."""

    function: Callable[[Call], Any]
    name: str

    def __call__(self, call: Call) -> bool:
        """Ask it.

        Raises:
            UsageProblem: the function failed, so that nobody can tell whether the call is meant.
        """
        try:
            return bool(self.function(call))
        except Exception as problem:
            raise UsageProblem(f"where={self.name} failed on {call.label}: {type(problem).__name__}") from problem

    def raw(self) -> str:
        """Return the value as YAML holds it.

        Raises:
            UsageProblem: it has no name by which it could be found again.
        """
        try:
            if predicate(self.name).function is self.function:
                return self.name
        except ValueError:
            pass
        raise UsageProblem(f"where={self.name} cannot be written: it is no function at the top of a module")

    def __str__(self) -> str:
        return self.name


def predicate(value: Any) -> Predicate:
    """Read a predicate: a function that takes the call, or where it stands, as `"package.module:function"`.

    Raises:
        ValueError: it is neither, or cannot be imported.
    """
    if isinstance(value, Predicate):
        return value
    if callable(value):
        return Predicate(value, f"{value.__module__}:{getattr(value, '__qualname__', type(value).__qualname__)}")
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", value):
        raise ValueError(f"{shown(value)} is neither a function nor where one stands, such as 'tests.whom:is_premium'")
    module, _, name = value.partition(":")
    try:
        function = getattr(importlib.import_module(module), name)
    except (Exception, SystemExit) as problem:  # whatever the user's module does when it is imported
        raise ValueError(f"{shown(value)} cannot be imported: {type(problem).__name__}: {problem}") from None
    if not callable(function):
        raise ValueError(f"{shown(value)} is not a function")
    return Predicate(function, value)


def flag(value: Any) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise ValueError(f"{shown(value)} is neither true nor false")
    return value


def region(value: Any) -> str:
    """Read a pattern of cloud regions such as `eu-*`."""
    return text(value).strip().lower()


sticky = choice(*get_args(Sticky))
"""Read what keeps its fate: the calls of one key, user, conversation and so on are all struck or all spared."""
