"""A provider that gets slow does not take up everything: a bulkhead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.parameters import choice, natural, param
from ..core.units import show_duration
from ._base import EVIDENCE_IS_A_CALL, Check
from ._calls import against, count, worst
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.entries import Exchange, Journal

__all__ = ["InFlightAtMost"]


@dataclass(frozen=True)
class InFlightAtMost(Check):
    """Never more than `count` calls are under way at one time.

    It holds where the limit was reached and kept; where fewer calls met, it was never tried.

    Args:
        count: the largest number of calls under way, 1 or more.
        per: `provider` counts each provider's calls apart, `all` counts them together.
    """

    name = "in_flight_at_most"

    count: int = natural(EVIDENCE_IS_A_CALL)
    per: str = param(choice("provider", "all"), default="provider")

    def judge(self, journal: Journal) -> Verdict:
        """Find the moment with the most calls under way; calls that only touch do not meet."""
        groups: dict[str, list[Exchange]] = {}
        for each in journal.exchanges:
            groups.setdefault(each.provider if self.per == "provider" else "all providers", []).append(each)
        peaks = sorted(((to, _peak(calls)) for to, calls in groups.items()), key=lambda found: -len(found[1]))
        over = [(to, peak) for to, peak in peaks if len(peak) > self.count]
        if over:
            said = [
                f"{len(peak)} to {to} were at {show_duration(max(each.started for each in peak))}" for to, peak in over
            ]
            expected = f"at most {count(self.count, 'call')} under way"
            return self.verdict("violated", against(expected, worst(said)), [call for _, peak in over for call in peak])
        to, peak = peaks[0] if peaks else ("", [])
        if len(peak) < self.count or len(groups[to]) <= self.count:
            return self.verdict(
                "inconclusive",
                f"{count(len(peak), 'call')} met at most, so a limit of {self.count} was not tried: ask for more at "
                "once, while answers are slow",
                peak,
            )
        return self.verdict("held", f"the most under way at once was {count(len(peak), 'call')} to {to}", peak)


def _peak(calls: list[Exchange]) -> list[Exchange]:
    """Return the calls that were under way when most were."""
    best: list[Exchange] = []
    running: list[Exchange] = []
    for each in sorted(calls, key=lambda call: call.started):
        running = [one for one in running if one.ended is None or one.ended > each.started]
        if each.ended is None or each.ended > each.started:
            running.append(each)
        best = max(best, list(running), key=len)
    return best
