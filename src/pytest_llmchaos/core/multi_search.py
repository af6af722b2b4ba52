"""Looks for many texts in another at once: for thousands it costs hardly more than for a few."""

from __future__ import annotations

from collections.abc import Iterable
from typing import AnyStr, Generic

__all__ = ["MultiSearch"]

_BLOCK = 8
_SHORTEST = 2 * _BLOCK - 1  # what is at least so long holds a whole block, wherever the blocks begin
_FEW = 16  # so many are looked for one by one


class MultiSearch(Generic[AnyStr]):
    """Texts to look for, in the order in which they were added.

    Whatever text holds one has, at a place that is a multiple of a block's length, one of the first blocks of it: those
    are looked up, and what they point to is looked for itself. Short texts are looked for one by one.

    Args:
        wanted: the texts to begin with.
    """

    def __init__(self, wanted: Iterable[AnyStr] = ()) -> None:
        self._order: dict[AnyStr, int] = {}
        self._short: list[AnyStr] = []
        self._by_block: dict[AnyStr, list[AnyStr]] = {}
        for each in wanted:
            self.add(each)

    def __len__(self) -> int:
        return len(self._order)

    def add(self, wanted: AnyStr) -> None:
        """Look for one more; the same twice is one."""
        if wanted in self._order or not wanted:
            return
        self._order[wanted] = len(self._order)
        if len(wanted) < _SHORTEST:
            self._short.append(wanted)
            return
        for at in range(_BLOCK):
            self._by_block.setdefault(wanted[at : at + _BLOCK], []).append(wanted)

    def found_in(self, text: AnyStr) -> list[AnyStr]:
        """Return those that the text holds, in order."""
        if len(self._order) <= _FEW:
            return [each for each in tuple(self._order) if each in text]
        found = {each for each in tuple(self._short) if each in text}
        for at in range(0, len(text), _BLOCK):
            if (near := self._by_block.get(text[at : at + _BLOCK])) is not None:
                found.update(each for each in tuple(near) if each not in found and each in text)
        return sorted(found, key=self._order.__getitem__) if found else []
