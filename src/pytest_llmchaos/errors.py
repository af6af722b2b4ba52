"""Every exception of ours, and the near-name hint that all messages share."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .verdict import Verdict

__all__ = ["ChaosError", "ChaosFailed", "FaultUnfit", "ParameterError", "UsageProblem", "near"]


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


def near(name: object, names: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the known name nearest to `name`, or an empty string."""
    if not isinstance(name, str):
        return ""
    matches = difflib.get_close_matches(name, list(names), n=1, cutoff=0.6)
    return f"; did you mean {matches[0]!r}?" if matches else ""
