"""The app stops trying: a bound on the calls that one user request causes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..parameters import choice, param, whole
from ..verdict import Verdict
from ._base import Check
from ._calls import MARKING, against, by_request, count, named, tally, worst

if TYPE_CHECKING:
    from ..journal import Exchange, Journal

__all__ = ["Attempts"]


def _at_least_one(value: Any) -> int:
    number = whole(value)
    if not number:
        raise ValueError("0 can never hold, as a call is the evidence; use not_called to forbid a target")
    return number


@dataclass(frozen=True)
class Attempts(Check):
    """No user request causes more than `at_most` calls, the SDK's own retries counted.

    Args:
        at_most: the largest number of calls allowed, 1 or more.
        per: `request` counts the calls to all providers together, `provider` each provider's apart.
    """

    name = "attempts"

    at_most: int = param(_at_least_one, shape={"type": "integer", "minimum": 1})
    per: str = param(choice("request", "provider"), default="request")

    def judge(self, journal: Journal) -> Verdict:
        """Count every call that was sent, those under way too."""
        groups: dict[tuple[str, str], list[Exchange]] = {}
        for request, calls in by_request(journal).items():
            for each in calls:
                to = each.provider if self.per == "provider" else ""
                groups.setdefault((request, to), []).append(each)
        if not groups:
            return self.verdict(
                "inconclusive",
                "no LLM call was seen, so there is nothing to count: let the app ask something",
            )
        ranked = sorted(groups.items(), key=lambda item: -len(item[1]))
        over = [(key, calls) for key, calls in ranked if len(calls) > self.at_most]
        if not over:
            (request, to), calls = ranked[0]
            reason = f"at most {self.at_most} expected; the most was {tally(calls, to)} in {named(request)}"
            return self.verdict("held", reason, calls)
        said = [f"{named(request)} made {tally(calls, to)}" for (request, to), calls in over]
        unit = "request and provider" if self.per == "provider" else "request"
        expected = f"at most {count(self.at_most, 'call')} per {unit}"
        reason = against(expected, worst(said))
        if any(not request for (request, _), _ in over):
            reason += f"; {MARKING}"
        return self.verdict("violated", reason, (call for _, calls in over for call in calls[self.at_most :]))
