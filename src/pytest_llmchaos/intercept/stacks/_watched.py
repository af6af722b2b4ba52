"""Mocking tools that are only watched: what they demand at their end, and when they begin.

A call that a fault answered never came to the mock beneath, nor did one that the simulated provider answered in its
place: a mock that demands such a call is not told off the app for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ._patches import Patching

if TYPE_CHECKING:
    from ...core.call import HttpRequest

__all__ = ["Watched", "begins", "unasked"]

Wrap = Callable[[Any], Any]


class Watched(Patching):
    """Watches one mocking tool.

    Args:
        library: name of its module.
        where: the class that is watched, as `module:Class`.
        wraps: what takes the place of its methods, by their names.
    """

    breaks = False

    def __init__(self, library: str, where: str, wraps: dict[str, Wrap]) -> None:
        self.library = library
        self._where = where
        self._wraps = wraps
        super().__init__()

    def install(self) -> None:
        """Watch it."""
        module, _, name = self._where.partition(":")
        owner: Any = getattr(sys.modules[module], name)
        for method, wrap in self._wraps.items():
            self._patches.replace(owner, method, wrap)


def unasked() -> list[HttpRequest]:
    """Return the calls of the run under way that a mock might have answered and something else did."""
    from ..active_runs import active

    chaos = active()
    return chaos.unasked if chaos is not None else []


def begins(original: Any) -> Any:
    """Lie on top of a mock that begins within the run, as of one that began before."""

    def begin(mock: Any) -> Any:
        from . import refresh

        began = original(mock)
        refresh()
        return began

    return begin
