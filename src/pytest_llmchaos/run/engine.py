"""The engine: which injections strike a call, and the plan that comes of it.

Pure: no I/O, no clock, no global chance. What a fault remembers from call to call (a token bucket does) is handed in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from ..core.errors import FaultUnfit
from ..core.plan import Part

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan
    from ..faults import Injection

__all__ = ["Aimed", "Decision", "Kind", "Miss", "aim_at_kind", "aim_at_one", "decide"]

Miss = Literal[
    "target", "stream", "region", "prompt_tokens", "where", "phase", "between", "above", "calls", "rate", "limit",
    "answered",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Aimed:
    """An injection whose target, phase and time fit a call.

    Attributes:
        key: which injection of the run it is.
        nth: counts the calls it was aimed at, from 1.
        into, lasts: seconds since its phase began, and how many the phase lasts.
        state: what the fault remembers from call to call; None for most.
    lot: with which others the call shares its fate where the injection is sticky; empty for what it says itself.
    """

    key: str
    injection: Injection
    nth: int = 0
    into: float = 0.0
    lasts: float = math.inf
    state: Any = None
    lot: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """The plan for one call, and what becomes of each aimed injection: the keys of those that are in it (they strike
    where the app meets them, which shows when it is played) and of those that missed.
    """

    plan: Plan
    planned: tuple[str, ...]
    misses: tuple[tuple[str, Miss], ...]


class Kind(NamedTuple):
    """What calls of one kind have in common: what a target, `stream` and `region` look at."""

    provider: str
    model: str | None
    operation: str
    stream: bool
    region: str


def aim_at_kind(injection: Injection, call: Call | Kind) -> Miss | None:
    """Return why it is aimed at no call of this kind, ever; None where it may be aimed at some."""
    if not injection.target.matches(call) or _passes_by(injection, call):
        return "target"
    if injection.stream is not None and injection.stream != call.stream:
        return "stream"
    if injection.region is not None and not fnmatchcase(call.region, injection.region):
        return "region"
    return None


def aim_at_one(injection: Injection, call: Call, at: float) -> Miss | None:
    """Return why an injection is not aimed at this one of its kind at scenario time `at` (seconds), None if it is."""
    if injection.prompt_tokens is not None and call.prompt_tokens not in injection.prompt_tokens:
        return "prompt_tokens"
    if injection.where is not None and not injection.where(call):
        return "where"
    if injection.between is not None and at not in injection.between:
        return "between"
    return None


def decide(call: Call, aimed: Sequence[Aimed], healthy: Plan, draw: Draw) -> Decision:
    """Return the plan for one call: the healthy one, transformed by each injection whose turn it is, in order.

    The same arguments give the same decision, whatever ran before; faults with a state change it.

    Args:
        call: the call.
        aimed: injections aimed at it, in the order in which they apply.
        healthy: the plan without any fault.
        draw: chance for this call.

    Raises:
        FaultUnfit: one of them cannot apply to this call.
    """
    plan = healthy
    planned: list[str] = []
    misses: list[tuple[str, Miss]] = []
    for each in aimed:
        injection = each.injection
        if injection.calls is not None and each.nth not in injection.calls:
            misses.append((each.key, "calls"))
            continue
        own = draw.part(each.key, each.into, each.lasts)
        lot = own.part("rate") if injection.sticky is None else draw.shared(_lot(each, call))
        rate = injection.rate if isinstance(injection.rate, float) else injection.rate.at(each.into, each.lasts)
        if rate < 1 and lot.fraction() >= rate:
            misses.append((each.key, "rate"))
            continue
        try:
            if reason := injection.fault.unfit(call):
                raise FaultUnfit(reason)
            found = injection.fault.meet(plan, call, own, each.state)
        except FaultUnfit as problem:
            if call.operation in ("auth", "health") and not _named(injection, call):
                misses.append((each.key, "target"))  # a token call beside the calls that are meant
                continue
            raise FaultUnfit(f"{injection} was aimed at {call.label}: {problem}") from None
        if found.faults == plan.faults:
            misses.append((each.key, "limit"))
            part = None
        else:
            planned.append(each.key)
            part = Part(each.key, ", ".join(found.faults[len(plan.faults) :]))
        found, replaced = found.owed_to(part, plan), plan.answered_by
        if replaced and replaced not in (found.answered_by, *found.shaped_by, *found.priced_by):
            planned.remove(replaced.key)
            misses.append((replaced.key, "answered"))
        plan = found
    return Decision(plan, tuple(planned), tuple(misses))


def _named(injection: Injection, call: Call | Kind) -> bool:
    """Tell whether a target names the call's operation itself, not just all of them."""
    return any(each.operation == call.operation for each in injection.target.each if each.matches(call))


def _passes_by(injection: Injection, call: Call | Kind) -> bool:
    """Tell whether what strikes LLM calls leaves a server's health check as it is: all but what takes it down whole."""
    if call.operation != "health" or _named(injection, call):
        return False
    some = injection.calls is not None or injection.rate != 1.0 or injection.above is not None
    return injection.fault.kind != "outage" or some


def _lot(aimed: Aimed, call: Call) -> str:
    return f"{aimed.key}|{aimed.injection.sticky}|{aimed.lot or call.lot(aimed.injection.sticky)}"
