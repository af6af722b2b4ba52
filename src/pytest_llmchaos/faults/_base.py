"""What a fault is: a frozen set of parameters and a transformation of plans."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ..call import Target
from ..errors import ParameterError
from ..parameters import Parameters, public
from ..parameters import target as read_target
from ..units import CallRange, Window, between, calls, rate

if TYPE_CHECKING:
    from ..call import Call
    from ..draw import Draw
    from ..plan import Plan

__all__ = ["Fault", "FaultFactory", "Injection"]


@dataclass(frozen=True)
class Fault(Parameters):
    """Base of all faults. A subclass is a frozen dataclass whose fields are declared with `param`.

    Attributes:
        streams_only: whether it makes sense on streamed calls only.
    """

    streams_only: ClassVar[bool] = False

    def unfit(self, call: Call) -> str | None:
        """Return why this fault cannot apply to the call, or None when it can."""
        if self.streams_only and not call.stream:
            return f"{self.name} breaks a stream, and this {call.operation} call asks for no stream"
        return None

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Return the plan with this fault in it.

        Raises:
            FaultUnfit: the failure has no form for this call at its provider.
        """
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Injection:
    """A fault with its target and when it strikes.

    Attributes:
        fault: what goes wrong.
        target: which calls it hits.
        rate: the share of matching calls that it hits, above 0 and at most 1.
        calls: which of the matching calls, counted from 1; None for all.
        between: scenario time in which it is active; None for always.
    """

    fault: Fault
    target: Target = Target()
    rate: float = 1.0
    calls: CallRange | None = None
    between: Window | None = None

    def raw(self) -> dict[str, Any]:
        """Return the injection as YAML has it: the fault, its target, its parameters, and when it strikes."""
        raw: dict[str, Any] = {"fault": self.fault.name}
        if self.target != Target():
            raw["target"] = self.target.raw()
        raw |= self.fault.raw()
        if self.rate < 1:
            raw["rate"] = self.rate
        if self.calls:
            raw["calls"] = self.calls.raw()
        if self.between:
            raw["between"] = self.between.raw()
        return raw

    def __str__(self) -> str:
        parts = [f"{self.fault} -> {self.target}"]
        if self.rate < 1:
            parts.append(f"rate {self.rate:.0%}")
        if self.calls:
            parts.append(f"calls {self.calls}")
        if self.between:
            parts.append(f"between {self.between}")
        return ", ".join(parts)


_WHEN: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "target": ("*", read_target),
    "rate": (1.0, rate),
    "calls": (None, calls),
    "between": (None, between),
}


class FaultFactory:
    """Calling it with a fault's parameters, its target and when gives an injection.

    Takes the fault's own parameters, positional or named, and `target="*"`, `rate=1.0`, `calls=None`,
    `between=None`.

    Raises:
        ParameterError: an unknown, missing or bad parameter.
    """

    def __init__(self, fault: type[Fault]) -> None:
        self.fault = fault
        self.name = fault.name  # not __name__: pytest takes a mark called with a named callable for a decorated test
        self.__doc__ = fault.__doc__
        own = inspect.signature(fault).parameters.values()
        when = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=_WHEN[name][0]) for name in _WHEN]
        self.__signature__ = inspect.Signature([*own, *when])

    def parameters(self) -> list[str]:
        """Return the names of everything it takes, its own parameters first."""
        return [*(public(each.name) for each in dataclasses.fields(self.fault)), *_WHEN]

    def __call__(self, /, *args: Any, **given: Any) -> Injection:
        __tracebackhide__ = True
        when = {key: given.pop(key) for key in tuple(_WHEN) if key in given}
        for key in given:
            if key not in self.parameters():
                self.fault.refuse(key, *_WHEN)
        read: dict[str, Any] = {}
        for key, value in when.items():
            default, reader = _WHEN[key]
            if value is None and default is None:
                continue
            try:
                read[key] = reader(value)
            except ValueError as problem:
                raise ParameterError(key, str(problem)) from None
        return Injection(self.fault.build(args, given), **read)

    def __repr__(self) -> str:
        return f"<fault {self.fault.name}{self.__signature__}>"
