"""The app stops trying: a bound on the calls that one user request causes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.parameters import choice, natural, param
from ._asks import repeats, requests, runs
from ._base import EVIDENCE_IS_A_CALL, Check
from ._bodies import question
from ._calls import MARKING, against, count, named, tally, worst
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.entries import Exchange, Journal

__all__ = ["Attempts"]


@dataclass(frozen=True)
class Attempts(Check):
    """No user request causes more than `at_most` calls, the SDK's own retries counted.

    Calls that no marked request claims are one request where their users' last words are the same, whoever is asked.

    Args:
        at_most: the largest number of calls allowed, 1 or more.
        per: `request` counts the calls to all providers together, `provider` each provider's apart. `call` counts how
            often one call is sent until it succeeds, for apps that make several different ones in a request.
    """

    name = "attempts"

    at_most: int = natural(EVIDENCE_IS_A_CALL)
    per: str = param(choice("request", "provider", "call"), default="request")

    def judge(self, journal: Journal) -> Verdict:
        """Count every call that was sent, those under way too."""
        groups = [
            (request, *group)
            for request, calls in requests(journal)
            for ask in ([calls] if request else _apart(calls))
            for group in self._groups(ask)
        ]
        if not groups:
            return self.verdict(
                "inconclusive",
                "no LLM call was seen, so there is nothing to count: let the app ask something",
            )
        ranked = sorted(groups, key=lambda group: -len(group[2]))
        over = [group for group in ranked if len(group[2]) > self.at_most]
        if not over:
            request, to, calls = ranked[0]
            reason = f"at most {self.at_most} expected; the most was {tally(calls, to)} in {named(request)}"
            return self.verdict("held", reason, calls)
        how = "sent the same in" if self.per == "call" else "made"
        said = [f"{named(request)} {how} {tally(calls, to)}{_beneath(calls)}" for request, to, calls in over]
        unit = "request and provider" if self.per == "provider" else "request"
        expected = f"at most {count(self.at_most, 'call')} per {unit}"
        if self.per == "call":
            expected = f"at most {count(self.at_most, 'try')} of one call"
        reason = against(expected, worst(said))
        if any(not request for request, _, _ in over):
            reason += f"; {MARKING}"
        return self.verdict("violated", reason, (call for _, _, calls in over for call in calls[self.at_most :]))

    def _groups(self, calls: Sequence[Exchange]) -> Iterator[tuple[str, Sequence[Exchange]]]:
        """Yield what is counted of one request: to whom the calls went, where that matters, and the calls."""
        if self.per == "request":
            yield "", calls
        elif self.per == "provider":
            for to in dict.fromkeys(each.provider for each in calls):
                yield to, [each for each in calls if each.provider == to]
        else:
            repeated = runs(calls)
            known = {id(each) for run in repeated for each in run}
            for run in (*repeated, *([each] for each in calls if id(each) not in known)):
                yield run[0].label, run


def _apart(calls: Sequence[Exchange]) -> list[list[Exchange]]:
    """Tell asks without marks apart by what their users say last; where one leaves that unsaid, all are one."""
    found: dict[str, list[Exchange]] = {}
    for each in calls:
        said = question(each.body)
        if not said:
            return [list(calls)]
        last = said[-1]
        if last not in found:  # a fallback may put more words around the same; of those found none holds another
            last = next((words for words in found if words in last or last in words), last)
        found.setdefault(last, []).append(each)
    return list(found.values())


def _beneath(calls: Sequence[Exchange]) -> str:
    """Tell of retries that the SDK's count does not know: a transport of the app's own tries again beneath it."""
    times = sum(bool(again.retry) and again.retry == failed.retry for failed, again in repeats(calls))
    return f", {count(times, 'retry')} of them beneath the SDK, as by a transport" if times else ""
