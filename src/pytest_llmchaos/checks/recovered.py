"""The app comes back to a provider when its trouble is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.call import Target
from ..core.parameters import param
from ..core.parameters import target as read_target
from ..core.units import duration, show_duration
from ..journal.entries import Event, Exchange
from ._asks import trouble_ends
from ._base import Check
from ._calls import SLACK, against, count, ordered
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.entries import Journal

__all__ = ["Recovered"]


@dataclass(frozen=True)
class Recovered(Check):
    """After the trouble with `to` has ended, a call to it succeeds again, in time.

    The trouble ends with the phase that breaks it, with the fault's own window or range of calls, or with
    `llmchaos.clear()`: at the latest such moment that lies between the last call to `to` that a fault broke and
    the next good one.

    Args:
        to: the provider, model or operation to come back to; None for every provider that faults broke.
        within: seconds from the end of the trouble to the end of the good call; None for any time.
    """

    name = "recovered"

    to: Target | None = param(read_target, default=None)
    within: float | None = param(duration, default=None)

    def judge(self, journal: Journal) -> Verdict:
        """Judge each provider apart; the worst finding is the verdict."""
        entries = ordered(journal)
        broken = [each for each in entries if isinstance(each, Exchange) and each.failed and each.faults]
        if self.to is not None:
            broken = [each for each in broken if self.to.matches(each)]
        if not broken:
            return self.verdict(
                "inconclusive",
                f"no fault broke a call to {self.to or 'any provider'}, so there was nothing to recover from",
            )
        if self.to is not None:
            return self._one(str(self.to), self.to.matches, entries)
        found = [
            self._one(name, lambda each, name=name: each.provider == name, entries)  # type: ignore[misc]
            for name in dict.fromkeys(each.provider for each in broken)
        ]
        ranked = sorted(found, key=lambda each: ("violated", "inconclusive", "held").index(each.outcome))
        worst = [each for each in ranked if each.outcome == ranked[0].outcome]
        evidence = [call for each in worst for call in each.evidence]
        return self.verdict(ranked[0].outcome, "; ".join(each.reason for each in worst), evidence)

    def _one(self, name: str, matches: Callable[[Exchange], bool], entries: Sequence[Exchange | Event]) -> Verdict:
        last, after = _split(entries, matches)
        ends = [place for place, each in enumerate(after) if isinstance(each, Event) and trouble_ends(each)]
        if not ends:
            return self.verdict(
                "inconclusive",
                f"the trouble with {name} has not ended (last broken call at {show_duration(last.started)}): "
                "go on with llmchaos.advance, .enter or .clear",
                [last],
            )
        back = next(
            (
                place
                for place, each in enumerate(after)
                if place > ends[0] and isinstance(each, Exchange) and matches(each) and each.ok
            ),
            None,
        )
        begin = max(place for place in ends if back is None or place < back)
        end = after[begin]
        assert isinstance(end, Event)  # noqa: S101 - `ends` holds places of events only
        later = [each for each in after[begin + 1 :] if isinstance(each, Exchange)]
        good = None if back is None else after[back]
        return self._judge(name, last, end, later, good if isinstance(good, Exchange) else None)

    def _judge(self, name: str, last: Exchange, end: Event, later: list[Exchange], good: Exchange | None) -> Verdict:
        over = f"the trouble with {name} ended at {show_duration(end.at)}"
        if not later:
            return self.verdict(
                "inconclusive",
                f"{over} and the app made no LLM call after it: let it ask something then",
                [last],
            )
        limit = float("inf") if self.within is None else end.at + self.within + SLACK
        in_time = "" if self.within is None else f" within {show_duration(self.within)}"
        expected = f"an ok call to {name}{in_time} after its trouble ended at {show_duration(end.at)}"
        if good is not None:
            took = (good.ended or 0.0) - end.at
            if end.at + took <= limit:
                reason = f"{over}, an ok call came {show_duration(took)} later"
                return self.verdict("held", reason, [last, good])
            before = later[: later.index(good)]
            if good.started > limit and not before:
                return self.verdict(
                    "inconclusive",
                    f"{over} and the app's first LLM call after it came {_ago(good, end)} later: "
                    f"let it ask something{in_time} of the end",
                    [last, good],
                )
            seen = f"it came {show_duration(took)} after that"
            return self.verdict("violated", against(expected, seen), [last, *before, good])
        went = ", ".join(f"{times} to {to}" for to, times in Counter(each.provider for each in later).items())
        open_ = any(each.ended is None for each in later)
        if (self.within is None and not open_) or later[-1].started > limit:
            seen = f"of {count(len(later), 'call')} after that ({went}) none to {name} was ok"
            return self.verdict("violated", against(expected, seen), [last, *later])
        why = "a call is still under way" if open_ else f"the last call began {_ago(later[-1], end)} later"
        return self.verdict(
            "inconclusive",
            f"{over}, no ok call to {name} came yet and its time is not up ({why}): let the app ask later",
            [last, *later],
        )


def _split(
    entries: Sequence[Exchange | Event], matches: Callable[[Exchange], bool]
) -> tuple[Exchange, Sequence[Exchange | Event]]:
    """Return the last call to the target that a fault broke, and everything after it."""
    for place in range(len(entries) - 1, -1, -1):
        each = entries[place]
        if isinstance(each, Exchange) and each.failed and each.faults and matches(each):
            return each, entries[place + 1 :]
    raise LookupError("no call was broken by a fault")


def _ago(call: Exchange, end: Event) -> str:
    return show_duration(call.started - end.at)
