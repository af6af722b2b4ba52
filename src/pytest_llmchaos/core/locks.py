"""The locks of this package: a forked child finds them free, as whoever held them is not there to let go."""

from __future__ import annotations

import os
import threading
from typing import Any
from weakref import WeakSet

__all__ = ["lock", "rlock"]

_all: WeakSet[Any] = WeakSet()


def lock() -> threading.Lock:
    """Return a lock."""
    made = threading.Lock()
    _all.add(made)
    return made


def rlock() -> threading.RLock:
    """Return a lock that its holder may take again."""
    made = threading.RLock()
    _all.add(made)
    return made


def _free() -> None:
    for each in list(_all):
        owned = getattr(each, "_is_owned", None)
        if owned is None or not owned():  # else the fork came in the middle of what it guards, and goes on with that
            each._at_fork_reinit()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_free)
