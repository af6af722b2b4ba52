"""The fallback is for bad days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..call import Target
from ..parameters import param
from ..parameters import target as read_target
from ..units import show_duration
from ..verdict import Verdict
from ._base import Check
from ._calls import against, count, named, worst

if TYPE_CHECKING:
    from ..journal import Exchange, Journal

__all__ = ["FallbackOnlyOnFault"]


@dataclass(frozen=True)
class FallbackOnlyOnFault(Check):
    """No call goes to the fallback before a fault could be seen elsewhere.

    Seen is an answer that failed or that a fault had a part in, or a call that a fault keeps waiting. Once one was
    seen, the app may stay with the fallback, as a breaker does.

    Args:
        to: the fallback, such as `anthropic`.
    """

    name = "fallback_only_on_fault"

    to: Target = param(read_target)

    def judge(self, journal: Journal) -> Verdict:
        """Judge each call to the fallback by what had happened when it began."""
        fallback = [each for each in journal.exchanges if self.to.matches(each)]
        others = [each for each in journal.exchanges if not self.to.matches(each)]
        if not others:
            return self.verdict(
                "inconclusive",
                f"no call to anything but {self.to} was seen, so nothing was a fallback: "
                "let the app ask its first choice",
                fallback,
            )
        early = [each for each in fallback if not any(_visible(one, each) for one in others)]
        if early:
            said = [f"{named(each.request)} called {each.label} at {show_duration(each.started)}" for each in early]
            return self.verdict(
                "violated", against(f"no call to {self.to} before a fault was seen", worst(said)), early
            )
        if not fallback:
            broken = sum(each.failed or bool(each.faults) for each in others)
            reason = f"{self.to} was not called ({count(len(others), 'call')} elsewhere, {broken} of them with a fault)"
            return self.verdict("held", reason, others)
        return self.verdict("held", f"{count(len(fallback), 'call')} to {self.to}, each after a fault", fallback)


def _visible(call: Exchange, fallback: Exchange) -> bool:
    """Tell whether the app could see by then that something is wrong with a call elsewhere."""
    over = call.ended is not None and call.ended <= fallback.started
    if call.faults:
        return over or call.started < fallback.started
    return over and call.failed and call.error != "cancelled"
