"""The faults, one file each. `faults.latency("20s", target="openai")` gives an injection.

Every module of this package that does not start with an underscore holds one `Fault` class; adding a fault
means adding its file. Third parties add theirs through the entry point group `llmchaos.faults`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..core.discovery import classes_of, files, registered
from ..core.errors import ChaosError, UsageProblem, near, shown
from ..core.units import lognormal, uniform
from ._base import Fault, FaultFactory, Injection

__all__ = ["Fault", "FaultFactory", "Injection", "find", "lognormal", "names", "uniform"]


# A fault whose file, which has its name, is read when somebody wants more than its name.
class _Unread(FaultFactory):
    __doc__ = property(lambda self: self.fault.__doc__)

    def __init__(self, name: str) -> None:
        self.name = name

    def __getattr__(self, name: str) -> Any:
        if name not in ("fault", "__signature__"):
            raise AttributeError(name)
        import importlib

        [fault] = classes_of(importlib.import_module(f"{__name__}.{self.name}"), Fault)
        vars(self).update(vars(FaultFactory(fault)))  # before it is one: another thread may look
        self.__class__ = FaultFactory  # type: ignore[assignment] # it has been read
        return getattr(self, name)


class _Faults(ModuleType):
    def __setattr__(self, name: str, value: object) -> None:
        """Leave `faults.latency` the factory where the import system would put the module of that name."""
        if not (isinstance(value, ModuleType) and name in _FACTORIES):
            super().__setattr__(name, value)


_FACTORIES: dict[str, FaultFactory] = {name: _Unread(name) for name in files(__path__)}
for _fault in registered("llmchaos.faults", Fault):
    if _fault.name in _FACTORIES:
        _other = _FACTORIES[_fault.name].fault.__module__
        raise ChaosError(f"{_other} and {_fault.__module__} both define {_fault.name!r} (llmchaos.faults)")
    _FACTORIES[_fault.name] = FaultFactory(_fault)
globals().update(_FACTORIES)
sys.modules[__name__].__class__ = _Faults


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
