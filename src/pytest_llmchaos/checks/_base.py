"""What a check is: a frozen set of parameters and a predicate over the journal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..core.call import Target, Targets
from ..core.conditions import Predicate
from ..core.parameters import Parameters
from ..core.units import duration, show_duration
from .verdict import Outcome, Verdict

if TYPE_CHECKING:
    from ..journal.entries import Exchange, Journal

__all__ = ["EVIDENCE_IS_A_CALL", "Check"]

EVIDENCE_IS_A_CALL = "0 can never hold, as a call is the evidence; use not_called to forbid a target"
"""Why a check that bounds a number of calls takes no 0."""


@dataclass(frozen=True)
class Check(Parameters):
    """Base of all checks. A subclass is a frozen dataclass whose fields are declared with `param`."""

    def judge(self, journal: Journal) -> Verdict:
        """Read the journal and return the verdict; without evidence it is `inconclusive`, never `held`."""
        raise NotImplementedError

    def verdict(self, outcome: Outcome, reason: str, evidence: Iterable[Exchange] = ()) -> Verdict:
        """Return a verdict of this check; the reason is one line, whatever came from the wire into it."""
        if not reason.isprintable():
            reason = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in reason)
        return Verdict(str(self), outcome, reason, tuple(evidence))

    def __str__(self) -> str:
        """Return the check as a test calls it: `failed_over(to='anthropic', within='5s')`."""
        told = [f"{each.name}={_typed(value, each.metadata['read'])!r}" for each, value in self.told()]
        return f"{self.name}({', '.join(told)})"


def _typed(value: Any, read: Any) -> Any:
    """Return a parameter as the user types it."""
    if read is duration:
        return show_duration(value)
    if isinstance(value, Targets):
        return value.raw()
    return str(value) if isinstance(value, Target | Predicate) else value
