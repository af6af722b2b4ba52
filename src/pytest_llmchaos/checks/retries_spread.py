"""Retries do not come in lockstep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.errors import ParameterError
from ..core.parameters import param
from ..core.units import duration, show_duration
from ._asks import asks, repeats
from ._base import Check
from ._calls import MARKING, SLACK, against, count
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.entries import Exchange, Journal

__all__ = ["RetriesSpread"]

_ENOUGH = 3  # two that meet may do so by chance
_SHARE = 0.5

_Pair = tuple["Exchange", "Exchange"]


@dataclass(frozen=True)
class RetriesSpread(Check):
    """Calls that fail together are not tried again together.

    Where three or more calls to one provider fail within the window, no more than half of their retries may start
    within a window of the same length. Without jitter in the backoff they all do, and strike a provider that just
    comes back all at once.

    Args:
        within: the length of the window, a duration; about a tenth of the usual wait.
    """

    name = "retries_spread"

    within: float = param(duration)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.within:
            raise ParameterError("within", "a window of 0 shows nothing; take about a tenth of the usual wait")

    def judge(self, journal: Journal) -> Verdict:
        """Gather the calls that failed at one time and look at when each was sent again."""
        pairs = [pair for _, calls in asks(journal) for pair in repeats(calls)]
        groups = [group for group in self._together(pairs) if len(group) >= _ENOUGH]
        if not groups:
            return self.verdict(
                "inconclusive",
                f"no {_ENOUGH} calls to one provider that failed within {show_duration(self.within)} were tried again: "
                "let the app ask several things at once while it fails",
            )
        crowd, group = max(((self._crowd(each), each) for each in groups), key=lambda found: len(found[0]))
        share = f"{len(crowd)} of {len(group)} retries to {group[0][0].provider}"
        if over := next((each for each in groups if len(self._crowd(each)) > _SHARE * len(each)), None):
            crowd = self._crowd(over)
            start = show_duration(crowd[0].started)
            share = f"{len(crowd)} of {len(over)} retries to {over[0][0].provider}"
            expected = f"at most half of the retries to start within {show_duration(self.within)}"
            reason = against(expected, f"{share} did, from {start} on: add jitter to the backoff")
            if not all(each.request for each in crowd):
                reason += f"; {MARKING}"
            return self.verdict("violated", reason, _flat(over))
        reason = f"{share} started within {show_duration(self.within)}, the most of {count(len(groups), 'time')}"
        return self.verdict("held", reason, [call for each in groups for call in _flat(each)])

    def _together(self, pairs: list[_Pair]) -> list[list[_Pair]]:
        """Cut the pairs into groups whose failures fell into one window."""
        groups: list[list[_Pair]] = []
        for pair in sorted(pairs, key=lambda each: (each[0].provider, each[0].ended or 0.0)):
            first = groups[-1][0][0] if groups else None
            failed = pair[0]
            near = first is not None and (failed.ended or 0.0) - (first.ended or 0.0) <= self.within + SLACK
            if near and first is not None and first.provider == failed.provider:
                groups[-1].append(pair)
            else:
                groups.append([pair])
        return groups

    def _crowd(self, group: list[_Pair]) -> list[Exchange]:
        """Return the most retries of a group that started within one window."""
        starts = sorted((again for _, again in group), key=lambda each: each.started)
        best: list[Exchange] = []
        for place, first in enumerate(starts):
            within = [each for each in starts[place:] if each.started - first.started <= self.within + SLACK]
            best = max(best, within, key=len)
        return best


def _flat(group: list[_Pair]) -> list[Exchange]:
    return list(dict.fromkeys(call for pair in group for call in pair))
