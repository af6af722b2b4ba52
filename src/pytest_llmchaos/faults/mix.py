"""One of several failures, by weight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..core.errors import FaultUnfit, ParameterError, UsageProblem, shown
from ..core.parameters import param
from ._base import Fault, Injection

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["Mix"]


@dataclass(frozen=True, slots=True)
class _Share:
    weight: float
    fault: Fault

    def raw(self) -> dict[str, Any]:
        weight = {} if self.weight == 1 else {"weight": self.weight}
        return {"fault": self.fault.name, **self.fault.raw(), **weight}


class _Shares(tuple[_Share, ...]):
    def raw(self) -> list[dict[str, Any]]:
        return [each.raw() for each in self]

    def __str__(self) -> str:
        return "[" + ", ".join(f"{each.weight:g} x {each.fault}" for each in self) + "]"


def _shares(value: Any) -> _Shares:
    if isinstance(value, _Shares):
        return value
    if not isinstance(value, list | tuple) or len(value) < 2:
        raise ValueError(
            f"{shown(value)} is not a list of two faults or more, such as [{{fault: outage, weight: 3}}, ...]"
        )
    return _Shares(_share(each) for each in value)


def _share(value: Any) -> _Share:
    weight: Any = 1.0
    if isinstance(value, tuple) and len(value) == 2:
        weight, value = value
    elif isinstance(value, Mapping):
        from . import find

        given = {str(key): each for key, each in value.items()}
        name, weight = given.pop("fault", None), given.pop("weight", 1.0)
        if name == Mix.name:  # read before it is refused, mixes in mixes would take time beyond all bounds
            raise ValueError("a mix cannot stand in a mix: give its parts to this one")
        if not isinstance(name, str):
            raise ValueError(f"{shown(value)} names no fault; each part is like {{fault: outage, weight: 3}}")
        try:
            value = find(name)(**given)
        except (UsageProblem, ParameterError) as problem:
            raise ValueError(str(problem)) from None
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 < weight <= 1e6:
        raise ValueError(f"{shown(weight)} is not a weight: a number above 0")
    if not isinstance(value, Injection):
        raise ValueError(f"{shown(value)} is neither a fault nor a pair of a weight and a fault")
    if isinstance(value.fault, Mix):
        raise ValueError("a mix cannot stand in a mix: give its parts to this one")
    if value != Injection(value.fault):
        raise ValueError(f"{value} stands in a mix, which alone says which calls are hit and when")
    if (nothing := value.idle()) is not None:
        raise ValueError(str(nothing))
    return _Share(float(weight), value.fault)


def _drawn(parts: Any) -> Any:
    from hypothesis import strategies as st

    return st.lists(st.tuples(st.integers(1, 9), parts), min_size=2, max_size=3)


_SHAPE = {"type": "array", "minItems": 2, "items": {"$ref": "#/definitions/part"}}


@dataclass(frozen=True)
class Mix(Fault):
    """Each call meets one of several faults, drawn by weight: of three calls two get a 502 and one a 503, say.

    `rate` says which share of the calls stays healthy; what is left is divided by the weights.

    Args:
        of: two faults or more. In YAML `{fault: outage, status: 502, weight: 3}`; in Python
            `(3, faults.outage(502))`, or the fault alone for a weight of 1.
    """

    name = "mix"
    kind = "mix"

    of: Any = param(_shares, shape=_SHAPE, draw=_drawn)

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Put the drawn fault in."""
        return self.meet(plan, call, draw, None)

    def meet(self, plan: Plan, call: Call, draw: Draw, state: Any) -> Plan:
        """Put the drawn fault in, told by its own name."""
        fault = self._drawn(draw.part("mix").fraction())
        if reason := fault.unfit(call):
            raise FaultUnfit(reason)
        return fault.meet(plan, call, draw, fault.begin() if state is None else state[id(fault)])

    def begin(self) -> Any:
        """Return what the faults in it remember."""
        return {id(each.fault): each.fault.begin() for each in self.of}

    def _drawn(self, fraction: float) -> Fault:
        left = fraction * sum(each.weight for each in self.of)
        for each in self.of:
            left -= each.weight
            if left < 0:
                break
        fault: Fault = each.fault
        return fault
