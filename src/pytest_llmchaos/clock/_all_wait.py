"""Is everybody in a wait of ours? Then time may jump on the spot, without the watcher's look and its window.

The idle worker of a pool counts as waiting: asyncio keeps one after each `asyncio.to_thread`, and it would have every
later wait of the app looked at for a third of a millisecond.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _processes, _quiet, _syscalls, frames, internals

if TYPE_CHECKING:
    from ._engine import Engine


class AllWait:
    """Asks, and remembers what threads that Python doesn't know had done at the last question."""

    def __init__(self) -> None:
        self._foreign: dict[int, int] = {}

    def of(self, engine: Engine) -> bool:
        """True if every thread but the watcher and tools' own is in a wait of ours, and stays there."""
        others = engine.others()
        idle = _idle(others) if others else set()
        waits = engine.waits()
        return not (
            len(idle) < len(others)
            or engine.someone_is_up()
            or any(wait.expects_io() for wait in waits)
            or _processes.any_children()
            or self._foreign_threads_stir({wait.tid for wait in waits} | idle | {engine.watcher_tid})
        )

    def _foreign_threads_stir(self, known: set[int]) -> bool:
        """Tell whether threads that Python doesn't know, and tools' own, have done anything since the last question."""
        if _quiet.how_many_threads() <= len(known - {0}):
            return False
        tids = _quiet.kernel_threads() - known
        before, self._foreign = self._foreign, _quiet.cpu_times(tids)
        return before != self._foreign or any(map(_quiet.runs, tids))


def _idle(idents: list[int]) -> set[int]:
    """Return the kernel's ids of those that are workers of a pool and wait for work, of which there is none."""
    tops = frames.others()
    threads = [(tops.get(ident), internals.thread_of(ident)) for ident in idents]
    return {
        thread.native_id or 0
        for frame, thread in threads
        if thread is not None and internals.wants_work(thread, frame) and _is_in_a_lock(thread.native_id or 0)
    }


def _is_in_a_lock(tid: int) -> bool:
    # One that has just got work, and waits for the interpreter, does so with a limit.
    what = _syscalls.blocked(tid)
    return what is not None and what.call in _syscalls.LOCKS and not what.timed
