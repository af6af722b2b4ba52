"""The app does not wait for ever for the first word of a stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..parameters import param
from ..units import duration, show_duration
from ..verdict import Verdict
from ._base import Check
from ._calls import SLACK, against, count, latest, named, worst

if TYPE_CHECKING:
    from ..journal import Exchange, Journal

__all__ = ["FirstTokenWithin"]


@dataclass(frozen=True)
class FirstTokenWithin(Check):
    """Every stream has its first piece of content in time, or the app has left it by then.

    Comments that keep the connection alive are no content, nor is the event that opens a stream. A stream that failed
    in time is not counted: the app knew.

    Args:
        within: a duration, from the start of the call.
    """

    name = "first_token_within"

    within: float = param(duration)

    def judge(self, journal: Journal) -> Verdict:
        """Judge each stream by itself."""
        now = latest(journal)
        streams = [each for each in journal.exchanges if each.stream]
        late = [each for each in streams if self._waited(each, now) > self.within + SLACK]
        if late:
            said = [_said(each, self._waited(each, now)) for each in late]
            expected = f"the first content of a stream within {show_duration(self.within)}"
            return self.verdict("violated", against(expected, worst(said)), late)
        if still := [each for each in streams if each.ended is None and each.first_event is None]:
            reason = f"{count(len(still), 'stream')} still waited for: judge when it has begun or ended"
            return self.verdict("inconclusive", reason, still)
        good = [each for each in streams if _came(each) or _left(each)]
        if not good:
            return self.verdict(
                "inconclusive",
                f"no stream began or was given up ({count(len(streams), 'stream')} asked for): "
                "let the app ask for a stream, for instance under faults.latency('20s')",
            )
        slowest = max(good, key=lambda each: self._waited(each, now))
        what = "had its first content" if _came(slowest) else "was given up"
        reason = f"the slowest of {count(len(good), 'stream')} {what} after {show_duration(self._waited(slowest, now))}"
        return self.verdict("held", reason, good)

    def _waited(self, call: Exchange, now: float) -> float:
        """Return for how long the app waited for content: to its coming, to the end of the call, or until now."""
        if call.first_event is not None:
            return call.first_event - call.started
        return (now if call.ended is None else call.ended) - call.started


def _came(call: Exchange) -> bool:
    return call.first_event is not None and (call.status or 0) < 400


def _left(call: Exchange) -> bool:
    """Tell whether the app gave the call up: its own limit struck, or it closed or cancelled it."""
    error = call.error or ""
    return call.ended is not None and (error in ("closed", "cancelled") or error.endswith("_timeout"))


def _said(call: Exchange, waited: float) -> str:
    what = "came only" if call.first_event is not None else "had not come"
    return f"in {named(call.request)} that of {call.label} {what} after {show_duration(waited)}"
