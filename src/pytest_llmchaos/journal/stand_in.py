"""A method's place, taken for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["StandIn"]


class StandIn:
    """Takes a method's place, and gives it back unless somebody stands on it by then: what was put there passes on.

    Args:
        owner, name: the class, and the name of its method.
        wrap: makes what takes the place.
    """

    def __init__(self, owner: type, name: str, wrap: Callable[[Any], Any]) -> None:
        self._owner, self._name, self._wrap = owner, name, wrap
        self._original: Any = None
        self._ours: Any = None

    def patch(self) -> None:
        """Take the place. Harmless when it is taken."""
        current = getattr(self._owner, self._name)
        if current is not self._ours:
            self._original, self._ours = current, self._wrap(current)
            setattr(self._owner, self._name, self._ours)

    def restore(self) -> None:
        """Give it back."""
        if getattr(self._owner, self._name) is self._ours:
            setattr(self._owner, self._name, self._original)
