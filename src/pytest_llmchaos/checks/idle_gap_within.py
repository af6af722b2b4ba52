"""The app does not sit through a silence in the middle of a stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..parameters import param
from ..units import duration, show_duration
from ..verdict import Verdict
from ._base import Check
from ._calls import SLACK, against, count, named, worst

if TYPE_CHECKING:
    from ..journal import Journal

__all__ = ["IdleGapWithin"]


@dataclass(frozen=True)
class IdleGapWithin(Check):
    """No stream that has begun is without content for longer than this: it goes on, or the app has left it by then.

    Comments that keep the connection alive are no content, though each of them starts a read timeout again. The time
    before the first piece is `first_token_within`'s.

    Args:
        within: a duration.
    """

    name = "idle_gap_within"

    within: float = param(duration)

    def judge(self, journal: Journal) -> Verdict:
        """Judge each stream by the longest time without content, to its end."""
        begun = [each for each in journal.exchanges if each.stream and (each.opened, each.first_event) != (None, None)]
        begun = [each for each in begun if (each.status or 0) < 400]
        late = [each for each in begun if each.longest_gap > self.within + SLACK]
        if late:
            said = [
                f"in {named(each.request)} {each.label} was silent for {show_duration(each.longest_gap)}"
                f" ({each.outcome})"
                for each in late
            ]
            expected = f"no silence longer than {show_duration(self.within)} within a stream"
            return self.verdict("violated", against(expected, worst(said)), late)
        if still := [each for each in begun if each.ended is None]:
            reason = f"{count(len(still), 'stream')} still under way: judge when it has ended"
            return self.verdict("inconclusive", reason, still)
        if not begun:
            return self.verdict("inconclusive", "no stream began: let the app ask for a stream")
        longest = max(begun, key=lambda each: each.longest_gap)
        gap = show_duration(longest.longest_gap)
        return self.verdict("held", f"the longest silence in {count(len(begun), 'stream')} was {gap}", begun)
