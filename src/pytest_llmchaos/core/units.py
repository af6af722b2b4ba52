"""What users type for durations, rates, call ranges and delays, read in one place for Python and YAML.

Each reader takes the raw value and returns ours, or raises `ValueError` with a sentence that shows the value
and says what was expected; the caller knows which parameter (and which line of which file) it was.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from .errors import near, shown

__all__ = [
    "CallRange",
    "Delay",
    "Window",
    "between",
    "calls",
    "delay",
    "duration",
    "lognormal",
    "rate",
    "raw_duration",
    "show_duration",
    "uniform",
]

_UNIT_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
# Possessive, so that a text of nothing but digits is not tried again from each of them.
_PART = re.compile(r"(\d++(?:\.\d++)?)(ms|s|m|h|d)")
_PARTS = re.compile(r"(?:\d++(?:\.\d++)?(?:ms|s|m|h|d))+")
_TOO_LONG = 1e300
_DURATION_FORMS = "a duration such as '20s', '1m30s', '250ms' or a number of seconds"


def duration(value: Any) -> float:
    """Read a duration and return it in seconds (never negative, never infinite).

    Args:
        value: `"20s"`, `"1m30s"`, `"250ms"`, a number of seconds, or a `timedelta`.

    Raises:
        ValueError: it is none of these.
    """
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value) if abs(value) < _TOO_LONG else math.inf
    elif isinstance(value, str) and (text := value.strip().replace(" ", "")):
        if not _PARTS.fullmatch(text):
            bare = re.fullmatch(r"[\d.]+", text)
            hint = " (a bare number in quotes needs its unit)" if bare else " (units: ms, s, m, h, d)"
            raise ValueError(f"{shown(value)} is not {_DURATION_FORMS}{hint}")
        seconds = sum(float(number) * _UNIT_SECONDS[unit] for number, unit in _PART.findall(text))
    else:
        raise ValueError(f"{shown(value)} is not {_DURATION_FORMS}")
    if not 0 <= seconds < math.inf:
        raise ValueError(f"{shown(value)} is not a duration: it must be zero or more, and finite")
    return seconds


def show_duration(seconds: float) -> str:
    """Write a number of seconds as users write it: `250ms`, `7.5s`, `1m30s`, `2h`."""
    if math.isinf(seconds):
        return "for ever"
    if seconds < 0:
        return f"-{show_duration(-seconds)}"
    if seconds < 0.9995:
        shown = f"{seconds * 1000:.3f}".rstrip("0") if seconds < 0.001 else f"{seconds * 1000:.0f}."
        return f"{shown.rstrip('.')}ms" if seconds >= 5e-7 else "0s"
    if seconds < 59.9995:
        return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"
    parts, rest = [], round(seconds)
    for unit in ("d", "h", "m", "s"):
        count, rest = divmod(rest, int(_UNIT_SECONDS[unit]))
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)


def raw_duration(seconds: float) -> str | float:
    """Return a duration as a file holds it: as users write it where that is exact, else in seconds."""
    text = show_duration(seconds)
    return text if duration(text) == seconds else seconds


def rate(value: Any) -> float:
    """Read a rate: `0.3` or `"30%"`, from 0 (excluded) to 1.

    Raises:
        ValueError: it is no number, or outside that range.
    """
    number = value
    if isinstance(value, str) and (match := re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", value)):
        number = float(match[1]) / 100
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise ValueError(f"{shown(value)} is not a rate such as 0.3 or '30%'")
    if not 0 < number <= 1:
        raise ValueError(f"{shown(value)} is not a rate: it must be above 0 and at most 1 (or 100%)")
    return float(number)


@dataclass(frozen=True, slots=True)
class CallRange:
    """The n-th matching calls, counted from 1; `last` is None for an open end."""

    first: int
    last: int | None

    def __contains__(self, nth: int) -> bool:
        return self.first <= nth and (self.last is None or nth <= self.last)

    def raw(self) -> str | int:
        """Return the value as YAML holds it."""
        return self.first if self.last == self.first else str(self)

    def __str__(self) -> str:
        if self.last == self.first:
            return str(self.first)
        return f"{self.first}-{'' if self.last is None else self.last}"


def calls(value: Any) -> CallRange:
    """Read which of the matching calls a fault hits: `1`, `"1-2"` or `"3-"`.

    Raises:
        ValueError: it is none of these, or the range is empty.
    """
    if isinstance(value, CallRange):
        return value
    match = None
    if not isinstance(value, bool) and isinstance(value, int | str):
        text = str(value).strip() if isinstance(value, str) or abs(value) < 10**18 else ""
        match = re.fullmatch(r"(\d{1,18})(?:\s*(-)\s*(\d{1,18})?)?", text)
    if match is None:
        raise ValueError(f"{shown(value)} is not a call number or range such as 1, '1-2' or '3-'")
    first = int(match[1])
    last = (int(match[3]) if match[3] else None) if match[2] else first
    if first < 1 or (last is not None and last < first):
        raise ValueError(f"{shown(value)} is an empty range: calls are counted from 1, smaller number first")
    return CallRange(first, last)


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of scenario time in seconds; `end` is excluded."""

    start: float
    end: float

    def __contains__(self, at: float) -> bool:
        return self.start <= at < self.end

    def raw(self) -> list[str | float]:
        """Return the value as YAML holds it."""
        return [raw_duration(self.start), raw_duration(self.end)]

    def __str__(self) -> str:
        return f"{show_duration(self.start)}..{show_duration(self.end)}"


def between(value: Any) -> Window:
    """Read a window of scenario time: a pair of durations such as `("10s", "2m")`.

    Raises:
        ValueError: it is no pair of durations, or it is empty.
    """
    if isinstance(value, Window):
        return value
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueError(f"{shown(value)} is not a pair of durations such as ['10s', '2m']")
    window = Window(duration(value[0]), duration(value[1]))
    if window.end <= window.start:
        raise ValueError(f"{shown(value)} is an empty window: the second duration must be the larger one")
    return window


@dataclass(frozen=True, slots=True)
class Delay:
    """How long a wait takes. All numbers are in seconds.

    Attributes:
        distribution: `fixed`, `uniform`, `lognormal`, `pareto`, `empirical` or `ramp`.
        low, high: equal for fixed; the ends for uniform and ramp; median and 99th percentile for lognormal; the
            smallest value and the 99th percentile for pareto.
        values: what an empirical one draws from.
        over: how long a ramp takes; None for as long as its phase lasts.
    """

    distribution: str
    low: float
    high: float
    values: tuple[float, ...] = ()
    over: float | None = None

    def sample(self, rng: Random, into: float = 0.0, lasts: float = math.inf) -> float:
        """Draw one wait in seconds, `into` seconds after the phase began, which lasts `lasts`."""
        if self.distribution == "uniform":
            return rng.uniform(self.low, self.high)
        if self.distribution == "lognormal":
            sigma = math.log(self.high / self.low) / _Z99
            return rng.lognormvariate(math.log(self.low), sigma)
        if self.distribution == "pareto":
            return self.low * rng.paretovariate(math.log(100) / math.log(self.high / self.low))
        if self.distribution == "empirical":
            return rng.choice(self.values)
        if self.distribution == "ramp":
            length = lasts if self.over is None else self.over
            return self.low + (self.high - self.low) * (0.0 if math.isinf(length) else min(into / length, 1.0))
        return self.low

    @property
    def nothing(self) -> bool:
        """Whether it is always 0."""
        return self.low == self.high == 0

    def raw(self) -> Any:
        """Return the value as YAML holds it."""
        if self.distribution == "fixed":
            return raw_duration(self.low)
        if self.distribution == "empirical":
            return {"distribution": "empirical", "values": [raw_duration(each) for each in self.values]}
        values = (raw_duration(self.low), raw_duration(self.high))
        over = {} if self.over is None else {"over": raw_duration(self.over)}
        return {
            "distribution": self.distribution,
            **dict(zip(_DISTRIBUTIONS[self.distribution], values, strict=True)),
            **over,
        }

    def __str__(self) -> str:
        if self.distribution == "fixed":
            return show_duration(self.low)
        return f"{self.distribution} {show_duration(self.low)}..{show_duration(self.high)}"


_Z99 = 2.3263478740408408  # the standard normal's 99th percentile
_LONGEST_TAIL = 1e6  # beyond it single draws outgrow all meaning
_HEAVIEST_TAIL = 100  # of pareto: p99 at ten times the smallest value already has no finite variance
_DISTRIBUTIONS: dict[str, tuple[str, ...]] = {
    "fixed": ("value",),
    "uniform": ("min", "max"),
    "lognormal": ("median", "p99"),
    "pareto": ("min", "p99"),
    "empirical": ("values",),
    "ramp": ("from", "to"),
}
_OPTIONAL = {"fixed": ("jitter",), "ramp": ("over",)}


def uniform(min: Any, max: Any) -> Delay:  # noqa: A002 - the words users type in YAML
    """Return a delay drawn evenly between two durations."""
    return delay({"distribution": "uniform", "min": min, "max": max})


def lognormal(median: Any, p99: Any) -> Delay:
    """Return a delay with the long tail of real latency, given its median and 99th percentile."""
    return delay({"distribution": "lognormal", "median": median, "p99": p99})


def delay(value: Any) -> Delay:
    """Read a delay: a duration, or a distribution such as `{distribution: lognormal, median: 6s, p99: 20s}`.

    Raises:
        ValueError: it is none of these, or its numbers contradict each other.
    """
    if isinstance(value, Delay):
        return value
    if not isinstance(value, Mapping):
        seconds = duration(value)
        return Delay("fixed", seconds, seconds)
    kind = value.get("distribution")
    if not isinstance(kind, str) or kind not in _DISTRIBUTIONS:
        known = sorted(_DISTRIBUTIONS)
        hint = near(kind, known) if isinstance(kind, str) else ""
        raise ValueError(f"distribution {shown(kind)} is not one of {', '.join(known)}{hint}")
    names, optional = _DISTRIBUTIONS[kind], _OPTIONAL.get(kind, ())
    for key in value:
        if key not in ("distribution", *names, *optional):
            takes = " and ".join((*names, *optional))
            raise ValueError(
                f"{shown(key)} does not belong to {kind}: it takes {takes}{near(str(key), (*names, *optional))}"
            )
    for key in names:
        if key not in value:
            raise ValueError(f"{kind} needs {' and '.join(names)}: {shown(key)} is missing")
    if kind == "fixed":
        return _fixed(value)
    if kind == "empirical":
        return _empirical(value["values"])
    low, high = (duration(value[key]) for key in names)
    over = duration(value["over"]) if value.get("over") is not None else None
    if kind == "ramp":
        if low == high or over == 0:
            raise ValueError("a ramp needs two different ends, and more than no time to go from one to the other")
        return Delay(kind, low, high, over=over)
    if high < low or (kind != "uniform" and not low) or (kind == "pareto" and high == low):
        raise ValueError(
            f"{kind} needs {names[0]} <= {names[1]}, got {shown(value[names[0]])} and {shown(value[names[1]])}"
        )
    longest = {"lognormal": _LONGEST_TAIL, "pareto": _HEAVIEST_TAIL}.get(kind, math.inf)
    if kind != "uniform" and high / low > longest:
        raise ValueError(f"{kind} needs p99 within {longest:g} times the {names[0]}, got {shown(value['p99'])}")
    return Delay(kind, low, high)


def _fixed(value: Mapping[str, Any]) -> Delay:
    seconds = duration(value["value"])
    if value.get("jitter") is None:
        return Delay("fixed", seconds, seconds)
    share = rate(value["jitter"])
    return Delay("uniform", seconds * (1 - share), seconds * (1 + share))


def _empirical(values: Any) -> Delay:
    if not isinstance(values, list | tuple) or not values:
        raise ValueError(f"empirical needs a list of durations, got {shown(values)}")
    found = tuple(duration(each) for each in values)
    return Delay("empirical", min(found), max(found), found)
