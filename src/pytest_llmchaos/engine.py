"""The engine: which injections strike a call, and the plan that comes of it.

Pure: no I/O, no clock, no global chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from .errors import FaultUnfit

if TYPE_CHECKING:
    from .call import Call
    from .draw import Draw
    from .faults import Injection
    from .plan import Plan

__all__ = ["Aimed", "Decision", "Miss", "aim", "decide"]

Miss = Literal["target", "phase", "between", "calls", "rate"]


@dataclass(frozen=True, slots=True)
class Aimed:
    """An injection whose target, phase and time fit a call; `nth` counts the calls it was aimed at, from 1."""

    key: str
    injection: Injection
    nth: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """The plan for one call, and what each aimed injection did: the keys of those that struck and that missed."""

    plan: Plan
    hits: tuple[str, ...]
    misses: tuple[tuple[str, Miss], ...]


def aim(injection: Injection, call: Call, at: float) -> Miss | None:
    """Return why an active injection is not aimed at this call at scenario time `at` (seconds), None if it is."""
    if not injection.target.matches(call):
        return "target"
    if injection.between is not None and at not in injection.between:
        return "between"
    return None


def decide(call: Call, aimed: Sequence[Aimed], healthy: Plan, draw: Draw) -> Decision:
    """Return the plan for one call: the healthy one, transformed by each injection that strikes, in order.

    The same arguments give the same decision, whatever ran before.

    Args:
        call: the call.
        aimed: injections aimed at it, in the order in which they apply.
        healthy: the plan without any fault.
        draw: chance for this call.

    Raises:
        FaultUnfit: an injection strikes that cannot apply to this call.
    """
    plan = healthy
    hits: list[str] = []
    misses: list[tuple[str, Miss]] = []
    for each in aimed:
        injection = each.injection
        if injection.calls is not None and each.nth not in injection.calls:
            misses.append((each.key, "calls"))
            continue
        own = draw.part(each.key)
        if injection.rate < 1 and own.part("rate").fraction() >= injection.rate:
            misses.append((each.key, "rate"))
            continue
        if reason := injection.fault.unfit(call):
            raise FaultUnfit(f"{injection} was aimed at {call.label}: {reason}")
        try:
            plan = injection.fault.apply(plan, call, own)
        except FaultUnfit as problem:
            raise FaultUnfit(f"{injection} was aimed at {call.label}: {problem}") from None
        plan = replace(plan, faults=(*plan.faults, injection.fault.name))
        hits.append(each.key)
    return Decision(plan, tuple(hits), tuple(misses))
