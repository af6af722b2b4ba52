"""Names imported earlier: `from time import sleep, monotonic` in a module that was loaded before the clock
started.

Every module's top-level names are searched once for the real functions; what was found is remembered, so that
a later start looks only at modules that are new. Copies elsewhere are the matter of `_copies`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType
from typing import Any, NamedTuple


class Swap(NamedTuple):
    """What something means, and what it shall mean instead."""

    old: Any
    new: Any


Table = dict[int, Swap]
"""What to replace, by the id of the old object."""


class _Name(NamedTuple):
    """A name in a module, and what becomes of it."""

    names: dict[str, Any]
    alias: str
    old: Any
    new: Any


class Aliases:
    """Replaces names in all loaded modules, and puts them back.

    `table_for(module_name)` returns what to replace in modules of that name.
    """

    def __init__(self, table_for: Callable[[str], Table]) -> None:
        self._table_for = table_for
        self._known: dict[str, ModuleType] = {}
        self._last: ModuleType | None = None
        self._found: dict[str, list[_Name]] = {}
        self._all: list[_Name] = []

    def replace(self, closely: bool = False) -> None:
        """Make the names of all modules follow.

        Args:
            closely: look also for a module that was put into the place of another.
        """
        if closely or self._has_grown():
            self._look_at_new_modules()
        for names, alias, old, new in self._all:
            if names.get(alias) is old:  # else the app, or a test's monkeypatch, has other ideas
                names[alias] = new

    def restore(self) -> None:
        """Put back what is still ours; after an interrupt, once more."""
        for names, alias, old, new in self._all:
            if names.get(alias) is new:
                names[alias] = old

    def _has_grown(self) -> bool:
        """Tell from its length and its last module whether `sys.modules` has others; to go through it costs more than
        all else that a run's clock needs."""
        with suppress(RuntimeError):  # another thread imports something
            return len(sys.modules) != len(self._known) or next(reversed(sys.modules.values())) is not self._last
        return True

    def _look_at_new_modules(self) -> None:
        known, modules = self._known, sys.modules.copy()
        for name in known.keys() - modules.keys():
            del known[name]
            self._found.pop(name, None)
        for name, module in modules.items():
            if known.get(name) is not module:
                self._look_at(name, module)
        self._all = [name for found in self._found.values() for name in found]
        self._last = next(reversed(modules.values()))

    def _look_at(self, name: str, module: ModuleType) -> None:
        self._found.pop(name, None)
        try:
            # Not module.__dict__, on which a lazily loaded module would load itself.
            names = object.__getattribute__(module, "__dict__")
        except AttributeError:
            names = {}  # not a module, but something that somebody put in its place
        table = self._table_for(name)
        if not table.keys().isdisjoint(map(id, names.values())):
            found = [(alias, table[id(value)]) for alias, value in list(names.items()) if id(value) in table]
            self._found[name] = [_Name(names, alias, *swap) for alias, swap in found]
        self._known[name] = module  # last, as an interrupt in between must not hide the names
