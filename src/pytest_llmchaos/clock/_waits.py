"""One blocked thread: until when it waits, how it is woken, and whether its own event has come.

A wait blocks once, on one primitive, for its whole length: slicing it into short waits would lose wake-ups
and would burn CPU that the quiet check would take for work.
"""

from __future__ import annotations

import _thread
import contextlib
import math
import select
import selectors
import socket
from typing import Any, ClassVar

from . import internals
from .realtime import NS

LONGEST = 24 * 3600.0
"""Seconds; a primitive is asked to block no longer than this at once (some have limits), and asked again."""


SLEEPS = ("time.sleep", "an injected wait")
"""Kinds of waits that nothing but time ends."""


class Wait:
    """A thread blocked until `deadline` (virtual nanoseconds, `math.inf` for never) or until its event
    comes."""

    __slots__ = ("deadline", "due", "ends_with_clock", "hung", "ident", "kind", "over", "tid")

    def __init__(self, kind: str, deadline: float, ends_with_clock: bool = False) -> None:
        self.kind = kind
        self.deadline = deadline
        self.ends_with_clock = ends_with_clock
        self.ident = _thread.get_ident()
        self.tid = _thread.get_native_id()
        self.due = False  # the clock has reached the deadline
        self.over = False  # the clock has stopped, and the deadline is one of real time
        self.hung: str | None = None  # the verdict, once nothing can end this wait

    def event_came(self) -> bool:
        """True once what the thread waits for has happened."""
        raise NotImplementedError

    def wake(self) -> None:
        """Make the blocked thread look at its state again; harmless when it isn't blocked."""
        raise NotImplementedError

    def outlive(self) -> None:
        """Called once the clock has stopped."""
        self.wake()

    def block(self, seconds: float) -> None:
        """Block the calling thread for real, until woken or at most this long; may return early."""
        raise NotImplementedError

    def expects_io(self) -> bool:
        """True when something outside this process may end the wait."""
        return False

    def ends_with_time_alone(self) -> bool:
        """True for a sleep: no other thread can end it, or has been asked to do something by its end."""
        return False


class ThreadWait(Wait):
    """A sleep, a `Condition.wait` or a `Thread.join`: blocked on a lock of its own.

    Condition.notify() finds it in the condition's list of waiters, in place of the bare lock, and calls
    `release()`. So a notification and a time-out stay distinguishable, and a waiter that timed out never eats
    a notification.
    """

    __slots__ = ("_lock", "notified")

    def __init__(self, kind: str, deadline: float, ends_with_clock: bool = False) -> None:
        super().__init__(kind, deadline, ends_with_clock)
        self.notified = False
        self._lock = _thread.allocate_lock()
        self._lock.acquire()

    def release(self) -> None:
        """Tell the waiting thread that its event has come."""
        self.notified = True
        self.wake()

    def event_came(self) -> bool:
        return self.notified

    def ends_with_time_alone(self) -> bool:
        return self.kind in SLEEPS

    def wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # woken before: it will look
            self._lock.release()

    def block(self, seconds: float) -> None:
        self._lock.acquire(True, min(seconds, LONGEST))


class SelectWait(Wait):
    """An event loop in its selector: blocked on the selector's own files and on a bell that the clock can
    ring."""

    __slots__ = ("_bell", "loop", "selector")

    def __init__(self, loop: Any, selector: selectors.BaseSelector, deadline: float) -> None:
        super().__init__("the event loop", deadline)
        self.loop = loop
        self.selector = selector
        self._bell: _Bell | None = None

    def event_came(self) -> bool:
        try:
            return _readable(self._files(), 0)
        except (OSError, ValueError, KeyError):
            return True  # closed or changed under our feet: its thread is about to run

    def wake(self) -> None:
        bell = self._bell
        if bell is not None:
            bell.ring()

    def block(self, seconds: float) -> None:
        bell = self._bell = _Bell.take()
        try:
            # The clock may have looked for a bell before this one was hung up.
            if not self.due and self.hung is None:
                _readable([*self._files(), (bell.fileno(), selectors.EVENT_READ)], min(seconds, LONGEST))
        finally:
            self._bell = None
            bell.give_back()

    def expects_io(self) -> bool:
        # One file is the loop's own: the pipe by which other threads wake it.
        return len(self.selector.get_map() or ()) > 1

    def ends_with_time_alone(self) -> bool:
        return internals.next_timer_is_a_sleep(self.loop)

    def _files(self) -> list[tuple[int, int]]:
        """What to poll: epoll and kqueue are files themselves; the other selectors need each of theirs."""
        fileno = getattr(self.selector, "fileno", None)
        if fileno is not None:
            return [(fileno(), selectors.EVENT_READ)]
        return [(key.fd, key.events) for key in list(self.selector.get_map().values())]


class _Bell:
    """A socket pair that wakes a poll from another thread. Kept for the next wait, as making one costs 10 µs.

    A ring that comes late wakes the wait that has the bell by then; it looks at its state and blocks again.
    """

    __slots__ = ("_here", "_there")
    _spare: ClassVar[list[_Bell]] = []

    def __init__(self) -> None:
        self._here, self._there = socket.socketpair()
        self._here.setblocking(False)
        self._there.setblocking(False)

    @classmethod
    def take(cls) -> _Bell:
        try:
            bell = cls._spare.pop()
        except IndexError:
            return cls()
        bell._silence()
        return bell

    def give_back(self) -> None:
        if len(self._spare) < 16:
            self._spare.append(self)
        else:
            self._close()

    @classmethod
    def close_all(cls) -> None:
        """Close the spare ones."""
        while cls._spare:
            cls._spare.pop()._close()

    def fileno(self) -> int:
        return self._here.fileno()

    def ring(self) -> None:
        with contextlib.suppress(OSError):  # rung to the brim, or just taken down: in both cases its thread is up
            self._there.send(b"\0")

    def _silence(self) -> None:
        try:
            while self._here.recv(64):
                pass
        except BlockingIOError:
            pass

    def _close(self) -> None:
        self._here.close()
        self._there.close()


def close_bells() -> None:
    """Give back the files that waits of event loops have left for the next ones."""
    _Bell.close_all()


def _readable(files: list[tuple[int, int]], seconds: float) -> bool:
    """Wait until one of the files (descriptor, selectors.EVENT_*) is ready; False after that many seconds."""
    if hasattr(select, "poll"):
        poll = select.poll()
        for fd, events in files:
            poll.register(
                fd,
                (select.POLLIN if events & selectors.EVENT_READ else 0)
                | (select.POLLOUT if events & selectors.EVENT_WRITE else 0),
            )
        return bool(poll.poll(math.ceil(seconds * 1000)))
    reads = [fd for fd, events in files if events & selectors.EVENT_READ]
    writes = [fd for fd, events in files if events & selectors.EVENT_WRITE]
    return any(select.select(reads, writes, writes, seconds))


def forever_or(loop: Any, deadline: float, timeout: float, now: float) -> float:
    """Correct the deadline of a loop that was cut to asyncio's longest select (a day).

    `asyncio.sleep(math.inf)` is a timer that is never due: its loop waits for ever, not for a day.
    """
    if timeout < LONGEST:
        return deadline
    wait: float = internals.next_timer(loop) - loop.time()
    return now + wait * NS
