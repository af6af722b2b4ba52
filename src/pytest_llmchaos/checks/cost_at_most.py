"""Trouble does not cost a fortune."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..core.errors import shown
from ..core.parameters import param
from ._base import Check
from ._calls import against
from .costs import Bill, above_zero, money
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.entries import Journal

__all__ = ["CostAtMost"]


def _currency(value: Any) -> str:
    if not isinstance(value, str) or len(value.strip()) != 3 or not value.strip().isalpha():
        raise ValueError(f"{shown(value)} is not a currency such as 'USD'")
    return value.strip().upper()


@dataclass(frozen=True)
class CostAtMost(Check):
    """All calls of the test together, failed and abandoned ones included, cost no more than this.

    Tokens are those that the answers tell; where none does, they are estimated at four characters each. Prices are
    the project's own (`[tool.llmchaos.prices]`) or list prices of the day that the table of this package names.

    Args:
        limit: the largest amount, above 0.
        currency: what it is in, a code of three letters. Prices in another currency are not converted.
    """

    name = "cost_at_most"

    limit: float = param(above_zero, shape={"type": "number", "exclusiveMinimum": 0})
    currency: str = param(_currency, default="USD", shape={"type": "string", "pattern": "^[A-Za-z]{3}$"})

    def judge(self, journal: Journal) -> Verdict:
        """Add up what every call cost, at the price that a fault made of it."""
        bill = Bill(self.currency).add(journal.exchanges)
        if bill.total > self.limit:
            reason = against(f"a cost of at most {money(self.limit, self.currency)}", f"it was {bill}")
            return self.verdict("violated", reason, bill.paid)
        if bill.unknown:
            return self.verdict("inconclusive", bill.missing(), bill.unknown)
        if not bill.paid:
            return self.verdict("inconclusive", "no call used any tokens: let the app ask something that is answered")
        return self.verdict("held", f"it cost {bill}", bill.paid)
