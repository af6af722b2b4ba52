"""The faults, one file each. `faults.latency("20s", target="openai")` gives an injection.

Every module of this package that does not start with an underscore holds one `Fault` class; adding a fault
means adding its file. Third parties add theirs through the entry point group `llmchaos.faults`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.discovery import discover
from ..core.errors import UsageProblem, near, shown
from ..core.units import lognormal, uniform
from ._base import Fault, FaultFactory, Injection

__all__ = ["Fault", "FaultFactory", "Injection", "find", "lognormal", "names", "uniform"]

_FACTORIES = {
    name: FaultFactory(fault) for name, fault in discover(__name__, __path__, Fault, "llmchaos.faults", "name").items()
}
globals().update(_FACTORIES)  # `faults.latency` is the factory, not the module of that name


def names() -> list[str]:
    """Return the names of all known faults, sorted."""
    return sorted(_FACTORIES)


def find(name: str) -> FaultFactory:
    """Return the factory of a fault by its name.

    Raises:
        UsageProblem: no fault has that name.
    """
    if name not in _FACTORIES:
        raise UsageProblem(f"{shown(name)} is not a fault{near(name, _FACTORIES)} (known: {', '.join(names())})")
    return _FACTORIES[name]


if TYPE_CHECKING:

    def __getattr__(name: str) -> FaultFactory: ...
