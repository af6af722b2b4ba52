"""The private names of the standard library that virtual time relies on: all of them, and only here.

Each was checked on CPython 3.11 to 3.13. `check()` runs when a clock starts and names what vanished.
"""

from __future__ import annotations

import asyncio
import asyncio.events
import heapq
import math
import selectors
import sys
import threading
from typing import Any

from .errors import ClockUnsupported

running_loop = asyncio.events._get_running_loop
"""Like `asyncio.get_running_loop`, but answers None instead of raising; called on every select, so it must be
cheap."""

SELECTORS: tuple[type[selectors.BaseSelector], ...] = tuple(
    getattr(selectors, name)
    for name in ("EpollSelector", "KqueueSelector", "DevpollSelector", "PollSelector", "SelectSelector")
    if hasattr(selectors, name)
)
"""The selector classes that exist here; the default event loops wait in one of them."""


_NEEDED: tuple[tuple[str, object, tuple[str, ...]], ...] = (
    ("threading.Condition", threading.Condition(), ("_is_owned", "_release_save", "_acquire_restore", "_waiters")),
    ("threading", threading, ("_active", "_limbo")),
    ("threading.Thread", threading.Thread, ("_delete",)),
    ("asyncio loop", asyncio.SelectorEventLoop, ("_run_once",)),
)


def check() -> None:
    """Raise `ClockUnsupported` if this Python has changed something that virtual time needs."""
    missing = [f"{what}.{name}" for what, owner, names in _NEEDED for name in names if not hasattr(owner, name)]
    if missing:
        raise ClockUnsupported(
            f"virtual time does not know this Python: {', '.join(missing)} vanished; "
            'use clock="real" and report it to pytest-llmchaos'
        )


def loop_selector(loop: Any) -> selectors.BaseSelector | None:
    """Return the selector that the loop waits in; None when it has none (uvloop, proactor)."""
    return getattr(loop, "_selector", None)


def next_timer(loop: Any) -> float:
    """Return when the loop's earliest timer is due, in `loop.time()` seconds; `math.inf` if none ever is."""
    return min((handle.when() for handle in loop._scheduled if not handle.cancelled()), default=math.inf)


def next_timer_is_a_sleep(loop: Any) -> bool:
    """True if the loop's earliest timer ends an `asyncio.sleep` or a wait of ours: no limit to what others do."""
    handles = [handle for handle in loop._scheduled if not handle.cancelled()]
    first = min(handles, key=lambda handle: handle.when(), default=None)
    return first is not None and getattr(first._callback, "__name__", "") in _ENDS_OF_SLEEPS


_ENDS_OF_SLEEPS = ("_set_result_unless_cancelled", "end_of_sleep")


def move_timers(loop: Any, seconds: float) -> None:
    """Shift every timer of the loop; call it on the loop's thread, or while nobody runs the loop."""
    for handle in loop._scheduled:
        handle._when += seconds
    heapq.heapify(loop._scheduled)


def thread_of(ident: int) -> threading.Thread | None:
    """Return the `Thread` behind an ident; None for a thread that the threading module has not met."""
    return threading._active.get(ident)  # type: ignore[attr-defined, no-any-return]


def is_starting_a_thread() -> bool:
    """True while a started thread has not run its first lines yet: it is invisible, but it will act."""
    return bool(threading._limbo)  # type: ignore[attr-defined]


def works_in_a_pool(thread: threading.Thread | None) -> bool:
    """True for a worker of a `ThreadPoolExecutor`, at work or not."""
    queues = getattr(sys.modules.get("concurrent.futures.thread"), "_threads_queues", ())
    return thread is not None and thread in queues


def target_module(thread: threading.Thread) -> str:
    """Return the module whose code the thread runs: of its class, its target, or a Timer's function."""
    if type(thread).__module__ != "threading":
        return type(thread).__module__
    function = getattr(thread, "function", None) or getattr(thread, "_target", None)
    return getattr(function, "__module__", None) or ""
