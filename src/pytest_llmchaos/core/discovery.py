"""Finds the classes of a kind: one file each in a package of ours, plus what third parties register."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from importlib.metadata import entry_points
from typing import TypeVar

from .errors import ChaosError

__all__ = ["discover"]

T = TypeVar("T")


def discover(package: str, path: Iterable[str], base: type[T], group: str, key: str) -> dict[str, type[T]]:
    """Return the concrete subclasses of `base` by the name in their attribute `key`.

    Args:
        package, path: name and `__path__` of the package; its modules with a leading underscore are skipped.
        base: what the classes inherit from.
        group: entry point group of third parties.
        key: class attribute that holds the name users type.

    Raises:
        ChaosError: two classes have one name, or an entry point is no such class.
    """
    found: dict[str, type[T]] = {}
    for each in [*_own(package, path, base), *_registered(group, base)]:
        name = getattr(each, key)
        if name in found:
            raise ChaosError(f"{found[name].__module__} and {each.__module__} both define {name!r} ({group})")
        found[name] = each
    return found


def _own(package: str, path: Iterable[str], base: type[T]) -> list[type[T]]:
    names = sorted(info.name for info in pkgutil.iter_modules(path) if not info.name.startswith("_"))
    modules = [importlib.import_module(f"{package}.{name}") for name in names]
    return [
        each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, base) and each.__module__ == module.__name__
    ]


def _registered(group: str, base: type[T]) -> list[type[T]]:
    classes = []
    for point in entry_points(group=group):
        loaded = point.load()
        if not (isinstance(loaded, type) and issubclass(loaded, base)):
            raise ChaosError(f"entry point {point.name!r} of {group} is {loaded!r}, not a {base.__name__} class")
        classes.append(loaded)
    return classes
