"""Half an answer is not given as a whole one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.conditions import Predicate, predicate
from ..core.parameters import param
from ._base import Check
from ._calls import against, count, named, worst
from ._results import NO_TEXT, ended, half, how_it_broke, says, set_result, shows_half
from ._said import readable
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.app_behaviour import UserRequest
    from ..journal.entries import Exchange, Journal

__all__ = ["PartialNotComplete"]


@dataclass(frozen=True)
class PartialNotComplete(Check):
    """The text of an answer that broke off is not the result of a request that ended well.

    `partial_stream_not_final` asks what the app did next; this one looks at what it gave its user.

    Args:
        marked: tells of a result whether the app marks it as incomplete: a function, or where it stands.
    """

    name = "partial_not_complete"

    marked: Predicate | None = param(predicate, default=None)

    def judge(self, journal: Journal) -> Verdict:
        """Look for the text of each broken answer in the result of its request."""
        said: list[str] = []
        guilty: list[Exchange] = []
        unsure: list[Exchange] = []
        good: list[Exchange] = []
        for request in ended(journal):
            for call in filter(half, request.calls):
                if self._shown(request, call):
                    guilty.append(call)
                    what = f"{call.label} ({how_it_broke(call)})"
                    said.append(f"the result of {named(request.name)} is what came of {what}")
                elif request.has_result and not readable(request.result):
                    unsure.append(call)
                else:
                    good.append(call)
        if said:
            reason = against("an error, another attempt or a mark on a broken answer", worst(said))
            return self.verdict("violated", reason, guilty)
        if unsure:
            return self.verdict("inconclusive", f"{count(len(unsure), 'answer')} broke off, and {NO_TEXT}", unsure)
        if not good:
            return self.verdict(
                "inconclusive",
                "no answer of a request with a known result broke off with text: inject what breaks it, such as "
                f"faults.stream_truncated(), and {set_result(journal)}",
            )
        return self.verdict("held", f"{count(len(good), 'answer')} broke off and none was given as whole", good)

    def _shown(self, request: UserRequest, call: Exchange) -> bool:
        if not request.has_result or (self.marked is not None and says(self.marked, request.result, request)):
            return False
        return shows_half(request, call)
