"""What is replaced while a virtual clock is started, and how it is put back.

`time.sleep/monotonic/perf_counter` and the alarms of `signal` (and what was copied of them earlier),
`threading.Condition.wait`, on which all of threading, queue and concurrent.futures wait, `threading.Thread.join`, and
the `select` of asyncio's selectors. A replacement that outlives the clock, because something imported it meanwhile,
behaves as the original.
"""

from __future__ import annotations

import contextlib
import selectors
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from . import _alarm, _tools, internals, realtime
from ._aliases import Aliases, Swap, Table
from ._copies import Copies
from ._engine import engine
from ._waits import SelectWait, ThreadWait, forever_or

# --- time ---


class Replacement:
    """Stands in for a builtin: called like it, named like it, pickled like it, and no method when a class
    holds it."""

    def __init__(self, real: Callable[..., Any], call: Callable[..., Any]) -> None:
        self.__wrapped__ = real
        self.__module__ = real.__module__
        self.__name__ = self.__qualname__ = real.__name__
        self.__doc__ = real.__doc__
        self._call = call

    def __call__(self, *args: Any) -> Any:
        return self._call(*args)

    def __reduce__(self) -> str:
        return self.__name__

    def __repr__(self) -> str:
        return f"<virtual {self.__module__}.{self.__name__}>"


def _sleep(seconds: float, /) -> None:
    __tracebackhide__ = True
    # Not above 0 (it yields, or is an error), or more than any clock can count: the original knows what to
    # do.
    if not engine.active or not 0 < seconds < threading.TIMEOUT_MAX or _in_real_time():
        realtime.sleep(seconds)
    else:
        engine.sleep(seconds, "time.sleep")


def _monotonic() -> float:
    return engine.time.read() / realtime.NS if engine.active else realtime.monotonic()


def _monotonic_ns() -> int:
    return engine.time.read() if engine.active else realtime.monotonic_ns()


def _perf_counter() -> float:
    return (engine.time.read() + _AHEAD) / realtime.NS if engine.active else realtime.perf_counter()


def _perf_counter_ns() -> int:
    return engine.time.read() + _AHEAD if engine.active else realtime.perf_counter_ns()


_AHEAD = realtime.perf_counter_ns() - realtime.monotonic_ns()
"""Nanoseconds by which one of the clocks is ahead of the other; a few hundred where they are the same."""


def _replaced() -> Iterator[tuple[Callable[..., Any], Callable[..., Any]]]:
    yield realtime.sleep, _sleep
    yield realtime.monotonic, _monotonic
    yield realtime.monotonic_ns, _monotonic_ns
    yield realtime.perf_counter, _perf_counter
    yield realtime.perf_counter_ns, _perf_counter_ns
    yield from _alarm.pairs()


REPLACED = [Swap(real, Replacement(real, call)) for real, call in _replaced()]


def _tables() -> tuple[Table, Table]:
    """Return what to replace in the app's modules, and what in the tools'."""
    real_time = realtime.stand_in()
    back = [Swap(time, real_time)]
    # Tools keep the functions that time-machine moves, and lose ours if they were imported while a clock ran.
    back += [Swap(getattr(time, name), getattr(real_time, name)) for name in realtime.WALL_NAMES if hasattr(time, name)]
    back += [Swap(replacement, real) for real, replacement in REPLACED]
    return {id(swap.old): swap for swap in REPLACED}, {id(swap.old): swap for swap in back}


def _is_own(module: str) -> bool:
    own = __name__.rpartition(".")[0]
    return module == own or module.startswith(own + ".")


def _table_for(module: str) -> Table:
    if _is_own(module):
        return {}
    return _OF_TOOLS if _tools.keeps_real_time(module) else _OF_APP


# --- threads ---


def _in_real_time() -> bool:
    """True for a tool's own thread, and where virtual time could not come on, as its lock is ours."""
    return engine.inside() or (_tools.in_tool_thread() and not engine.is_home(threading.get_ident()))


def _condition_wait(self: Any, timeout: float | None = None) -> bool:
    """`Condition.wait`, in virtual time; follows the original line by line but for the kind of waiter."""
    __tracebackhide__ = True
    if not engine.active or (timeout is not None and timeout <= 0) or _in_real_time():
        return realtime.condition_wait(self, timeout)
    if not self._is_owned():
        raise RuntimeError("cannot wait on un-acquired lock")
    waiter = ThreadWait("threading.Condition.wait", engine.deadline(timeout))
    self._waiters.append(waiter)
    saved = self._release_save()
    try:
        engine.wait(waiter, timeout)
    finally:
        self._acquire_restore(saved)
        # Asked again now that nobody can notify: a notification that came after the time-out still counts.
        if not waiter.notified:
            with contextlib.suppress(ValueError):
                self._waiters.remove(waiter)
    return waiter.notified


def _thread_join(self: threading.Thread, timeout: float | None = None) -> None:
    """`Thread.join`, in virtual time: wait for the thread's last line, and the rest (microseconds) for
    real."""
    __tracebackhide__ = True
    if (
        engine.active
        and (timeout is None or timeout > 0)
        and self.is_alive()
        and self is not threading.current_thread()
        and not _in_real_time()
    ):
        engine.join(self, timeout)
        # Its last line is past, or the time is up.
        timeout = timeout if timeout is None or not self.is_alive() else _rest(self)
    realtime.thread_join(self, timeout)


def _rest(thread: threading.Thread) -> float | None:
    return 0.0 if thread in threading.enumerate() else None


_real_delete = threading.Thread._delete  # type: ignore[attr-defined]


def _delete(self: threading.Thread) -> None:
    """What a thread calls last: after it, nobody needs to wait for it in virtual time."""
    try:
        _real_delete(self)
    finally:
        engine.thread_ends(self)


# --- event loops ---


def _virtual_select(real: Callable[..., Any]) -> Callable[..., Any]:
    """Return a `select` that waits in virtual time for event loops, and as before for everybody else."""

    def select(self: selectors.BaseSelector, timeout: float | None = None) -> Any:
        if timeout is not None and timeout <= 0:
            return real(self, timeout)
        loop = internals.running_loop()
        if loop is None or not engine.active or internals.loop_selector(loop) is not self:
            return real(self, timeout)
        events = real(self, 0)
        if events:
            return events
        engine.knows_loop(loop)
        deadline = engine.deadline(timeout)
        if timeout is not None:
            deadline = forever_or(loop, deadline, timeout, engine.now_ns())
        engine.wait(SelectWait(loop, self, deadline))
        return real(self, 0)

    return select


# --- all of it ---

_OF_APP, _OF_TOOLS = _tables()
_aliases = Aliases(_table_for)
_copies = Copies(_OF_APP, lambda module: _is_own(module) or _tools.keeps_real_time(module))
_undo: list[Callable[[], None]] = []


def install() -> None:
    """Replace everything."""
    _set(threading.Condition, "wait", _condition_wait)
    _set(threading.Thread, "join", _thread_join)
    _set(threading.Thread, "_delete", _delete)
    for selector in internals.SELECTORS:
        _set(selector, "select", _virtual_select(selector.select))
    _aliases.replace()
    if _copies.changed():
        _aliases.replace(closely=True)
        _copies.look()
    _copies.replace()


def restore() -> None:
    """Put everything back, also after an `install` or a `restore` that ended half-way."""
    _aliases.restore()
    _copies.restore()
    while _undo:
        _undo[-1]()
        _undo.pop()


def _set(owner: type, name: str, value: Any) -> None:
    """Set an attribute of a class; remember how to undo it. An attribute that it inherited is deleted
    again."""
    missing = object()
    old = owner.__dict__.get(name, missing)

    def undo() -> None:
        if old is not missing:
            setattr(owner, name, old)
        elif name in owner.__dict__:
            delattr(owner, name)

    _undo.append(undo)
    setattr(owner, name, value)
