"""What a check is: a frozen set of parameters and a predicate over the journal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..parameters import Parameters
from ..verdict import Outcome, Verdict

if TYPE_CHECKING:
    from ..journal import Exchange, Journal

__all__ = ["Check"]


@dataclass(frozen=True)
class Check(Parameters):
    """Base of all checks. A subclass is a frozen dataclass whose fields are declared with `param`."""

    def judge(self, journal: Journal) -> Verdict:
        """Read the journal and return the verdict; without evidence it is `inconclusive`, never `held`."""
        raise NotImplementedError

    def verdict(self, outcome: Outcome, reason: str, evidence: Iterable[Exchange] = ()) -> Verdict:
        """Return a verdict of this check."""
        return Verdict(str(self), outcome, reason, tuple(evidence))
