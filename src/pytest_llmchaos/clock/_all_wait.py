"""Is everybody in a wait of ours? Then time may jump on the spot, without the watcher's look and its window.

A thread in a lock of C counts as waiting once the watcher has found it asleep, for as long as it has not run since:
asyncio keeps an idle worker after each `asyncio.to_thread`, for which every later wait of the app would be looked at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _processes, _quiet, _syscalls, internals

if TYPE_CHECKING:
    from ._engine import Engine


class AllWait:
    """Asks, and remembers what the other threads had done before."""

    def __init__(self) -> None:
        self._foreign: dict[int, int] = {}
        self._asleep: dict[int, int] = {}

    def found_asleep(self, used: dict[int, int]) -> None:
        """Note which threads the watcher has found asleep, and how much processor time each had used by then."""
        self._asleep = used

    def of(self, engine: Engine) -> bool:
        """True if every thread but the watcher and tools' own is in a wait of ours, and stays there."""
        others = {_tid(ident) for ident in engine.others()}
        waits = engine.waits()
        return not (
            engine.someone_is_up()
            or any(wait.expects_io() for wait in waits)
            or not others <= self._asleep.keys()
            or _processes.any_children()
            or self._foreign_threads_stir({wait.tid for wait in waits} | others | {engine.watcher_tid})
            or not self._still_asleep(others)
        )

    def _still_asleep(self, tids: set[int]) -> bool:
        # That it is in a lock now does not suffice: it may have got work, and want the interpreter to go on with it, or
        # have done all of it while we let go of the interpreter to look. So what it has used is asked for last.
        if not all(map(_is_in_a_lock, tids)):
            return False
        used = _quiet.cpu_times(tids)
        return all(used.get(tid) == self._asleep[tid] for tid in tids)

    def _foreign_threads_stir(self, known: set[int]) -> bool:
        """Tell whether threads that Python doesn't know, and tools' own, have done anything since the last question."""
        if _quiet.how_many_threads() <= len(known - {0}):
            return False
        tids = _quiet.kernel_threads() - known
        about_to = any(map(_quiet.runs, tids))
        before, self._foreign = self._foreign, _quiet.cpu_times(tids)
        return about_to or before != self._foreign


def _tid(ident: int) -> int:
    thread = internals.thread_of(ident)
    return 0 if thread is None else thread.native_id or 0


def _is_in_a_lock(tid: int) -> bool:
    what = _syscalls.blocked(tid)
    return what is not None and what.call in _syscalls.LOCKS and not what.timed
