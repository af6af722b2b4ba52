"""The HTTP stacks, one file each: they see every call, below every retry, and play its plan.

A stack module holds `STACK`, with the `library` it patches, `install()`, `uninstall()` and `refresh()`. A library
that is not imported yet is patched the moment the app imports it. Two mocking tools are only watched: what they demand
of a call that a fault answered is no failure of the app.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from functools import cache
from threading import get_ident
from typing import Protocol

from ...core import locks
from ._patches import LateImports

__all__ = ["Stack", "acquire", "late", "refresh", "release", "stacks"]


class Stack(Protocol):
    """One HTTP library: the only code that knows it.

    Attributes:
        library: name of its module.
        breaks: whether faults reach its calls; False for one that is only watched, or that another has replaced.
        follows: whether it tells whose work it is that is handed over, which goes on to be asked after a run.
    """

    library: str
    follows: bool

    @property
    def breaks(self) -> bool:
        """Whether faults reach its calls."""

    def install(self) -> None:
        """Patch the library, which is imported."""

    def uninstall(self) -> None:
        """Give it back as it was."""


# Each file has the name of its library, so that only those of what the app has imported are read.
_LIBRARIES = tuple(info.name for info in pkgutil.iter_modules(__path__) if not info.name.startswith("_"))


@cache
def _stack(library: str) -> Stack:
    stack: Stack = importlib.import_module(f"{__name__}.{library}").STACK
    return stack


def stacks() -> dict[str, Stack]:
    """Return all stacks by the name of their library."""
    return {library: _stack(library) for library in _LIBRARIES}


_lock = locks.rlock()
_users: list[object] = []
_installed: list[Stack] = []
# By the thread that patches: the libraries whose turn it is, and those that come to it meanwhile.
_due: dict[int, list[str]] = {}


def acquire(user: object) -> None:
    """Intercept, until the same user calls `release`."""
    with _lock:
        _users.append(user)
        try:
            late.start()
            refresh()
        except BaseException:
            release(user)
            raise


def refresh() -> None:
    """Patch what is imported, and lie on top again where another tool patched over us meanwhile."""
    for library in _LIBRARIES:
        if sys.modules.get(library) is not None:  # None stands for one that must not be imported
            _install(library)


def release(user: object, *, watching: bool = False) -> None:
    """Give every library back as it was when the last user is done.

    With `watching`, Python's events go on to tell where sockets go, and what work is handed on is followed; no HTTP
    library is patched for that. Can be called again after an interrupt: nothing is forgotten before it is given back.
    """
    with _lock:
        _users[:] = [each for each in _users if each is not user]
        if not _users:
            late.stop()
            for each in [each for each in reversed(_installed) if not (watching and each.follows)]:
                each.uninstall()
                _installed.remove(each)
            if not watching:
                from .socket import STACK as SOCKETS

                SOCKETS.rest()


def _install(library: str) -> None:
    with _lock:
        me = get_ident()
        if me in _due:  # what a stack itself imports is told of in the middle of that, and may need the same modules
            _due[me].append(library)
            return
        _due[me] = [library]
        try:
            for each in _due[me]:  # it grows
                if _users:
                    stack = _stack(each)
                    if stack not in _installed:
                        _installed.append(stack)
                    stack.install()
        finally:
            del _due[me]


late = LateImports(_LIBRARIES, _install)
