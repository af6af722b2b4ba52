"""`signal.alarm` and `signal.setitimer(ITIMER_REAL)` in virtual time: the deadline of many an app.

An alarm that is set while the clock runs strikes when virtual time comes to it; what remains of it when the clock stops
goes on in real time. Tools (pytest-timeout) keep real alarms.
"""

from __future__ import annotations

import contextlib
import math
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any

from . import _tools
from ._engine import engine
from ._waits import Wait
from .realtime import NS

if hasattr(signal, "setitimer"):
    _alarm, _setitimer, _getitimer = signal.alarm, signal.setitimer, signal.getitimer


class _Alarm(Wait):
    """The process's one alarm: nobody is blocked in it."""

    __slots__ = ("interval",)

    def __init__(self, seconds: float, interval: float) -> None:
        super().__init__("signal.alarm", engine.deadline(seconds))
        self.ident = self.tid = 0
        self.interval = interval

    def event_came(self) -> bool:
        return False

    def wake(self) -> None:
        """Strike."""
        global _pending
        engine.cancel(self)
        _pending = None
        if self.interval > 0:
            _set(self.interval, self.interval)
        main = threading.main_thread().ident
        if main is not None:
            signal.pthread_kill(main, signal.SIGALRM)

    def outlive(self) -> None:
        global _pending
        _pending = None
        remaining = max((self.deadline - engine.now_ns()) / NS, 1e-6)
        _setitimer(signal.ITIMER_REAL, remaining, self.interval)

    def remaining(self) -> float:
        return max((self.deadline - engine.now_ns()) / NS, 1e-6)


_pending: _Alarm | None = None


def _set(seconds: float, interval: float) -> tuple[float, float]:
    global _pending
    before, _pending = _pending, None
    left = (0.0, 0.0) if before is None else (before.remaining(), before.interval)
    if before is not None:
        engine.cancel(before)
    if seconds > 0:
        _pending = _Alarm(seconds, interval)
        with engine.lock:
            engine.expect(_pending)
    return left


def _is_ours() -> bool:
    """True while the clock runs, for a caller that is no tool."""
    caller = sys._getframe(3)
    return engine.active and not _tools.keeps_real_time(caller.f_globals.get("__name__") or "")


def alarm(seconds: int, /) -> int:
    """`signal.alarm`, in virtual time."""
    if not _is_ours() or not isinstance(seconds, int):
        return _alarm(seconds)
    return math.ceil(_set(seconds, 0.0)[0])


def setitimer(which: int, seconds: float, interval: float = 0.0, /) -> tuple[float, float]:
    """`signal.setitimer`, in virtual time for the timer that goes by real time."""
    if not _is_ours() or which != signal.ITIMER_REAL or not (seconds >= 0 and interval >= 0):
        return _setitimer(which, seconds, interval)
    return _set(seconds, interval)


def getitimer(which: int, /) -> tuple[float, float]:
    """`signal.getitimer`, in virtual time for the timer that goes by real time."""
    if not _is_ours() or which != signal.ITIMER_REAL or _pending is None:
        return _getitimer(which)
    return _pending.remaining(), _pending.interval


def pairs() -> list[tuple[Callable[..., Any], Callable[..., Any]]]:
    """Return what to replace, and by what; nothing where the platform has no such timers."""
    with contextlib.suppress(NameError):
        return [(_alarm, alarm), (_setitimer, setitimer), (_getitimer, getitimer)]
    return []
