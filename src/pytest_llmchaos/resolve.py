"""What users hand to a marker or to `inject`, made into scenarios and injections."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .errors import UsageProblem
from .faults import FaultFactory, Injection
from .scenario import Scenario

__all__ = ["resolve"]


def resolve(what: Iterable[Any]) -> tuple[list[Scenario], list[Injection]]:
    """Return the scenarios and the loose injections among what the user gave, in order.

    Args:
        what: names of library scenarios, paths of scenario files, scenarios, injections, or lists of these.

    Raises:
        UsageProblem: something is none of these; a scenario's name or file is bad.
    """
    scenarios: list[Scenario] = []
    loose: list[Injection] = []
    for each in what:
        if isinstance(each, Injection):
            loose.append(each)
        elif isinstance(each, Scenario):
            scenarios.append(each)
        elif isinstance(each, str | Path):
            from . import library

            scenarios.append(library.load(each))
        elif isinstance(each, FaultFactory):
            raise UsageProblem(f"faults.{each.fault.name} must be called: faults.{each.fault.name}(...)")
        elif isinstance(each, list | tuple):
            more = resolve(each)
            scenarios += more[0]
            loose += more[1]
        else:
            raise UsageProblem(f"{each!r} is neither a scenario's name or file nor a fault such as faults.outage()")
    return scenarios, loose
