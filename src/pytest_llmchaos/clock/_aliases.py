"""Names imported earlier: `from time import sleep, monotonic` in a module that was loaded before the clock
started.

Every module's top-level names are searched once for the real functions; what was found is remembered, so that
a later start looks only at modules that are new. Copies elsewhere are the matter of `_copies`.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Container
from contextlib import suppress
from types import ModuleType
from typing import Any

Swap = tuple[str, Any, Any]
"""A module's name for something, what it means, and what it shall mean instead."""


Table = dict[int, tuple[Any, Any]]
"""What to replace: the id of an object -> the object, and what takes its place."""


class Aliases:
    """Replaces names in all loaded modules, and puts them back.

    `table_for(module_name)` returns what to replace in modules of that name.
    """

    def __init__(self, table_for: Callable[[str], Table]) -> None:
        self._table_for = table_for
        self._known: dict[str, ModuleType] = {}
        self._found: dict[str, list[Swap]] = {}
        self._swapped: list[tuple[dict[str, Any], Swap]] = []

    def look(self, functions: Container[int]) -> Counter[int]:
        """Find the names in modules that are new; count the references to each of these functions that are known."""
        self._look_at_new_modules()
        seen: set[tuple[int, str]] = set()  # a module may have two names: `os.path`, `requests.packages`
        count: Counter[int] = Counter()
        for name, swaps in self._found.items():
            names = object.__getattribute__(self._known[name], "__dict__")
            for alias, old, _ in swaps:
                if id(old) in functions:
                    count[id(old)] += 1  # our list
                    if names.get(alias) is old and (id(names), alias) not in seen:
                        seen.add((id(names), alias))
                        count[id(old)] += 1
        return count

    def replace(self) -> None:
        """Make the names of all modules follow."""
        self._look_at_new_modules()
        for name, swaps in self._found.items():
            names = object.__getattribute__(self._known[name], "__dict__")
            for swap in swaps:
                alias, old, new = swap
                if names.get(alias) is old:  # else the app, or a test's monkeypatch, has other ideas
                    self._swapped.append((names, swap))
                    names[alias] = new

    def restore(self) -> None:
        """Put back what is still ours."""
        while self._swapped:
            names, (alias, old, new) = self._swapped[-1]
            if names.get(alias) is new:
                names[alias] = old
            self._swapped.pop()

    def _look_at_new_modules(self) -> None:
        known = self._known
        modules = sys.modules.copy()
        with suppress(Exception):  # of odd things that are no modules
            if modules == known:
                return
        for name in known.keys() - modules.keys():
            del known[name]
            self._found.pop(name, None)
        for name, module in modules.items():
            if known.get(name) is not module:
                self._look_at(name, module)

    def _look_at(self, name: str, module: ModuleType) -> None:
        self._found.pop(name, None)
        try:
            # Not module.__dict__, on which a lazily loaded module would load itself.
            names = object.__getattribute__(module, "__dict__")
        except AttributeError:
            names = {}  # not a module, but something that somebody put in its place
        table = self._table_for(name)
        if not table.keys().isdisjoint(map(id, names.values())):
            found = [(alias, value) for alias, value in list(names.items()) if id(value) in table]
            self._found[name] = [(alias, *table[id(value)]) for alias, value in found]
        self._known[name] = module  # last, as an interrupt in between must not hide the names
