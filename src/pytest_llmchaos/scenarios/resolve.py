"""What users hand to a marker or to `inject`, made into scenarios and injections."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ..core.errors import UsageProblem, shown
from ..faults import FaultFactory, Injection
from .scenario import Scenario

__all__ = ["resolve"]


_DEEPEST = 20  # lists in lists: deeper is a slip, or a list that holds itself


def resolve(what: Iterable[Any], beside: Sequence[Path] = (), depth: int = 0) -> tuple[list[Scenario], list[Injection]]:
    """Return the scenarios and the loose injections among what the user gave, in order.

    Args:
        what: names of library scenarios, paths of scenario files, scenarios, injections, or lists of these.
        beside: folders in which files are looked for, in this order and before the working folder.
        depth: how many lists it stands in.

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

            scenarios.append(library.load(library.placed(each, beside)))
        elif isinstance(each, FaultFactory):
            raise UsageProblem(f"faults.{each.fault.name} must be called: faults.{each.fault.name}(...)")
        elif isinstance(each, list | tuple):
            if depth >= _DEEPEST:
                raise UsageProblem(f"scenarios and faults stand in more than {_DEEPEST} lists, one in another")
            more = resolve(each, beside, depth + 1)
            scenarios += more[0]
            loose += more[1]
        else:
            raise UsageProblem(
                f"{shown(each)} is neither a scenario's name or file nor a fault such as faults.outage()"
            )
    return scenarios, loose
