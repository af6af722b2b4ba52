"""A second-best answer says that it is one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.call import Target
from ..core.conditions import Predicate, predicate
from ..core.parameters import param
from ..core.parameters import target as read_target
from ._base import Check
from ._calls import against, count, named, worst
from ._results import cured, ended, failed, says, set_result, told
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.app_behaviour import UserRequest
    from ..journal.entries import Exchange, Journal

__all__ = ["AnswerMarkedDegraded"]


@dataclass(frozen=True)
class AnswerMarkedDegraded(Check):
    """Results given while a provider failed are marked as degraded, and no result is marked without a fault.

    A result is degraded when a model that the request called failed and was not cured by a later try: the answer is
    then from elsewhere, from a cache, or canned. Results between the two, as of a request whose good call was struck
    by latency only, are not judged.

    Args:
        marked: tells of a result whether the app marks it as degraded: a function, or where it stands.
        fallback: calls that are second best whenever they answer, as when a breaker leaves the first one out.
    """

    name = "answer_marked_degraded"

    marked: Predicate = param(predicate)
    fallback: Target | None = param(read_target, default=None)

    def judge(self, journal: Journal) -> Verdict:
        """Ask the app's own predicate about each result."""
        good: list[UserRequest] = []
        bad: list[UserRequest] = []
        said: list[str] = []
        degraded = False
        for request in ended(journal):
            if not request.has_result or not request.calls:
                continue
            why = self._degraded(request.calls)
            if not why and not _healthy(request.calls):
                continue
            marked = says(self.marked, request.result, request)
            degraded |= bool(why)
            if marked == bool(why):
                good.append(request)
                continue
            bad.append(request)
            how = (
                f"{why}, and its result is not marked" if why else "met no fault, and its result is marked as degraded"
            )
            said.append(f"{named(request.name)} {how}")
        if said:
            reason = against("results marked as degraded exactly where they are", worst(said))
            return self.verdict("violated", reason, told(bad))
        if not good or not degraded:
            return self.verdict(
                "inconclusive",
                f"no request gave a degraded result: inject what its fallback is for, and {set_result(journal)}",
                told(good),
            )
        reason = f"{count(len(good), 'result')} marked as degraded exactly where they are"
        return self.verdict("held", reason, told(good))

    def _degraded(self, calls: list[Exchange]) -> str:
        for each in failed(calls):
            if not cured(each, calls):
                return f"lost {each.label} ({each.outcome})"
        if self.fallback is not None:
            for each in calls:
                if each.ok and self.fallback.matches(each):
                    return f"was answered by {each.label}"
        return ""


def _healthy(calls: list[Exchange]) -> bool:
    return all(each.ok and not each.faults for each in calls)
