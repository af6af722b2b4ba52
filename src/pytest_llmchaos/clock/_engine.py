"""Virtual time: one offset over the machine's clocks, and the rule for when it may jump.

A thread that waits registers its deadline and blocks. When nothing in the process runs any more, the offset
jumps to the earliest deadline and the threads that are due wake up. Three kinds of evidence that nothing
runs, cheapest first:

1. every other thread is in a wait of ours too, and none of them has just been woken: jump at once, on
   the spot;
2. other threads exist (idle pool workers, a lock, a socket): a watcher thread looks whether they do anything
   during a short window of real time (`_quiet`);
3. real I/O may be in flight (an event loop with open sockets, a thread blocked in a read): the window
   is 20 ms.

Meanwhile real time passes too, and every wait also ends by itself when the real clock reaches its deadline:
where quiet cannot be proved, virtual time degrades to real time.

When every wait that is left is for ever and the thread that runs the test is in one of them, the app is hung.
"""

from __future__ import annotations

import _thread
import contextlib
import math
import os
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from . import _hung, _internals, _quiet, _realtime, _tools
from ._realtime import NS
from ._waits import ThreadWait, Wait, close_bells
from ._wall import Wall
from .errors import AppHung

HUNG_AFTER = 0.5
"""Seconds of quiet after which a process that waits for ever is hung."""

HUNG_AFTER_IO = 5.0
"""The same when real I/O may still wake it."""

FOREIGN_PATIENCE = 0.25
"""Seconds for which activity of threads that Python doesn't know (a library's own pool) may put off a
jump."""


LONGEST_BUSY_PAUSE = 0.003
"""Seconds between two looks at a process that keeps working."""


class Session(NamedTuple):
    """One started clock: the thread that runs its test, and whom to tell of a hang."""

    home: int
    on_hung: Callable[[str], None] | None


class Engine:
    """The virtual time of the process. There is one, `engine`; clocks share it and count themselves in and
    out."""

    def __init__(self) -> None:
        # Reentrant, as a signal handler or a finaliser may sleep in the middle of anything.
        self._lock = threading.RLock()
        self._sessions: list[Session] = []
        self._waits: dict[Wait, None] = {}
        self._joins: dict[threading.Thread, list[ThreadWait]] = {}
        self._injected: set[Any] = set()
        self._loops: weakref.WeakSet[Any] = weakref.WeakSet()
        self._old_threads: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
        self._wall = Wall()
        self._watcher = Watcher(self)
        self.offset_ns = 0
        self.offset = 0.0
        self.generation = 0
        self.active = False

    # --- clocks ---

    def now_ns(self) -> int:
        """Virtual nanoseconds; the machine's monotonic clock while no virtual clock is started."""
        return _realtime.monotonic_ns() + self.offset_ns

    def advance(self, seconds: float) -> None:
        """Jump forward whether anything runs or not."""
        with self._lock:
            self._jump(self.now_ns() + round(seconds * NS))

    def set_wall(self, epoch: float) -> None:
        """Move the wall clock alone to that time in epoch seconds."""
        import time

        with self._lock:
            self._wall.shift(round((epoch - time.time()) * NS))

    # --- life ---

    def start(self, session: Session) -> None:
        """Count one clock in; the first one installs everything."""
        _internals.check()
        from . import _patches

        with self._lock:
            if not self._sessions:
                self._old_threads = weakref.WeakSet(threading.enumerate())
                self._wall.start()
                try:
                    _patches.install()
                except BaseException:
                    self._restore()
                    raise
                self.active = True
            self._sessions.append(session)

    def stop(self, session: Session) -> None:
        """Count one clock out; the last one restores everything.

        Threads that still wait: injected waits end now, as the chaos that caused them is over; the app's own
        waits go on in real time for what remains of them.
        """
        with self._lock:
            self._sessions.remove(session)
            if self._sessions:
                return
            self.active = False
            offset_ns = self.offset_ns
            try:
                self._restore()
            finally:
                self.offset_ns, self.offset = 0, 0.0
                self._release_waits(offset_ns)

    def is_home(self, ident: int) -> bool:
        """True for a thread that started a clock: it runs the test."""
        return any(session.home == ident for session in self._sessions)

    def _restore(self) -> None:
        from . import _patches

        try:
            _patches.restore()
        finally:
            self._wall.stop()
            self._watcher.stop()

    def _release_waits(self, offset_ns: int) -> None:
        for wait in self.waits():
            wait.deadline -= offset_ns
            wait.due = wait.due or wait.ends_with_clock
            wait.wake()
        self._waits.clear()
        self._joins.clear()
        for loop, future in list(self._injected):  # a copy: a task that has just woken takes its own out
            _call_in_loop(loop, _finish, future)
        self._injected.clear()
        for loop in list(self._loops):
            _call_in_loop(loop, _internals.move_timers, loop, -offset_ns / NS)
        self._loops.clear()
        close_bells()

    def forget_after_fork(self) -> None:
        """In a forked child only the forking thread lives: give the child real time."""
        self._lock = threading.RLock()
        was_active, self.active = self.active, False
        self._waits, self._joins, self._injected = {}, {}, set()
        self._sessions = []
        self._watcher = Watcher(self)
        if was_active:
            self._restore()
        self.offset_ns, self.offset = 0, 0.0

    # --- waits ---

    def deadline(self, seconds: float | None) -> float:
        """Return the virtual nanosecond that lies so far ahead; None and `math.inf` never come."""
        if seconds is None or seconds == math.inf:
            return math.inf
        return self.now_ns() + math.ceil(seconds * NS)

    def wait(self, wait: Wait) -> bool:
        """Block until the wait's event comes (True) or its deadline does (False); `AppHung` if neither ever
        can."""
        __tracebackhide__ = True
        try:
            with self._lock:
                if self.active:
                    self._waits[wait] = None
                    self.generation += 1
                    if not self._jump_if_all_wait() and self.goal() is not None:
                        self._watcher.kick()
                else:
                    wait.due = wait.ends_with_clock
            while not wait.due and wait.hung is None:
                if wait.event_came():
                    return True
                remaining = wait.deadline - self.now_ns()
                if remaining <= 0:
                    break
                wait.block(remaining / NS)
        finally:
            # Without the lock, and in one step: a signal handler's exception (pytest-timeout's, Ctrl-C) must
            # not get in between. Whoever walks through the waits takes a copy.
            self._waits.pop(wait, None)
            self.generation += 1
        if wait.hung is not None:
            raise AppHung(wait.hung)
        return wait.event_came()

    def sleep(self, seconds: float, kind: str, ends_with_clock: bool = False) -> None:
        """Block the calling thread; it is due when the clock says so."""
        __tracebackhide__ = True
        self.wait(ThreadWait(kind, self.deadline(seconds), ends_with_clock))

    def join(self, thread: threading.Thread, timeout: float | None) -> None:
        """Wait until the thread has run its last line; the caller then joins it for real."""
        __tracebackhide__ = True
        wait = ThreadWait("Thread.join", self.deadline(timeout))
        with self._lock:
            self._joins.setdefault(thread, []).append(wait)
        try:
            # It may have ended before we were on its list.
            if thread in threading.enumerate():
                self.wait(wait)
        finally:
            with self._lock:
                joins = self._joins.get(thread, [])
                if wait in joins:
                    joins.remove(wait)
                if not joins:
                    self._joins.pop(thread, None)

    def thread_ends(self, thread: threading.Thread) -> None:
        """Called by each thread that ends, as its last act."""
        if self._joins:
            with self._lock:
                for wait in self._joins.pop(thread, ()):
                    wait.release()

    def knows_loop(self, loop: Any) -> None:
        """Remember a loop that lives on virtual time: its timers must be moved when virtual time ends."""
        if loop not in self._loops:
            with self._lock:  # `stop` may be going through them
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
        """Jump on the spot if every thread but the watcher and tools' own is in a wait of ours, and stays
        there."""
        generation, first = self.generation, self.goal()
        if first is None or first == math.inf or self.others() or self.someone_is_up() or self.expects_io():
            return False
        return self.jump(first, generation)

    def jump(self, target: float, generation: int) -> bool:
        """Jump to the deadline, unless a wait has ended since the caller began to look."""
        if generation == self.generation:
            self._jump(target)
            return True
        return False

    def _jump(self, target: float) -> None:
        delta = int(target) - self.now_ns()
        if delta > 0:
            self.offset_ns += delta
            self.offset = self.offset_ns / NS
            self._wall.shift(delta)
        now = self.now_ns()
        for wait in self.waits():
            if wait.deadline <= now and not wait.due:
                wait.due = True
                wait.wake()
        self.generation += 1

    def others(self) -> list[int]:
        """Return the Python threads that are neither in a wait of ours, nor the watcher, nor a tool's own."""
        frames = sys._current_frames()
        for wait in self.waits():
            frames.pop(wait.ident, None)
        if self._watcher.ident:
            frames.pop(self._watcher.ident, None)
        return [ident for ident, frame in frames.items() if self.is_home(ident) or not _tools.runs_tool(ident, frame)]

    def waits(self) -> list[Wait]:
        """Return the waits as they stand now."""
        return list(self._waits)

    def someone_is_up(self) -> bool:
        """True while a thread that has been woken has not run yet, or a new one has not begun."""
        return _internals.is_starting_a_thread() or any(
            wait.due or wait.hung is not None or wait.event_came() for wait in self.waits()
        )

    def expects_io(self) -> bool:
        """True while an event loop has files open whose events may come from outside."""
        return any(wait.expects_io() for wait in self.waits())

    def goal(self) -> float | None:
        """Return the next deadline; `math.inf` if only a hang is ahead; None while there is nothing to do."""
        first = min((wait.deadline for wait in self.waits()), default=None)
        if first == math.inf and not any(self.is_home(wait.ident) for wait in self.waits()):
            return None
        return first

    def declare_hung(self) -> None:
        """Tell the sessions; raise `AppHung` in the test's thread and in those that the test started."""
        victims = [wait for wait in self.waits() if self.is_home(wait.ident) or self._is_new(wait.ident)]
        text = _hung.describe(victims)
        homes = {wait.ident for wait in victims}
        try:
            for session in self._sessions:
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
        thread = _internals.thread_of(ident)
        return thread is not None and thread not in self._old_threads


class Watcher:
    """The thread that looks for quiet when the waiting threads cannot tell by themselves. Started when first
    needed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._bell = _thread.allocate_lock()
        self._dozes = False
        self.ident = 0

    def kick(self) -> None:
        """Something has begun to wait: look, unless a look is due in a moment anyway."""
        if not self.ident:
            self.ident = _thread.start_new_thread(self._watch, (self._bell,))
        elif self._dozes:
            self._dozes = False
            self._ring()

    def stop(self) -> None:
        """Let the thread end; the next kick starts another."""
        if self.ident:
            self.ident = 0
            self._ring()
            self._bell = _thread.allocate_lock()

    def _ring(self) -> None:
        with contextlib.suppress(RuntimeError):  # rung already
            self._bell.release()

    def _watch(self, bell: Any) -> None:
        engine, look, pause = self._engine, Look(), 0.0
        try:
            while True:
                bell.acquire(True, pause)
                with engine._lock:
                    if self._bell is not bell:
                        return  # stopped, and perhaps replaced
                    pause = look.at(engine)
                    self._dozes = not 0 <= pause <= LONGEST_BUSY_PAUSE
        finally:
            if self._bell is bell:
                self.ident = 0  # a bug; Python reports it, and the next kick starts another


class Look:
    """What the watcher has seen so far: since when nothing has moved."""

    def __init__(self) -> None:
        self._seen: tuple[int, object, object] | None = None
        self._since = 0
        self._foreign: dict[int, int] | None = None
        self._foreign_since = 0
        self._pause = _quiet.WINDOW
        self._graced: object | None = None

    def at(self, engine: Engine) -> float:
        """Look once, jump if it has been quiet for long enough; return the seconds until the next look (-1:
        never)."""
        goal = engine.goal()
        if goal is None:
            return -1
        if engine.someone_is_up():
            self._seen = None
            return self._busy(lively=True)
        others = engine.others()
        me = _thread.get_native_id()
        met = [thread for ident in others if (thread := _internals.thread_of(ident)) is not None]
        strangers = {thread.native_id or 0 for thread in met}
        # The threads in our waits count as well: when the GIL is let go, only one of those who want it is
        # told.
        # If that is a thread on its way into or out of a wait, the rest look as if they slept.
        known = (strangers | {wait.tid for wait in engine.waits()}) - {me}
        now = _realtime.monotonic_ns()
        seen = (engine.generation, _quiet.positions(others), _quiet.cpu_times(known))
        if seen != self._seen or _quiet.any_runs(known):
            lively = self._seen is None or seen[0] != self._seen[0]
            self._seen, self._since, self._foreign = seen, now, None
            return self._busy(lively)
        # Threads that Python doesn't know are watched as well, but can put off a jump only for so long.
        foreign = _quiet.kernel_threads() - known - {me} if others else set()
        seen_foreign = _quiet.cpu_times(foreign)
        if self._foreign is None:
            self._foreign = seen_foreign
            self._foreign_since = self._since
        elif seen_foreign != self._foreign or _quiet.any_runs(foreign):
            self._foreign, self._foreign_since = seen_foreign, now
        quiet_for = max(now - self._foreign_since, now - self._since - FOREIGN_PATIENCE * NS) / NS
        needed = self._needed(engine, goal, others, strangers)
        if quiet_for < needed:
            return min(max(needed - quiet_for, 0.0001), 0.05)
        # Reading /proc lets go of the GIL: whoever ran meanwhile was missed above.
        again = (engine.generation, _quiet.positions(others), _quiet.cpu_times(known))
        if again != seen or engine.someone_is_up():
            self._seen = None
            return self._busy(lively=True)
        self._seen = None
        self._graced = _quiet.cpu_times(strangers)
        if goal == math.inf:
            engine.declare_hung()
        else:
            engine.jump(goal, seen[0])
        return self._busy(lively=True)

    def _needed(self, engine: Engine, goal: float, others: list[int], strangers: set[int]) -> float:
        loops, threads = engine.expects_io(), _quiet.any_waits_for_io(strangers)
        if goal == math.inf:
            return HUNG_AFTER_IO if loops or threads else HUNG_AFTER
        # A thread that has not moved since the last jump had its grace then: an idle server must not slow each jump.
        if loops or (threads and _quiet.cpu_times(strangers) != self._graced):
            return _quiet.IO_GRACE
        return _quiet.WINDOW if others else 0.0

    def _busy(self, lively: bool) -> float:
        """Look again soon; less and less often while the process only computes."""
        self._pause = _quiet.WINDOW if lively else min(self._pause * 1.5, max(_quiet.WINDOW, LONGEST_BUSY_PAUSE))
        return self._pause


def _call_in_loop(loop: Any, function: Callable[..., None], *args: Any) -> None:
    """Run the function on the loop's thread, or here if nobody runs the loop or we are on its thread."""
    if loop.is_closed():
        return
    if not loop.is_running() or _internals.running_loop() is loop:
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
    os.register_at_fork(after_in_child=engine.forget_after_fork)
