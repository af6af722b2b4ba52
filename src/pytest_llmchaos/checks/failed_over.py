"""The app goes elsewhere when a provider or a model fails for good."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..call import Target
from ..errors import ParameterError
from ..journal import Event, Exchange
from ..parameters import param
from ..parameters import target as read_target
from ..units import duration, show_duration
from ..verdict import Outcome, Verdict
from ._base import Check
from ._calls import MARKING, SLACK, against, count, latest, named, ordered, tally, worst
from ._streaks import Kind, Streak, kind, streaks

if TYPE_CHECKING:
    from ..journal import Journal

__all__ = ["FailedOver"]


@dataclass(frozen=True, slots=True)
class _Finding:
    outcome: Outcome
    text: str
    evidence: tuple[Exchange, ...] = ()


@dataclass(frozen=True)
class FailedOver(Check):
    """In every user request, calls that failed for good were followed by a good one elsewhere, in time.

    "For good" means that no later call to the same place was ok in that request. Only a call of the same kind
    counts as an answer or as a cure: a chat is not answered by an embedding or a list of models. In a test that
    marks no requests, an ask is taken to end where the test itself moves on (`advance`, `enter`, `clear`, `inject`).

    Args:
        to: where the app must go; None for anything that `from_` does not name (or another provider or model than
            the one that failed).
        from_: whose failures count; None for everything that `to` does not name. A call that both name belongs to
            the one that says more.
        within: seconds from the start of the first failed call to the end of the good one; None for any time.
    """

    name = "failed_over"

    to: Target | None = param(read_target, default=None)
    from_: Target | None = param(read_target, default=None)
    within: float | None = param(duration, default=None)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.to is not None and self.to == self.from_:
            raise ParameterError("to", f"{str(self.to)!r} is what it fails over from; name another target")

    def judge(self, journal: Journal) -> Verdict:
        """Judge each failing streak of each request; the worst finding is the verdict."""
        entries, now = ordered(journal), latest(journal)
        events = [each for each in entries if isinstance(each, Event)]
        findings: list[_Finding] = []
        cured: list[Exchange] = []
        for request, calls in _requests(entries).items():
            both = sorted([*calls, *events], key={id(each): place for place, each in enumerate(entries)}.__getitem__)
            for name, source, goal in self._sources(calls):
                for streak in streaks(both, source, goal, marked=bool(request)):
                    if streak.how == "cured":
                        cured += [*streak.calls, *([streak.end] if streak.end else [])]
                    else:
                        findings.append(self._finding(request, name, streak, both, now))
        return self._verdict(findings, cured, journal)


