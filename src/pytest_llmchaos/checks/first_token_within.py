"""The app does not wait for ever for the first word of a stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.conditions import flag
from ..core.parameters import param
from ..core.units import duration, show_duration
from ._base import Check
from ._calls import SLACK, against, count, latest, named, worst
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.entries import Exchange, Journal

__all__ = ["FirstTokenWithin"]


@dataclass(frozen=True)
class FirstTokenWithin(Check):
    """Every stream has its first piece of content in time, or the app has left it by then.

    Comments that keep the connection alive are no content, nor are the event that opens a stream, a role alone, an
    empty text and the model's reasoning. A stream that failed in time is not counted: the app knew.

    Args:
        within: a duration, from the start of the call.
        thinking: True if reasoning that the provider shows counts as content, for an app that shows it to its user.
    """

    name = "first_token_within"

    within: float = param(duration)
    thinking: bool = param(flag, default=False)

    def judge(self, journal: Journal) -> Verdict:
        """Judge each stream by itself."""
        now = latest(journal)
        streams = [each for each in journal.exchanges if each.stream]
        late = [each for each in streams if self._waited(each, now) > self.within + SLACK]
        if late:
            said = [self._said(each, now) for each in late]
            expected = f"the first content of a stream within {show_duration(self.within)}"
            return self.verdict("violated", against(expected, worst(said)), late)
        if still := [each for each in streams if each.ended is None and self._came(each) is None]:
            reason = f"{count(len(still), 'stream')} still waited for: judge when it has begun or ended"
            return self.verdict("inconclusive", reason, still)
        good = [each for each in streams if self._good(each) or _left(each)]
        if not good and any(each.status is not None and each.status < 400 for each in streams):
            first = next(each for each in streams if each.status is not None and each.status < 400)
            return self.verdict(
                "inconclusive",
                f"no stream had content ({first.label} got {first.outcome}): let one begin, for instance under "
                "faults.latency('20s')",
                streams,
            )
        if not good:
            return self.verdict(
                "inconclusive",
                f"no stream began or was given up ({count(len(streams), 'stream')} asked for): "
                "let the app ask for a stream, for instance under faults.latency('20s')",
            )
        slowest = max(good, key=lambda each: self._waited(each, now))
        what = "had its first content" if self._good(slowest) else "was given up"
        reason = f"the slowest of {count(len(good), 'stream')} {what} after {show_duration(self._waited(slowest, now))}"
        return self.verdict("held", reason, good)

    def _waited(self, call: Exchange, now: float) -> float:
        """Return for how long the app waited for content: to its coming, to the end of the call, or until now."""
        came = self._came(call)
        if came is not None:
            return came - call.started
        return (now if call.ended is None else call.ended) - call.started

    def _came(self, call: Exchange) -> float | None:
        return call.first_thought if self.thinking else call.first_event

    def _good(self, call: Exchange) -> bool:
        return self._came(call) is not None and (call.status or 0) < 400

    def _said(self, call: Exchange, now: float) -> str:
        waited = show_duration(self._waited(call, now))
        if self._came(call) is not None:
            return f"in {named(call.request)} that of {call.label} came only after {waited}"
        return f"in {named(call.request)} that of {call.label} had not come after {waited}"


def _left(call: Exchange) -> bool:
    """Tell whether the app gave the call up: its own limit struck, or it closed or cancelled it."""
    error = call.error or ""
    return call.ended is not None and (error in ("closed", "cancelled") or error.endswith("_timeout"))
