"""Trouble costs no multiple of a good day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.parameters import param
from ._asks import asks
from ._base import Check
from ._calls import against
from ._streaks import kind
from .costs import Bill, above_zero, money
from .prices import Own, Price, own_prices, price_of
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.entries import Exchange, Journal

__all__ = ["CostWithin"]


@dataclass(frozen=True)
class CostWithin(Check):
    """All calls of the test together cost no more than so many times what its answers had cost without a fault.

    Without a fault is: the good answers only, each at the usual price of the model that was asked for first. Retries
    that are billed, a dearer fallback and a raised price make up the rest. Tokens and prices are those of
    `cost_at_most`.

    Args:
        times: the largest multiple, above 0.
    """

    name = "cost_within"

    times: float = param(above_zero, shape={"type": "number", "exclusiveMinimum": 0})

    def judge(self, journal: Journal) -> Verdict:
        """Compare the bill with that of a good day."""
        own = own_prices()
        currency = next((each.currency for call in journal.exchanges if (each := price_of(call, own))), "USD")
        bill = Bill(currency).add(journal.exchanges)
        if bill.unknown:
            return self.verdict("inconclusive", bill.missing(), bill.unknown)
        good = Bill(currency)
        for _, calls in asks(journal):
            for call, price in _as_asked(calls, own):
                if price is not None and price.currency == currency:
                    good.plain(call, price)
        if not good.total:
            return self.verdict("inconclusive", "there is no good answer to compare with", bill.paid)
        if not any(each.failed or each.faults for each in journal.exchanges):
            return self.verdict(
                "inconclusive", "nothing failed: inject a fault that makes the app try again", bill.paid
            )
        said = f"{bill} are {bill.total / good.total:.3g} times the {money(good.total, currency)} of a good day"
        if bill.total > self.times * good.total * (1 + 1e-9):
            return self.verdict("violated", against(f"a cost of at most {self.times:g} times", said), bill.paid)
        return self.verdict("held", said, bill.paid)


def _as_asked(calls: list[Exchange], own: Own) -> list[tuple[Exchange, Price | None]]:
    """Return the good calls of an ask, each with the price of the model that was tried first for it."""
    found: list[tuple[Exchange, Price | None]] = []
    first: dict[str, Exchange] = {}
    for each in calls:
        which = kind(each)
        if each.ok:
            found.append((each, price_of(first.pop(which, each), own)))
        elif each.failed:
            first.setdefault(which, each)
    return found
