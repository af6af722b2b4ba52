"""What a fault is: a frozen set of parameters and a transformation of plans."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from ..core.call import Target, Targets
from ..core.conditions import Load, Predicate, Ramp, flag, load, predicate, region, share, size, sticky
from ..core.errors import ParameterError
from ..core.parameters import Parameters, public
from ..core.units import CallRange, Window, between, calls

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["Fault", "FaultFactory", "Injection"]


@dataclass(frozen=True)
class Fault(Parameters):
    """Base of all faults. A subclass is a frozen dataclass whose fields are declared with `param`.

    Attributes:
        kind: what sort of trouble it is, such as `outage` or `latency`; what people choose faults by.
        streams_only: whether it makes sense on streamed calls only.
    """

    kind: ClassVar[str] = "other"
    streams_only: ClassVar[bool] = False

    def unfit(self, call: Call) -> str | None:
        """Return why this fault cannot apply to the call, or None when it can."""
        if self.streams_only and not call.stream:
            return f"{self.name} breaks a stream, and this {call.operation} call asks for no stream"
        return None

    def idle(self, target: Target) -> ParameterError | None:
        """Return why this fault can do nothing to any call that the target names, or None when it may.

        It is raised where the fault is used, so that a test with such a marker fails by name, and no other with it.
        """
        return None

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Return the plan with this fault in it.

        It need not tell when it strikes: of the steps that come out of its shaper those that differ from what went in
        are its own, and so is an answer, and it has struck once the app met one of them.

        Raises:
            FaultUnfit: the failure has no form for this call at its provider.
        """
        raise NotImplementedError

    def begin(self) -> Any:
        """Return what this fault remembers from call to call in one run; None for nothing."""
        return None

    def meet(self, plan: Plan, call: Call, draw: Draw, state: Any) -> Plan:
        """Return the plan with this fault in it, told by name; the plan's own names where it lets the call be, which is
        then not hit, whatever its shaper does.

        Raises:
            FaultUnfit: the failure has no form for this call at its provider.
        """
        made = self.apply(plan, call, draw)
        return dataclasses.replace(made, faults=(*made.faults, self.name))


@dataclass(frozen=True, slots=True)
class Injection:
    """A fault with its target and when it strikes.

    Attributes:
        fault: what goes wrong.
        target: which calls it hits.
        stream: only streamed calls, or only plain ones; None for both.
        region: a pattern of the cloud regions that it hits; None for all.
        prompt_tokens: the sizes of prompts that it hits; None for all.
        where: the user's own condition; None for all.
        between: scenario time in which it is active; None for always.
        above: only while more calls than this come; None whatever comes.
        calls: which of the matching calls, counted from 1; None for all.
        rate: the share of matching calls that it hits, above 0 and at most 1, or a ramp of it.
        sticky: what the share is counted in; None for calls. With `key` some customers lose everything, the others
            nothing.
    """

    fault: Fault
    target: Target | Targets = Target()
    stream: bool | None = None
    region: str | None = None
    prompt_tokens: CallRange | None = None
    where: Predicate | None = None
    between: Window | None = None
    above: Load | None = None
    calls: CallRange | None = None
    rate: float | Ramp = 1.0
    sticky: Any = None

    def idle(self) -> ParameterError | None:
        """Return why it can do nothing to any call, or None when it may."""
        reasons = [self.fault.idle(each) for each in self.target.each]
        return reasons[0] if all(reasons) else None

    def raw(self) -> dict[str, Any]:
        """Return the injection as YAML has it: the fault, its target, its parameters, and when it strikes."""
        told = {
            name: value.raw() if hasattr(value, "raw") else value
            for name, (default, _) in _WHEN.items()
            if (value := getattr(self, name)) != default
        }
        target = {"target": told.pop("target")} if "target" in told else {}
        return {"fault": self.fault.name, **target, **self.fault.raw(), **told}

    def __str__(self) -> str:
        when = [f"{name} {_shown(value)}" for name, value in self.when().items()]
        return ", ".join([f"{self.fault} -> {self.target}", *when])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Show it to Hypothesis and IPython as YAML has it."""
        from ..core.yaml_text import one_line

        printer.text(one_line(self.raw()))

    def when(self) -> dict[str, Any]:
        """Return the conditions besides the target that are set, by name."""
        names = [name for name in _WHEN if name != "target"]
        return {name: value for name in names if (value := getattr(self, name)) != _WHEN[name][0]}


def _shown(value: Any) -> str:
    return f"{value * 100:.4g}%" if isinstance(value, float) else str(value)


def _typed(name: str) -> Any:
    default = _WHEN[name][0]
    return str(default) if name == "target" else default


def _targets(value: Any) -> Target | Targets:
    try:
        return Targets.parse(value)
    except ParameterError as problem:
        raise ValueError(problem.problem) from None


_WHEN: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "target": (Target(), _targets),
    "stream": (None, flag),
    "region": (None, region),
    "prompt_tokens": (None, size),
    "where": (None, predicate),
    "between": (None, between),
    "above": (None, load),
    "calls": (None, calls),
    "rate": (1.0, share),
    "sticky": (None, sticky),
}


class FaultFactory:
    """Calling it with a fault's parameters, its target and when gives an injection.

    Takes the fault's own parameters, positional or named, and the conditions of `Injection` by name.

    Raises:
        ParameterError: an unknown, missing or bad parameter.
    """

    def __init__(self, fault: type[Fault]) -> None:
        self.fault = fault
        self.name = fault.name  # not __name__: pytest takes a mark called with a named callable for a decorated test
        self.__doc__ = fault.__doc__
        own = inspect.signature(fault).parameters.values()
        when = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=_typed(name)) for name in _WHEN]
        self.__signature__ = inspect.Signature([*own, *when])

    def parameters(self) -> list[str]:
        """Return the names of everything it takes, its own parameters first."""
        return [*(public(each.name) for each in dataclasses.fields(self.fault)), *_WHEN]

    @staticmethod
    def conditions() -> dict[str, tuple[Any, Callable[[Any], Any]]]:
        """Return what every fault takes besides its own parameters: by name the default and the reader."""
        return dict(_WHEN)

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
        if "sticky" in read and read.get("rate", 1.0) == 1.0:
            raise ParameterError("sticky", "needs a rate: the share of keys, users or the like that are struck")
        if self.fault.streams_only and read.get("stream") is False:
            raise ParameterError("stream", f"false leaves plain calls only, and {self.name} breaks streams")
        return Injection(self.fault.build(args, given), **read)

    def checked(self, /, *args: Any, **given: Any) -> Injection:
        """Make the same, and refuse what can do nothing at once: for whoever knows the place where it is written.

        Raises:
            ParameterError: an unknown, missing or bad parameter, or one with which nothing can happen.
        """
        made = self(*args, **given)
        if (problem := made.idle()) is not None:
            raise problem
        return made

    def __repr__(self) -> str:
        return f"<fault {self.fault.name}{self.__signature__}>"
