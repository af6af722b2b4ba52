"""The fallback is for bad days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.call import Target, Targets
from ..core.errors import ParameterError
from ..core.parameters import TEXTS, param
from ..core.parameters import target as read_target
from ..core.parameters import targets as read_targets
from ..core.units import show_duration
from ._base import Check
from ._calls import against, count, named, worst
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.entries import Exchange, Journal

__all__ = ["FallbackOnlyOnFault"]


@dataclass(frozen=True)
class FallbackOnlyOnFault(Check):
    """No call goes to the fallback before a fault could be seen elsewhere.

    Seen is an answer that failed or that a fault had a part in, or a call that a fault keeps waiting. Once one was
    seen, the app may stay with the fallback, as a breaker does.

    Args:
        to: the fallback, such as `anthropic`.
        after: what must have been tried before it: one target, or a list of them; None for anything else. A chain of
            three is in order where `to="gemini"` comes `after=["openai", "anthropic"]`.
    """

    name = "fallback_only_on_fault"

    to: Target = param(read_target)
    after: Target | Targets | None = param(read_targets, default=None, shape=TEXTS)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.after is not None and self.to in self.after.each:
            raise ParameterError("after", f"{str(self.to)!r} is the fallback itself; name what comes before it")

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
        if self.after is not None and (skipped := [each for each in fallback if self._untried(each, others)]):
            said = [
                f"{named(each.request)} called {each.label} at {show_duration(each.started)} and "
                f"{self._untried(each, others)[0]} had not failed"
                for each in skipped
            ]
            expected = f"no call to {self.to} before a fault was seen at {' and '.join(map(str, self.after.each))}"
            return self.verdict("violated", against(expected, worst(said)), skipped)
        if not fallback:
            broken = sum(each.failed or bool(each.faults) for each in others)
            reason = f"{self.to} was not called ({count(len(others), 'call')} elsewhere, {broken} of them with a fault)"
            return self.verdict("held", reason, others)
        return self.verdict("held", f"{count(len(fallback), 'call')} to {self.to}, each after a fault", fallback)

    def _untried(self, fallback: Exchange, others: Sequence[Exchange]) -> list[Target]:
        """Return what should have failed before this call to the fallback and had not."""
        needed = self.after.each if self.after is not None else ()
        return [each for each in needed if not any(each.matches(one) and _visible(one, fallback) for one in others)]


def _visible(call: Exchange, fallback: Exchange) -> bool:
    """Tell whether the app could see by then that something is wrong with a call elsewhere."""
    over = call.ended is not None and call.ended <= fallback.started
    if call.faults:
        return over or call.started < fallback.started
    return over and call.failed and call.error != "cancelled"
