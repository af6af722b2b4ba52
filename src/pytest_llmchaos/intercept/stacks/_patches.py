"""Patching a library while chaos is on, and giving it back exactly as it was."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from ...core.errors import ChaosError

__all__ = ["LateImports", "Patches", "Patching"]


Owner = type | ModuleType
_INHERITED = object()
_NOTHING = (object(), None)


def _named(owner: Owner) -> str:
    return owner.__name__ if isinstance(owner, ModuleType) else f"{owner.__module__}.{owner.__qualname__}"


class Patches:
    """Replaced attributes of one library. `stack` names it in errors."""

    def __init__(self, stack: str) -> None:
        self.stack = stack
        self._originals: dict[tuple[Owner, str], Any] = {}
        self._wrappers: dict[int, Any] = {}
        self._made: dict[tuple[Owner, str], tuple[Any, Any]] = {}

    def replace(self, owner: Owner, name: str, wrap: Callable[[Any], Any], *, inherited: bool = False) -> None:
        """Put `wrap(current)` in place of a method of a class or a function of a module.

        Called again, it lays itself over whatever another tool put on top meanwhile.

        Args:
            owner, name: where it stands.
            wrap: makes what takes its place, the same for each run.
            inherited: whether a class may have it from one that cannot be patched itself.

        Raises:
            ChaosError: the library has no such method any more.
        """
        current = owner.__dict__.get(name)
        own = current is not None
        if inherited and not own:
            current = getattr(owner, name, None)
        if current is None:
            raise ChaosError(
                f"{self.stack}: {_named(owner)}.{name} is gone in the installed version, so "
                "its calls cannot be intercepted; please report this with the version you use"
            )
        if id(current) in self._wrappers:  # an earlier one too, which a mock that ended gave back
            return
        place = owner, name
        before, wrapper = self._made.get(place, _NOTHING)
        if before is not current:
            wrapper = wrap(current)
        if place not in self._originals:
            self._originals[place] = current if own else _INHERITED
            self._made[place] = current, wrapper  # for the next run too
        self._wrappers[id(wrapper)] = wrapper
        setattr(owner, name, wrapper)

    def restore(self) -> None:
        """Put everything back."""
        for (owner, name), original in list(self._originals.items()):
            if original is not _INHERITED:
                setattr(owner, name, original)
            elif name in owner.__dict__:
                delattr(owner, name)
            del self._originals[owner, name]  # only when it is back, as an interrupt may come at any moment
        self._wrappers.clear()


class Patching:
    """A stack that keeps what it replaces of its library, and gives it back."""

    library: str
    follows = False

    def __init__(self) -> None:
        self._patches = Patches(self.library)

    def uninstall(self) -> None:
        """Give the library back as it was."""
        self._patches.restore()


class LateImports(importlib.abc.MetaPathFinder):
    """Tells when one of the named modules has been imported, so that a library loaded during a test is patched too."""

    def __init__(self, names: Sequence[str], imported: Callable[[str], None]) -> None:
        self._names = frozenset(names)
        self._imported = imported
        self._looking: set[str] = set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Find the module as usual and have its loader tell us when it is done."""
        if fullname not in self._names or fullname in self._looking:
            return None
        self._looking.add(fullname)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self._looking.discard(fullname)
        if spec is None or spec.loader is None:
            return None
        spec.loader = _Telling(spec.loader, self._imported)
        return spec

    def start(self) -> None:
        """Begin to listen."""
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def stop(self) -> None:
        """Stop listening."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)


class _Telling(importlib.abc.Loader):
    def __init__(self, loader: Any, imported: Callable[[str], None]) -> None:
        self._loader = loader
        self._tell = imported

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._tell(module.__name__)
