"""The provider charges more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..core.errors import ParameterError, shown
from ..core.parameters import param
from ._base import Fault

if TYPE_CHECKING:
    from ..core.call import Call, Target
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["PriceMultiplied"]


def _factor(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise ValueError(f"{shown(value)} is not a number above 0")
    return value


@dataclass(frozen=True)
class PriceMultiplied(Fault):
    """The same answer for another price. Nothing changes on the wire: no provider tells its price in an answer.

    The calls are marked in the journal (`exchange.faults`, `exchange.price`), so that `cost_at_most` and
    `cost_within` reckon with this factor; the answer and its token counts stay as they are. Claude 3.5 Haiku came at
    four times the price of its predecessor (November 2024), Gemini 2.5 Flash rose to 2 and 4.2 times (June 2025).

    Args:
        times: the new price over the old one, above 0 and not 1.
    """

    name = "price_multiplied"
    kind = "cost"

    times: float = param(_factor, default=4, shape={"type": "number", "exclusiveMinimum": 0})

    def idle(self, target: Target) -> ParameterError | None:
        """Nothing changes at the same price."""
        return ParameterError("times", "1 leaves the price as it is") if self.times == 1 else None

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Leave the answer alone."""
        return replace(plan, price=plan.price * self.times)
