"""Virtual time: one clock that stands still while anybody computes, and the rule for when it may jump.

A thread that waits registers its deadline and blocks. When nothing in the process runs any more, time jumps to the
earliest deadline and the threads that are due wake up. Two kinds of evidence that nothing runs:

1. every other thread is in a wait of ours too, none of them has just been woken, and there are no files, no children
   and no threads that Python doesn't know: jump at once, on the spot;
2. else the watcher (`_watch`) looks whether anybody does anything, in this process or outside.

When every wait that is left is for ever and the thread that runs the test is in one of them, the app is hung.
"""

from __future__ import annotations

import contextlib
import math
import os
import threading
import weakref
from collections.abc import Callable, Hashable, Iterator
from typing import Any, NamedTuple

from ..core import locks
from . import _hung, _tools, frames, internals, realtime
from ._all_wait import AllWait
from ._time import VirtualTime
from ._waits import LONGEST, ThreadWait, Wait, close_bells
from ._wall import Wall
from ._watch import Watcher
from .errors import AppHung
from .realtime import NS


class Session(NamedTuple):
    """One started clock: the thread that runs its test, and whom to tell of a hang, and of what time passed over."""

    home: int
    on_hung: Callable[[str], None] | None
    on_passed: Callable[[str], None] | None = None


class Engine:
    """The virtual time of the process. There is one, `engine`; clocks share it and count themselves in and
    out."""

    def __init__(self) -> None:
        # Reentrant, as a signal handler or a finaliser may sleep in the middle of anything.
        self.lock = locks.rlock()
        self.time = VirtualTime()
        self.generation = 0
        self.active = False
        self._given_back = True
        self._sessions: dict[object, Session] = {}
        self._waits: dict[Wait, None] = {}
        self._joins: dict[threading.Thread, list[ThreadWait]] = {}
        self._injected: set[Any] = set()
        self._loops: weakref.WeakSet[Any] = weakref.WeakSet()
        self._earlier_loops: weakref.WeakSet[Any] = weakref.WeakSet()
        self._old_threads: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
        self._told: set[Hashable] = set()
        self._held: list[str] = []
        self.all_wait = AllWait()
        self._wall = Wall(self.time)
        self._watcher = Watcher(self)

    # --- clocks ---

    def now_ns(self) -> int:
        """Virtual nanoseconds; the machine's monotonic clock while no virtual clock is started."""
        return self.time.now() if self.active else realtime.monotonic_ns()

    def advance(self, seconds: float) -> None:
        """Jump forward whether anything runs or not."""
        with self.lock:
            self._jump(self.time.now() + round(seconds * NS))

    def set_wall(self, epoch: float) -> None:
        """Move the wall clock alone to that time in epoch seconds."""
        with self.lock:
            self._wall.set(round(epoch * NS))

    # --- life ---

    def start(self, owner: object, session: Session) -> None:
        """Count one clock in; the first one installs everything."""
        internals.check()
        from . import _patches

        with self.lock:
            if not self.active:
                if not self._given_back:
                    self._clean_up()  # what a start or a stop left that was interrupted
                self._given_back = False
                self._old_threads = weakref.WeakSet(threading.enumerate())
                self.time.begin()
                try:
                    self._wall.start()
                    _patches.install()
                    if self._earlier_loops:
                        self._move_timers(self._earlier_loops, self.time.now() - realtime.monotonic_ns())
                    self.active = True
                except BaseException:
                    self._clean_up()
                    raise
                self._watcher.kick()
            self._sessions[owner] = session

    def stop(self, owner: object) -> list[str]:
        """Count one clock out; the last one restores everything. Can be called again after an interrupt.

        Threads that still wait: injected waits end now, as the chaos that caused them is over; the app's own
        waits go on in real time for what remains of them.

        Returns:
            what is to be told of threads that held the clock.
        """
        with self.lock:
            self._sessions.pop(owner, None)
            if not self._sessions:
                self._clean_up()
            held, self._held = self._held, []
        return held

    def is_home(self, ident: int) -> bool:
        """True for a thread that started a clock: it runs the test."""
        return any(session.home == ident for session in self._sessions.values())

    def _clean_up(self) -> None:
        """Give everything back; each step can be done again, so that an interrupt in the middle does no harm."""
        from . import _patches

        self.time.stand()
        ahead = self.time.now() - realtime.monotonic_ns()
        self.active = False
        try:
            _patches.restore()
        finally:
            self._wall.stop()
            self._watcher.stop()
        self._release_waits(ahead)
        self._told.clear()
        self._given_back = True

    def _release_waits(self, ahead: int) -> None:
        for wait in self.waits():
            if not wait.over:
                wait.deadline, wait.over = wait.deadline - ahead, True
            wait.due = wait.due or wait.ends_with_clock
            wait.outlive()
            self._waits.pop(wait, None)
        self._joins.clear()
        for loop, future in list(self._injected):  # a copy: a task that has just woken takes its own out
            _call_in_loop(loop, _finish, future)
        self._injected.clear()
        if self._loops:
            self._move_timers(self._loops, -ahead)
            self._earlier_loops.update(self._loops)
            self._loops.clear()
        close_bells()

    @staticmethod
    def _move_timers(loops: weakref.WeakSet[Any], ns: int) -> None:
        for loop in list(loops):
            _call_in_loop(loop, internals.move_timers, loop, ns / NS)

    def forget_after_fork(self) -> None:
        """In a forked child only the forking thread lives: give the child real time."""
        self._waits, self._joins, self._injected = {}, {}, set()
        self._sessions = {}
        self._loops, self._earlier_loops = weakref.WeakSet(), weakref.WeakSet()
        was_active = self.active
        self.time = self._wall.time = VirtualTime()
        self._watcher = Watcher(self)
        if was_active:
            self._clean_up()

    # --- waits ---

    def deadline(self, seconds: float | None) -> float:
        """Return the virtual nanosecond that lies so far ahead; None and `math.inf` never come."""
        if seconds is None or seconds == math.inf:
            return math.inf
        return self.now_ns() + math.ceil(seconds * NS)

    def wait(self, wait: Wait, seconds: float | None = None) -> bool:
        """Block until the wait's event comes (True) or its deadline does, so many seconds ahead (False); `AppHung` if
        neither ever can."""
        __tracebackhide__ = True
        try:
            with self.lock:
                self.expect(wait)
                if not self.active:
                    wait.due = wait.ends_with_clock
                    if seconds is not None:  # the deadline is one of virtual time where that has ended only just now
                        wait.deadline = min(wait.deadline, realtime.monotonic_ns() + seconds * NS)
                elif not self._jump_if_all_wait():
                    self._watcher.kick()
            while not wait.due and wait.hung is None:
                if wait.event_came():
                    return True
                remaining = math.inf
                if not self.active:  # what was left of it when the clock stopped
                    remaining = (wait.deadline - realtime.monotonic_ns()) / NS
                    if remaining <= 0:
                        break
                wait.block(min(remaining, LONGEST))
        finally:
            # Without the lock, and in one step: a signal handler's exception (pytest-timeout's, Ctrl-C) must
            # not get in between. Whoever walks through the waits takes a copy.
            self._waits.pop(wait, None)
            self.generation += 1
        if wait.hung is not None:
            raise AppHung(wait.hung)
        return wait.event_came()

    def expect(self, wait: Wait) -> None:
        """Let time come to a wait's deadline."""
        if self.active:
            self._waits[wait] = None
            self.time.progress()
            self.generation += 1

    def cancel(self, wait: Wait) -> None:
        """Forget a wait that nobody waits in."""
        self._waits.pop(wait, None)
        self.generation += 1

    def sleep(self, seconds: float, kind: str, ends_with_clock: bool = False) -> None:
        """Block the calling thread; it is due when the clock says so."""
        __tracebackhide__ = True
        self.wait(ThreadWait(kind, self.deadline(seconds), ends_with_clock), seconds)

    def join(self, thread: threading.Thread, timeout: float | None) -> None:
        """Wait until the thread has run its last line; the caller then joins it for real."""
        __tracebackhide__ = True
        wait = ThreadWait("Thread.join", self.deadline(timeout))
        with self.lock:
            self._joins.setdefault(thread, []).append(wait)
        try:
            # It may have ended before we were on its list.
            if thread in threading.enumerate():
                self.wait(wait, timeout)
        finally:
            with self.lock:
                joins = self._joins.get(thread, [])
                if wait in joins:
                    joins.remove(wait)
                if not joins:
                    self._joins.pop(thread, None)

    def thread_ends(self, thread: threading.Thread) -> None:
        """Called by each thread that ends, as its last act.

        Without the lock, which somebody may hold who joins this thread in a finalizer. A joiner who comes too late
        for the list sees that the thread is gone.
        """
        for wait in self._joins.pop(thread, ()):
            wait.release()

    def inside(self) -> bool:
        """True in a finalizer or a signal handler that came while this thread was at work on the clock itself."""
        return bool(self.lock._is_owned()) or self.time.held()  # type: ignore[attr-defined]

    def knows_loop(self, loop: Any) -> None:
        """Remember a loop that lives on virtual time: its timers must be moved when virtual time ends."""
        if loop not in self._loops:
            with self.lock:  # `stop` may be going through them
                self._loops.add(loop)

    @contextlib.contextmanager
    def injected(self, loop: Any, future: Any) -> Iterator[None]:
        """While a task waits for a future of ours: `stop` ends the wait."""
        entry = (loop, future)
        self._injected.add(entry)
        try:
            yield
        finally:
            self._injected.discard(entry)

    # --- jumps (all under the lock) ---

    def _jump_if_all_wait(self) -> bool:
        """Jump on the spot if everybody waits."""
        generation, first = self.generation, self.goal()
        return first is not None and first < math.inf and self.all_wait.of(self) and self.jump(first, generation)

    def jump(self, target: float, generation: int) -> bool:
        """Jump to the deadline, unless a wait has ended since the caller began to look, or is about to."""
        if generation == self.generation and not self.someone_is_up():
            self._jump(target)
            return True
        return False

    def _jump(self, target: float) -> None:
        self.time.stand()
        before = self.time.now()
        self.time.jump(int(target))
        now = self.time.now()
        self._wall.shift_others(now - before)
        for wait in self.waits():
            if wait.deadline <= now and not wait.due:
                wait.due = True
                wait.wake()
        self.generation += 1

    def others(self) -> list[int]:
        """Return the Python threads that are neither in a wait of ours, nor the watcher, nor a tool's own."""
        tops = frames.others()
        for wait in self.waits():
            tops.pop(wait.ident, None)
        if self._watcher.ident:
            tops.pop(self._watcher.ident, None)
        return [ident for ident, frame in tops.items() if self.is_home(ident) or not _tools.runs_tool(ident, frame)]

    @property
    def watcher_tid(self) -> int:
        """The kernel's id of the watcher's thread; 0 while there is none."""
        return self._watcher.tid if self._watcher.ident else 0

    def waits(self) -> list[Wait]:
        """Return the waits as they stand now."""
        return list(self._waits)

    def someone_is_up(self) -> bool:
        """True while a thread that has been woken has not run yet, or a new one has not begun."""
        return internals.is_starting_a_thread() or any(
            wait.due or wait.hung is not None or wait.event_came() for wait in self.waits()
        )

    def goal(self) -> float | None:
        """Return the next deadline; `math.inf` if only a hang is ahead; None while there is nothing to do."""
        first = min((wait.deadline for wait in self.waits()), default=None)
        if first == math.inf and not any(self.is_home(wait.ident) for wait in self.waits()):
            return None
        return first

    def is_sleep(self, goal: float) -> bool:
        """True if only sleeps end at that deadline."""
        return all(wait.ends_with_time_alone() for wait in self.waits() if wait.deadline == goal)

    # --- what is told ---

    def tell_once(self, key: Hashable, text: str) -> None:
        """Tell the sessions what time passed over, once a run for each thing."""
        if key not in self._told:
            self._told.add(key)
            for session in list(self._sessions.values()):
                if session.on_passed is not None:
                    session.on_passed(text)

    def tell_held(self, tid: int) -> None:
        """Tell which thread has held the clock, also whoever ends the run."""
        if ("held", tid) not in self._told:
            text = f"{_hung.name_and_place(tid)} never rests: virtual time went on beside it; let it sleep now and then"
            self._held.append(text)
            self.tell_once(("held", tid), text)

    def declare_hung(self) -> None:
        """Tell the sessions; raise `AppHung` in the test's thread and in those that the test started."""
        victims = [wait for wait in self.waits() if self.is_home(wait.ident) or self._is_new(wait.ident)]
        text = _hung.describe(victims, self.others())
        homes = {wait.ident for wait in victims}
        try:
            for session in list(self._sessions.values()):
                if session.on_hung is not None and session.home in homes:
                    session.on_hung(text)
        except Exception as error:
            text += f"\n  (and reporting it failed: {error!r})"
        finally:
            for wait in victims:
                wait.hung = text
                wait.wake()
            self.generation += 1

    def _is_new(self, ident: int) -> bool:
        thread = internals.thread_of(ident)
        return thread is not None and thread not in self._old_threads


def _call_in_loop(loop: Any, function: Callable[..., None], *args: Any) -> None:
    """Run the function on the loop's thread, or here if nobody runs the loop or we are on its thread."""
    if loop.is_closed():
        return
    if not loop.is_running() or internals.running_loop() is loop:
        function(*args)
        return
    with contextlib.suppress(RuntimeError):  # closed just now
        loop.call_soon_threadsafe(function, *args)


def _finish(future: Any) -> None:
    if not future.done():
        future.set_result(None)


engine = Engine()
"""The virtual time of this process."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=lambda: engine._watcher.leave(), after_in_child=lambda: engine.forget_after_fork())
