"""Not an HTTP library: what a test leaves for the end of the process reaches no provider then."""

from __future__ import annotations

import atexit
from collections.abc import Callable
from typing import Any

from ..work_owner import handing
from ._patches import Patching

__all__ = ["STACK"]


class _AtExit(Patching):
    library = "atexit"
    breaks = False

    def install(self) -> None:
        """Watch what is registered."""
        self._patches.replace(atexit, "register", _register)


class _Left:
    """A function that is left; for `atexit.unregister` it is that function."""

    def __init__(self, run: Any, function: Callable[..., Any]) -> None:
        self._run = run
        self._function = function

    def __call__(self, *args: Any, **options: Any) -> None:
        from ..active_runs import afterwards

        with afterwards(self._run):
            self._function(*args, **options)

    def __eq__(self, other: object) -> bool:
        return bool(self._function == other)

    def __hash__(self) -> int:
        return hash(self._function)


def _register(original: Any) -> Any:
    def register(function: Any, /, *args: Any, **options: Any) -> Any:
        run = handing()
        if run is None or not callable(function):
            return original(function, *args, **options)
        original(_Left(run, function), *args, **options)
        return function

    return register


STACK = _AtExit()
