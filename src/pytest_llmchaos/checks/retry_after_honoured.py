"""The app waits as long as the provider asked it to."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from ..units import show_duration
from ..verdict import Verdict
from ._base import Check
from ._calls import SLACK, against, by_request, count, named, worst

if TYPE_CHECKING:
    from ..journal import Exchange, Journal

__all__ = ["RetryAfterHonoured"]


@dataclass(frozen=True)
class RetryAfterHonoured(Check):
    """After a `retry-after`, the next call to the same provider, operation and model waits that long.

    Each user request is judged by itself; not calling again honours it too.
    """

    name = "retry_after_honoured"

    def judge(self, journal: Journal) -> Verdict:
        """Judge each answer that asked for a wait against the next call of its kind."""
        asked: list[Exchange] = []
        again: list[Exchange] = []
        early: list[str] = []
        pairs: list[Exchange] = []
        for request, calls in by_request(journal).items():
            for place, each in enumerate(calls):
                if each.ended is None or each.retry_after is None or not each.retry_after >= 0:
                    continue  # not over yet, or a header that says nothing (negative, not a number)
                asked.append(each)
                following = _next(each.label, each.ended, calls, place + 1)
                if following is None:
                    continue
                again.append(following)
                waited = following.started - each.ended
                if waited < each.retry_after - SLACK:
                    early.append(_early(request, each, waited))
                    pairs += [each, following]
        if not asked:
            return self.verdict(
                "inconclusive",
                "no answer with a retry-after was seen: inject one, "
                "such as faults.rate_limit(retry_after='20s', calls=1)",
            )
        if early:
            reason = against("a wait as long as retry-after says", worst(early))
            return self.verdict("violated", reason, pairs)
        what = f"the app called again {count(len(again), 'time')}, never too early" if again else "no call followed"
        return self.verdict("held", f"{count(len(asked), 'answer')} asked to wait and {what}", [*asked, *again])


def _next(label: str, ended: float, calls: list[Exchange], place: int) -> Exchange | None:
    """Return the first call of that kind from `place` on that began when the answer was known."""
    later = islice(calls, place, None)
    return next((each for each in later if each.label == label and each.started >= ended), None)


def _early(request: str, asked: Exchange, waited: float) -> str:
    wait = asked.retry_after or 0.0
    return (
        f"in {named(request)} {asked.label} said at {show_duration(asked.ended or 0.0)} to wait "
        f"{show_duration(wait)} and was called again after {show_duration(waited)}, "
        f"{show_duration(wait - waited)} too early"
    )
