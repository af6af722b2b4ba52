"""The app does not sit through a silence in the middle of a stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.conditions import flag
from ..core.parameters import param
from ..core.units import duration, show_duration
from ._base import Check
from ._calls import SLACK, against, count, named, worst
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.entries import Exchange, Journal

__all__ = ["IdleGapWithin"]


@dataclass(frozen=True)
class IdleGapWithin(Check):
    """No stream that has begun is without content for longer than this: it goes on, or the app has left it by then.

    Comments that keep the connection alive are no content, though each of them starts a read timeout again, nor are
    empty texts and the model's reasoning. The time before the first piece is `first_token_within`'s.

    Args:
        within: a duration.
        thinking: True if reasoning that the provider shows counts as content, for an app that shows it to its user.
    """

    name = "idle_gap_within"

    within: float = param(duration)
    thinking: bool = param(flag, default=False)

    def judge(self, journal: Journal) -> Verdict:
        """Judge each stream by the longest time without content, to its end."""
        begun = [each for each in journal.exchanges if each.stream and (each.opened, each.first_event) != (None, None)]
        begun = [each for each in begun if (each.status or 0) < 400]
        late = [each for each in begun if self._gap(each) > self.within + SLACK]
        if late:
            said = [
                f"in {named(each.request)} {each.label} was silent for {show_duration(self._gap(each))}"
                f" ({each.outcome})"
                for each in late
            ]
            expected = f"no silence longer than {show_duration(self.within)} within a stream"
            return self.verdict("violated", against(expected, worst(said)), late)
        if still := [each for each in begun if each.ended is None]:
            reason = f"{count(len(still), 'stream')} still under way: judge when it has ended"
            return self.verdict("inconclusive", reason, still)
        if not begun:
            asked = [each for each in journal.exchanges if each.stream]
            why = f" ({asked[0].label} got {asked[0].outcome})" if asked else ": let the app ask for a stream"
            return self.verdict("inconclusive", f"no stream began{why}", asked)
        gap = show_duration(max(map(self._gap, begun)))
        return self.verdict("held", f"the longest silence in {count(len(begun), 'stream')} was {gap}", begun)

    def _gap(self, call: Exchange) -> float:
        return call.longest_pause if self.thinking else call.longest_gap
