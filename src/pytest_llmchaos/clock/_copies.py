"""Copies of the real functions that are no module's name: `def retry(call, sleep=time.sleep)`, a class attribute, an
attribute of an object, `functools.partial`, a closure, a table of functions.

The garbage collector knows who refers to a function. Asking it takes a tenth of a second, so it is asked again only
when a function's reference count has changed by more than what we know of: somebody has taken a copy, or given one up.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import sys
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from types import CellType, FunctionType, ModuleType
from typing import Any

from ._aliases import Table


class Copies:
    """Replaces copies of functions wherever they can be replaced, and puts them back.

    Args:
        table: what to replace.
        leave_alone: tells whether the code of a module (its dotted name) keeps what it has.
    """

    def __init__(self, table: Table, leave_alone: Callable[[str], bool]) -> None:
        self._table = table
        self._leave_alone = leave_alone
        self._elsewhere: list[int] = []
        self._places: list[_Place] = []
        self._swapped: list[tuple[_Place, Any, Any]] = []

    def replace(self, named: Counter[int]) -> None:
        """Make the copies follow.

        Args:
            named: how many references to each function are known, as they are names of modules.
        """
        if self._count_elsewhere(named) != self._elsewhere:
            self._places = []  # they would pass for holders themselves
            with _thawed():
                self._places = self._find()
            self._elsewhere = self._count_elsewhere(named)
        for place in self._places:
            old = place.get()
            if old is not None and id(old) in self._table:
                new = self._table[id(old)][1]
                self._swapped.append((place, old, new))
                place.set(new)

    def restore(self) -> None:
        """Put back what is still ours."""
        while self._swapped:
            place, old, new = self._swapped[-1]
            if place.get() is new:
                place.set(old)
            self._swapped.pop()

    def _count_elsewhere(self, named: Counter[int]) -> list[int]:
        """Count each function's references that are neither names of modules nor in places that we know."""
        placed = Counter(id(place.get()) for place in self._places)
        return [sys.getrefcount(old) - named[id(old)] - placed[id(old)] for old, _ in self._table.values()]

    def _find(self) -> list[_Place]:
        functions = [old for old, _ in self._table.values()]
        ours = {id(new) for _, new in self._table.values()} | {id(functions)}
        names = {id(vars(module)): name for name, module in list(sys.modules.items()) if type(module) is ModuleType}
        holders = [
            each
            for each in gc.get_referrers(*functions)
            # Modules are the matter of `_aliases`, also those whose names generated code has taken over.
            if id(each) not in ours and id(each) not in names and not (type(each) is dict and "__name__" in each)
        ]
        owners = _Owners(holders, names)
        found: list[_Place] = []
        for holder in holders:
            if not any(self._leave_alone(module) for module in owners.modules(holder)):
                found += self._places_in(holder, owners)
        return found

    def _places_in(self, holder: Any, owners: _Owners) -> Iterable[_Place]:
        table = self._table
        if type(holder) is tuple:
            for function in owners.of(holder):
                if isinstance(function, FunctionType) and function.__defaults__ is holder:
                    yield from (_Default(function, i) for i, value in enumerate(holder) if id(value) in table)
        elif type(holder) is dict:
            keys = [key for key, value in list(holder.items()) if id(value) in table]
            types = [owner for owner in owners.of(holder) if isinstance(owner, type)]
            if types:
                yield from (_Attribute(types[0], key) for key in keys)
            else:
                yield from (_Item(holder, key) for key in keys)
        elif isinstance(holder, CellType):
            yield _Cell(holder)
        elif isinstance(holder, functools.partial):
            if id(holder.func) in table:
                yield _Partial(holder)
        elif isinstance(holder, staticmethod):
            for space in owners.of(holder):
                for owner in owners.of(space):
                    if isinstance(owner, type) and type(space) is dict:
                        yield from (_Static(owner, key) for key, value in list(space.items()) if value is holder)
        elif type(holder).__flags__ & _HEAP_TYPE:
            values = getattr(holder, "__dict__", None)
            if isinstance(values, dict):
                yield from (_Attribute(holder, key) for key, value in list(values.items()) if id(value) in table)


_HEAP_TYPE = 1 << 9


@contextlib.contextmanager
def _thawed() -> Iterator[None]:
    """Let the collector see what `gc.freeze` has put away: it does not name frozen objects as anybody's referrers."""
    frozen = gc.get_freeze_count()
    gc.unfreeze()
    try:
        yield
    finally:
        if frozen:
            gc.freeze()


class _Owners:
    """Who holds the holders: two looks of the collector for all of them together."""

    def __init__(self, holders: list[Any], names: dict[int, str]) -> None:
        self._names = names
        self._of: dict[int, list[Any]] = {}
        first = self._look([each for each in holders if type(each) in _OWNED], holders)
        self._look([each for each in first if type(each) in (tuple, dict)], first)

    def of(self, thing: Any) -> list[Any]:
        """Return what refers to a thing that was looked at."""
        return self._of.get(id(thing), [])

    def modules(self, thing: Any, depth: int = 3) -> set[str]:
        """Return the modules whose code a thing belongs to, as far as can be seen."""
        if id(thing) in self._names:
            return {self._names[id(thing)]}
        if isinstance(thing, type | FunctionType):
            return {thing.__module__ or ""}
        found = set() if type(thing) in _OWNED else {type(thing).__module__}
        if depth:
            found = found.union(*(self.modules(owner, depth - 1) for owner in self.of(thing)))
        return found

    def _look(self, things: list[Any], *mine: list[Any]) -> list[Any]:
        ids = {id(each) for each in things}
        hidden = {id(things), id(self._of), *map(id, mine), *map(id, self._of.values())}
        found = [each for each in gc.get_referrers(*things) if id(each) not in hidden] if things else []
        for owner in found:
            for inner in gc.get_referents(owner):
                if id(inner) in ids:
                    self._of.setdefault(id(inner), []).append(owner)
        return found


_OWNED = (tuple, dict, CellType, functools.partial, staticmethod)


class _Place:
    """Where a copy stands."""

    def get(self) -> Any:
        """What stands there now; None when the place is gone."""
        raise NotImplementedError

    def set(self, value: Any) -> None:
        """Put something else there."""
        raise NotImplementedError


class _Default(_Place):
    def __init__(self, function: FunctionType, index: int) -> None:
        self._function, self._index = function, index

    def get(self) -> Any:
        defaults = self._function.__defaults__ or ()
        return defaults[self._index] if self._index < len(defaults) else None

    def set(self, value: Any) -> None:
        defaults = list(self._function.__defaults__ or ())
        defaults[self._index] = value
        self._function.__defaults__ = tuple(defaults)


class _Item(_Place):
    def __init__(self, holder: dict[Any, Any], key: Any) -> None:
        self._holder, self._key = holder, key

    def get(self) -> Any:
        try:
            return self._holder[self._key]
        except KeyError:
            return None

    def set(self, value: Any) -> None:
        self._holder[self._key] = value


class _Cell(_Place):
    def __init__(self, cell: CellType) -> None:
        self._cell = cell

    def get(self) -> Any:
        try:
            return self._cell.cell_contents
        except ValueError:  # emptied
            return None

    def set(self, value: Any) -> None:
        self._cell.cell_contents = value


class _Partial(_Place):
    def __init__(self, partial: functools.partial[Any]) -> None:
        self._partial = partial

    def get(self) -> Any:
        return self._partial.func

    def set(self, value: Any) -> None:
        it: Any = self._partial
        it.__setstate__((value, it.args, it.keywords, it.__dict__ or None))


class _Attribute(_Place):
    """An attribute in an object's or a class's own namespace; the object may go."""

    def __init__(self, owner: Any, name: str) -> None:
        self._name = name
        try:
            self._owner: Callable[[], Any] = weakref.ref(owner)
        except TypeError:
            self._owner = lambda: owner

    def get(self) -> Any:
        owner = self._owner()
        return None if owner is None else vars(owner).get(self._name)

    def set(self, value: Any) -> None:
        owner = self._owner()
        if isinstance(owner, type):
            setattr(owner, self._name, value)
        elif owner is not None:
            vars(owner)[self._name] = value


class _Static(_Attribute):
    def get(self) -> Any:
        method = super().get()
        return method.__func__ if isinstance(method, staticmethod) else None

    def set(self, value: Any) -> None:
        super().set(staticmethod(value))
