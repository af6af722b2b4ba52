"""The thread that looks for quiet when the waiting threads cannot tell by themselves, and what it goes by.

Time stands still while any thread computes. It flows with real time while the process is quiet but for something real
(`_outside`), and it jumps when nothing is left to wait for. A thread that never rests holds the jumps back for
`TIRELESS` seconds of its own processor time, once; the thread that runs the test from then on for as long as each is.
One that was at it before the run began and has not rested since, such as a loop that gathers metrics, holds the end of
a sleep back for as long as the sleep is, but `HASTE` at most: nobody has asked it for anything in this run, and nobody
has set it a limit.
"""

from __future__ import annotations

import _thread
import contextlib
import math
from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, ClassVar

from . import _quiet, _syscalls, internals, realtime
from ._outside import Outside, Reason
from .realtime import NS

if TYPE_CHECKING:
    from ._engine import Engine

HUNG_AFTER = 0.5
"""Seconds of quiet after which a process that waits for ever, and for nothing outside, is hung."""

TIRELESS = 10.0
"""Seconds of its own processor time after which a thread that never rests is no longer waited for."""

HASTE = 0.1
"""Seconds of its own processor time for which one that was busy before the run holds back each end of a sleep."""

LONGEST_BUSY_PAUSE = 0.003
"""Seconds between two looks at a process that keeps working while somebody waits in virtual time."""

LONGEST_PAUSE = 0.02
"""Seconds between two looks while nobody does."""


_PATIENCE = 30
"""How often it is looked whether the thread has ended."""


class Watcher:
    """The thread. Started when first needed; it stays a moment after a run, as the next one mostly follows at once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._bell = _thread.allocate_lock()
        self._dozes = False
        self._look: Look | None = None
        self.ident = 0
        self.tid = 0

    def kick(self) -> None:
        """Something has begun to wait: look, unless a look is due in a moment anyway, or time has nowhere to go."""
        if self._look is None or not self.ident:
            # Made here, as what it takes for asleep must be so before the app goes on.
            # Its first look comes late, or with the first wait: most runs are over before.
            self._look = Look(self.tid if self.ident else 0)
            if not self.ident:
                self._bell = _thread.allocate_lock()
                self._bell.acquire()
                self.tid = 0
                self.ident = _thread.start_new_thread(self._watch, (self._bell,))
            self._dozes = True
        elif self._dozes and _urgent(self._engine.goal()):
            self._dozes = False
            _ring(self._bell)

    def stop(self) -> None:
        """Look no more. The thread ends by itself soon, unless the next kick needs it before."""
        self._look = None

    def leave(self) -> None:
        """End the thread now, where it has nothing to look at: whoever forks is warned of any thread."""
        if self.ident and self._look is None:
            bell, self._bell = self._bell, _thread.allocate_lock()
            self.ident = 0
            _ring(bell)
            for _ in range(_PATIENCE):
                if self.tid and not _quiet.is_there(self.tid):
                    break
                realtime.sleep(_quiet.WINDOW)

    def _watch(self, bell: Any) -> None:
        engine, pause, stays = self._engine, LONGEST_PAUSE, True
        self.tid = _thread.get_native_id()
        try:
            while True:
                bell.acquire(True, pause)
                if self._bell is not bell:
                    return
                with engine.lock:
                    if self._look is not None:
                        self._look.me = self.tid
                        pause, stays = self._look.at(engine), True
                    elif stays:
                        pause, stays = LONGEST_PAUSE, False
                    else:
                        self.ident = 0
                        return
                    self._dozes = pause > LONGEST_BUSY_PAUSE
        finally:
            if self._bell is bell:
                self.ident = 0  # a bug, where it was not so before; Python reports it, the next kick starts another


class Look:
    """What the watcher has seen so far."""

    _burnt: ClassVar[dict[int, int]] = {}
    _jumped: ClassVar[dict[int, int]] = {}

    def __init__(self, me: int) -> None:
        self.me = me
        used = _quiet.cpu_times(_quiet.kernel_threads(me))
        self._outside = Outside(used)
        self._looked = self._since = realtime.monotonic_ns()
        self._seen: tuple[int, dict[int, int], dict[int, tuple[int, int]]] = -1, used, {}
        self._idle = 0
        self._delays: dict[int, int] = {}
        self._restless = {tid for tid in used.keys() - {_thread.get_native_id(), me} if _is_at_work(tid)}
        self._pause = _quiet.WINDOW
        self._spent: dict[Hashable, int] = {}
        self._flowed = False

    def at(self, engine: Engine) -> float:
        """Look once, and jump, flow or stand still; return the seconds until the next look."""
        now = realtime.monotonic_ns()
        span, self._looked = now - self._looked, now
        goal = engine.goal()
        if engine.someone_is_up():
            return self._moved(engine, goal, span, {}, lively=True)
        others = engine.others()
        threads = {ident: thread.native_id or 0 for ident in others if (thread := internals.thread_of(ident))}
        inside = {wait.tid for wait in engine.waits()} - {0}
        tids = set(threads.values())
        homes = {tid for ident, tid in threads.items() if engine.is_home(ident)}
        foreign = _quiet.kernel_threads() - tids - inside - {self.me}
        before, seen = self._seen, self._photograph(engine, others, tids | inside | foreign)
        self._seen = seen
        moving = self._moving(before, seen, threads, tids | foreign)
        self._burn(before[1], seen[1], moving, span)
        self._restless &= moving - homes - {tid for ident, tid in threads.items() if _is_in_a_pool(ident)}
        # The threads in our waits count as well: when the GIL is let go, only one of those who want it is told. If that
        # is a thread on its way into or out of a wait, the rest look as if they slept.
        stirred = _stirred(before[1], seen[1], inside)
        if seen[0] != before[0] or stirred or self._holding(engine, goal, moving, homes):
            used = {tid: seen[1][tid] - before[1].get(tid, 0) for tid in moving | stirred if tid in seen[1]}
            return self._moved(engine, goal, span, used, lively=seen[0] != before[0])
        if now - self._since < _quiet.WINDOW * NS:
            return _quiet.WINDOW
        if goal is None:
            return self._flow(engine, math.inf) if self._outside.anybody(threads.values()) else self._stand(engine)
        reasons = self._outside.reasons(engine.waits(), threads, seen[1])
        # Reading /proc lets go of the GIL: whoever ran meanwhile was missed above, and so was a thread whose limit has
        # come, but which got no processor yet.
        still = (tids | inside | foreign) - moving
        about_to = engine.someone_is_up() or any(map(_quiet.runs, still))
        again = self._photograph(engine, others, still)
        if about_to or again[0] != seen[0] or again[1] != {tid: seen[1][tid] for tid in still if tid in seen[1]}:
            return self._moved(engine, goal, span, {}, lively=True)
        if not reasons:
            engine.all_wait.found_asleep({tid: ns for tid, ns in again[1].items() if tid in threads.values()})
        return self._act(engine, goal, span, reasons)

    # --- who moves ---

    def _photograph(
        self, engine: Engine, others: list[int], tids: set[int]
    ) -> tuple[int, dict[int, int], dict[int, tuple[int, int]]]:
        return engine.generation, _quiet.cpu_times(tids), {} if _quiet.EXACT else _quiet.positions(others)

    def _moving(self, before: Any, seen: Any, threads: dict[int, int], tids: set[int]) -> set[int]:
        if not _quiet.EXACT:
            return {tid for ident, tid in threads.items() if before[2].get(ident) != seen[2].get(ident)}
        return _stirred(before[1], seen[1], tids)

    def _burn(self, before: dict[int, int], seen: dict[int, int], moving: set[int], span: int) -> None:
        # Of all runs: a thread that never rests is waited for once, not once a test.
        Look._burnt = {
            tid: self._burnt.get(tid, 0) + (seen[tid] - before.get(tid, seen[tid]) if tid in seen else span)
            for tid in moving
        }

    def _holding(self, engine: Engine, goal: float | None, moving: set[int], homes: set[int]) -> bool:
        """Tell whether a thread that computes keeps time from going on to the goal."""
        if goal is None:
            return bool(moving)
        ahead = goal - engine.time.now()
        hurried = self._restless if moving & self._restless and engine.is_sleep(goal) else set()
        for tid in moving:
            burnt = self._burnt[tid]
            since = burnt - self._jumped.get(tid, 0)
            if tid in hurried:
                holds = since < min(ahead, HASTE * NS)
            else:
                holds = burnt < TIRELESS * NS or (tid in homes and since < ahead)
            if holds:
                return True
        for tid in moving:
            engine.tell_held(tid)
        return False

    def _moved(self, engine: Engine, goal: float | None, span: int, used: dict[int, int], lively: bool) -> float:
        """Stand still; look again soon, and less and less often while the process only computes."""
        engine.time.stand()
        self._flowed = False
        self._since = self._looked
        # For how long of the time since the last look somebody neither ran nor had to wait for a processor: who is
        # blocked now has been since then.
        delays = {tid: _quiet.run_delay(tid) for tid in used}
        busy = [ns + delays[tid] - self._delays.get(tid, 0) for tid, ns in used.items()]
        self._delays |= delays
        self._idle = max(0, span - min(busy, default=span))
        if not _urgent(goal):
            return LONGEST_PAUSE
        self._pause = _quiet.WINDOW if lively else min(self._pause * 1.5, max(_quiet.WINDOW, LONGEST_BUSY_PAUSE))
        return self._pause

    # --- what to do in the quiet ---

    def _act(self, engine: Engine, goal: float, span: int, reasons: list[Reason]) -> float:
        if self._flowed and engine.time.flows:
            for reason in reasons:
                self._spent[reason.key] = self._spent.get(reason.key, 0) + span
        if goal == math.inf:
            if any(self._spent.get(each.key, 0) < each.patience.hung * NS for each in reasons):
                return self._flow(engine, goal)
            rest = HUNG_AFTER - (self._looked - self._since) / NS
            if rest > 0:
                return min(rest, 0.05)
            engine.declare_hung()
        elif any(self._spent.get(each.key, 0) < each.patience.jump * NS for each in reasons):
            pause = self._flow(engine, goal)
            if engine.time.now() < goal:
                return max(min(pause, (goal - engine.time.now()) / NS), 0.0001)
            engine.jump(goal, self._seen[0])
        else:
            for reason in reasons:
                engine.tell_once(reason.key, f"time went on by itself, though {reason.text}")
            engine.jump(goal, self._seen[0])
        self._flowed = False
        self._since = self._looked
        self._pause = _quiet.WINDOW
        Look._jumped = self._burnt
        return self._pause

    def _flow(self, engine: Engine, limit: float) -> float:
        engine.time.flow(limit, since=self._since - self._idle)
        self._idle = 0
        self._flowed = True
        self._pause = min(self._pause * 1.5, LONGEST_PAUSE / 2)
        return self._pause

    def _stand(self, engine: Engine) -> float:
        engine.time.stand()
        self._flowed = False
        self._pause = min(self._pause * 1.5, LONGEST_PAUSE)
        return self._pause


def _is_at_work(tid: int) -> bool:
    """True for a thread that runs, or that waits for the interpreter: a lock with a limit."""
    what = _syscalls.blocked(tid)
    return what is None or (what.call in _syscalls.LOCKS and what.timed)


def _is_in_a_pool(ident: int) -> bool:
    return internals.works_in_a_pool(internals.thread_of(ident))


def _urgent(goal: float | None) -> bool:
    """True while somebody waits for a moment that time may jump to."""
    return goal is not None and goal < math.inf


def _ring(bell: Any) -> None:
    with contextlib.suppress(RuntimeError):  # rung already
        bell.release()


def _stirred(before: dict[int, int], now: dict[int, int], tids: set[int]) -> set[int]:
    """Return which of the kernel's threads have used processor time between two looks, or are about to."""
    return {tid for tid in tids if before.get(tid) != now.get(tid) or _quiet.runs(tid)}
