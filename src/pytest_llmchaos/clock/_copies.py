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

from ._aliases import Swap, Table


class Copies:
    """Replaces copies of functions wherever they can be replaced, and puts them back.

    Args:
        table: what to replace.
        leave_alone: tells whether the code of a module (its dotted name) keeps what it has.
    """

    def __init__(self, table: Table, leave_alone: Callable[[str], bool]) -> None:
        self._table = table
        self._leave_alone = leave_alone
        self._elsewhere: dict[int, int] = {}
        self._places: list[_Place] = []
        self._swapped: list[tuple[_Place, Swap]] = []

    def changed(self) -> list[Any]:
        """Return the functions to which there are more references, or fewer, than when they were last looked for.

        Asked once the names of modules have followed: what then refers to a function is a copy.
        """
        counts = self._count_elsewhere()
        return [swap.old for key, swap in self._table.items() if counts[key] != self._elsewhere.get(key)]

    def look(self) -> None:
        """Find where there are new copies."""
        changed = self.changed()
        self._places = [place for place in self._places if place.get() is not None]
        with _thawed():
            found = self._find(changed)  # which may drop some that are known
        self._places += found
        del changed  # it refers to them too
        self._elsewhere = self._count_elsewhere()

    def replace(self) -> None:
        """Make the copies follow that were found."""
        for place in self._places:
            swap = self._table.get(id(place.get()))
            if swap is not None:
                self._swapped.append((place, swap))
                place.set(swap.new)

    def restore(self) -> None:
        """Put back what is still ours; after an interrupt, once more."""
        for place, (old, new) in self._swapped:
            if place.get() is new:
                place.set(old)
        self._swapped.clear()

    def _count_elsewhere(self) -> dict[int, int]:
        """Count each function's references that are not in places that we know."""
        placed = Counter(id(place.get()) for place in self._places)
        return {key: sys.getrefcount(swap.old) - placed[key] for key, swap in self._table.items()}

    def _find(self, functions: list[Any]) -> list[_Place]:
        """Find where else there are copies of the functions; the time it takes grows with what it must look for."""
        known = Counter(id(holder) for place in self._places for holder in place.holders())
        holders = [
            each
            for each in _referrers(functions)
            # Modules are the matter of `_aliases`, also those whose names generated code has taken over.
            if each is not functions
            and not (type(each) is dict and "__name__" in each)
            and not self._leave_alone(type(each).__module__)
            and self._held(each) > known[id(each)]
        ]
        if not holders:
            return []
        anew = {id(holder) for holder in holders}
        self._places = [place for place in self._places if anew.isdisjoint(map(id, place.holders()))]
        owners = _Owners(holders)
        found: list[_Place] = []
        for holder in holders:
            if not any(self._leave_alone(module) for module in owners.modules(holder)):
                found += self._places_in(holder, owners)
        return found

    def _held(self, holder: Any) -> int:
        return sum(id(each) in self._table for each in gc.get_referents(holder))

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


def _referrers(things: list[Any]) -> list[Any]:
    """Return what refers to the things, without what does so for this question alone (Python 3.13: its arguments)."""
    asked = [object(), *things]
    found = gc.get_referrers(*asked)
    return [each for each in found if not (type(each) in (list, tuple) and each and each[0] is asked[0])]


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

    def __init__(self, holders: list[Any]) -> None:
        self._names = {
            id(vars(module)): name for name, module in list(sys.modules.items()) if type(module) is ModuleType
        }
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
        found = [each for each in _referrers(things) if id(each) not in hidden] if things else []
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

    def holders(self) -> tuple[Any, ...]:
        """Return what the collector may name as what refers to what stands there."""
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

    def holders(self) -> tuple[Any, ...]:
        return (self._function.__defaults__,)


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

    def holders(self) -> tuple[Any, ...]:
        return (self._holder,)


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

    def holders(self) -> tuple[Any, ...]:
        return (self._cell,)


class _Partial(_Place):
    def __init__(self, partial: functools.partial[Any]) -> None:
        self._partial = partial

    def get(self) -> Any:
        return self._partial.func

    def set(self, value: Any) -> None:
        it: Any = self._partial
        it.__setstate__((value, it.args, it.keywords, it.__dict__ or None))

    def holders(self) -> tuple[Any, ...]:
        return (self._partial,)


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

    def holders(self) -> tuple[Any, ...]:
        owner = self._owner()
        if owner is None:
            return ()
        # Where values are kept in the object itself, that is named, else its dictionary; a class shows its own wrapped.
        return (*gc.get_referents(vars(owner)),) if isinstance(owner, type) else (owner, vars(owner))


class _Static(_Attribute):
    def get(self) -> Any:
        method = super().get()
        return method.__func__ if isinstance(method, staticmethod) else None

    def set(self, value: Any) -> None:
        super().set(staticmethod(value))

    def holders(self) -> tuple[Any, ...]:
        owner = self._owner()
        return () if owner is None else (vars(owner).get(self._name),)
