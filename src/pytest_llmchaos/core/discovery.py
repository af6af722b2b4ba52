"""Finds the classes of a kind: one file each in a package of ours, plus what third parties register."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Iterable
from functools import lru_cache
from importlib.metadata import EntryPoint, distribution, distributions
from types import ModuleType
from typing import TypeVar

from .errors import ChaosError

__all__ = ["classes_of", "discover", "files", "registered"]

T = TypeVar("T")


def files(path: Iterable[str]) -> list[str]:
    """Return the names of the files of a package in which classes are, sorted: those without a leading underscore."""
    return sorted(info.name for info in pkgutil.iter_modules(path) if not info.name.startswith("_"))


def classes_of(module: ModuleType, base: type[T]) -> list[type[T]]:
    """Return the subclasses of `base` that a module defines."""
    return [
        each
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, base) and each.__module__ == module.__name__
    ]


def registered(group: str, base: type[T]) -> list[type[T]]:
    """Return the classes that third parties have registered.

    Raises:
        ChaosError: an entry point is no such class.
    """
    classes = []
    for point in _points(tuple(sys.path)):
        if point.group != group:
            continue
        loaded = point.load()
        if not (isinstance(loaded, type) and issubclass(loaded, base)):
            raise ChaosError(f"entry point {point.name!r} of {group} is {loaded!r}, not a {base.__name__} class")
        classes.append(loaded)
    return classes


@lru_cache(maxsize=1)
def _points(path: tuple[str, ...]) -> list[EntryPoint]:
    """Return the entry points on a `sys.path` that extend us.

    `entry_points` would take those of a hundred packages apart, for ten milliseconds.
    """
    names = [each.name for each in distributions() if _OURS in (each.read_text("entry_points.txt") or "")]
    found = [point for name in names for point in distribution(name).entry_points if point.group.startswith(_OURS)]
    return list(dict.fromkeys(found))  # a package may be found twice


_OURS = "llmchaos."


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
    for each in [*_own(package, path, base), *registered(group, base)]:
        name = getattr(each, key)
        if name in found:
            raise ChaosError(f"{found[name].__module__} and {each.__module__} both define {name!r} ({group})")
        found[name] = each
    return found


def _own(package: str, path: Iterable[str], base: type[T]) -> list[type[T]]:
    modules = [importlib.import_module(f"{package}.{name}") for name in files(path)]
    return [each for module in modules for each in classes_of(module, base)]
