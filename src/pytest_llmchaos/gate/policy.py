"""What a gate asks for: `[tool.llmchaos.gate]` in pyproject.toml, read and checked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.errors import UsageProblem, near, shown
from ..core.units import duration, rate

if TYPE_CHECKING:
    from ..core.config import Config

__all__ = ["Policy"]


@dataclass(frozen=True, slots=True)
class Policy:
    """What must be so for a gate to pass.

    Attributes:
        require: names (or patterns) of scenarios, or `tag:NAME`: each must have hit a call of some test, and every
            test that it hit must have survived.
        survival: the least share of tests hit by a fault that survive, above 0 to 1. None asks for all of them, or
            with a baseline for all but those that failed there too.
        attempts: most calls to one provider in a row, the first try included, until one of them succeeds.
        added_latency: most seconds of run time from a call that a fault hit to the next good answer.
        cost: most US dollars that the calls of one test may cost, failed and abandoned ones included.
        regressions: how many tests may fail that did not fail in the baseline.
        baseline: the file of results to compare with.
    """

    require: tuple[str, ...] = ()
    survival: float | None = None
    attempts: int | None = None
    added_latency: float | None = None
    regressions: int = 0
    baseline: Path | None = None
    cost: float | None = None

    @classmethod
    def of(cls, config: Config) -> Policy | None:
        """Return what the project asks for; None where it has no table for that.

        Raises:
            UsageProblem: as of `read`.
        """
        if config.gate is None or config.path is None:
            return None
        return cls.read(config.gate, config.path)

    @classmethod
    def read(cls, table: Any, where: Path) -> Policy:
        """Read the table.

        Args:
            table: its raw value.
            where: the file it stands in; a baseline is relative to its folder.

        Raises:
            UsageProblem: a member is unknown or of the wrong kind; names the file.
        """
        head = f"{where}: [tool.llmchaos.gate]"
        if not isinstance(table, Mapping):
            raise UsageProblem(f"{head} must be a table, got {shown(table)}")
        given: dict[str, Any] = {}
        for key, value in table.items():
            if key not in _READERS:
                raise UsageProblem(f"{head} has no {key!r} (it takes {', '.join(_READERS)}){near(key, _READERS)}")
            try:
                given[key] = _READERS[key](value)
            except ValueError as problem:
                raise UsageProblem(f"{head} {key}: {problem}") from None
        if (name := given.get("baseline")) is not None:
            given["baseline"] = where.parent / name
        return cls(**given)


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
        raise ValueError(f"must be a list of scenarios and tags such as ['tag:outage', 'model-retired'], got {value!r}")
    return tuple(each.strip() for each in value)


def _count(least: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise ValueError(f"must be a whole number, {least} or more, got {shown(value)}")
        return value

    return read


def _amount(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise ValueError(f"must be a number of US dollars above 0, got {shown(value)}")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"must be the path of a file, got {shown(value)}")
    return value


_READERS: dict[str, Callable[[Any], Any]] = {
    "require": _names,
    "survival": rate,
    "attempts": _count(1),
    "added_latency": duration,
    "cost": _amount,
    "regressions": _count(0),
    "baseline": _text,
}
