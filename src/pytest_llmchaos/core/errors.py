"""Every exception of ours, and the near-name hint that all messages share."""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..checks.verdict import Verdict

__all__ = [
    "AppNeverStops",
    "ChaosError",
    "ChaosFailed",
    "FaultUnfit",
    "ParameterError",
    "UsageProblem",
    "near",
    "shown",
]


class ChaosError(Exception):
    """Base of the errors that pytest-llmchaos raises for a mistake or a limit."""


class UsageProblem(ChaosError, ValueError):
    """Something the user wrote is wrong: a marker, a scenario file, an option. Shown without a traceback."""


class ParameterError(UsageProblem):
    """One parameter has a bad value or name.

    Args:
        parameter: the parameter's name as the user types it.
        problem: what is wrong and what was expected, with the value shown.
    """

    def __init__(self, parameter: str, problem: str) -> None:
        super().__init__(f"{parameter}: {problem}")
        self.parameter = parameter
        self.problem = problem


class FaultUnfit(ChaosError):
    """A fault was aimed at a call that it cannot apply to, such as a stream fault at a plain call."""


class ChaosFailed(AssertionError):
    """The run was judged and did not hold.

    Args:
        text: the whole message, with the timeline.
        verdicts: the verdicts that failed, worst first.
    """

    def __init__(self, text: str, verdicts: Sequence[Verdict] = ()) -> None:
        super().__init__(text)
        self.verdicts = tuple(verdicts)


class AppNeverStops(BaseException):
    """Raised into a call of an app that asks without an end and is never answered.

    A `BaseException`, so that the loop that swallows every provider error does not swallow this one too.
    """


def near(name: object, names: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the known name nearest to `name`, or an empty string."""
    if not isinstance(name, str) or len(name) > _LONGEST_NAME:
        return ""
    matches = difflib.get_close_matches(name, list(names), n=1, cutoff=0.6)
    return f"; did you mean {matches[0]!r}?" if matches else ""


_LONGEST_NAME = 100  # what is longer was not meant as a name, and comparing it takes long


class _Short(reprlib.Repr):
    """Shows what users typed as it is, unless it is huge, deep or cannot be shown."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = 200
        self.maxlist = self.maxtuple = self.maxdict = self.maxset = self.maxfrozenset = 12

    def repr1(self, value: object, level: int) -> str:
        try:
            return super().repr1(value, level)  # type: ignore[no-any-return, unused-ignore]
        except Exception:  # e.g. an int with more digits than Python wants to write
            return f"<{type(value).__name__}>"

    def repr_dict(self, value: dict[object, object], level: int) -> str:  # in the user's order, not sorted
        if level <= 0 and value:
            return "{...}"
        parts = [f"{self.repr1(key, level - 1)}: {self.repr1(each, level - 1)}" for key, each in value.items()]
        more = ["..."] if len(parts) > self.maxdict else []
        return "{" + ", ".join([*parts[: self.maxdict], *more]) + "}"


def shown(value: object) -> str:
    """Return a value as messages show it: its repr, shortened where it is huge or deep."""
    return _Short().repr(value)


# A traceback shows them where users find them.
for _error in (AppNeverStops, ChaosError, ChaosFailed, UsageProblem):
    _error.__module__ = __name__.partition(".")[0]
