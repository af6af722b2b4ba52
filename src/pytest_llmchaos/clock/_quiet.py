"""Does anything run? The question before every jump, for the threads that are not in one of our waits.

On Linux the answer is nearly exact: a thread that ran, however briefly, has used processor time, one that is about to
run is in state R, and one that waits for the GIL gets it (and so uses processor time) as soon as we let go of it
between two looks. Elsewhere we compare where each thread stands in its code, and wait longer between the looks.
"""

from __future__ import annotations

import _thread
import contextlib
import os
import sys
import time
from collections.abc import Iterable

from . import frames
from ._syscalls import read

EXACT = sys.platform == "linux" and os.path.exists("/proc/self/task") and hasattr(time, "clock_gettime_ns")
"""True where the kernel tells each thread's state and processor time."""

WINDOW = 0.0003 if EXACT else 0.01
"""Seconds without any activity after which other threads count as blocked."""

# Captured, as time-machine replaces what stands in the module (it leaves this clock alone, at some cost).
_clock_ns = getattr(time, "clock_gettime_ns", None)


def is_there(tid: int) -> bool:
    """True while the kernel has such a thread; off Linux nobody tells."""
    return EXACT and os.path.exists(f"/proc/self/task/{tid}")


def cpu_times(tids: Iterable[int]) -> dict[int, int]:
    """Return the processor time of each of the kernel's threads, in nanoseconds; without those that ended, and empty
    where nobody tells."""
    times: dict[int, int] = {}
    if not EXACT or _clock_ns is None:
        return times
    for tid in tids:
        with contextlib.suppress(OSError):
            # The kernel's name for the CPU clock of a thread. pthread_getcpuclockid() gives the same,
            # but takes a pthread_t and crashes on one that has just ended.
            times[tid] = _clock_ns((~tid << 3) | 6)
    return times


def kernel_threads(known: int = 0) -> set[int]:
    """Return the ids of all threads of this process, also those that Python doesn't know; empty off Linux.

    Args:
        known: the id of another thread that is there for sure; 0 for none.
    """
    surely = {_thread.get_native_id(), known} - {0}
    if how_many_threads() == len(surely):
        return surely
    return set(map(int, os.listdir("/proc/self/task"))) if EXACT else set()


def how_many_threads() -> int:
    """Return how many threads the kernel knows; 0 off Linux. A hundred times quicker than asking which."""
    return os.stat("/proc/self/task").st_nlink - 2 if EXACT else 0


def runs(tid: int) -> bool:
    """True when a thread runs, or would if it had a processor, or waits for a disk."""
    # "4711 (a name (with brackets)) S ..."
    return EXACT and (read(f"/proc/self/task/{tid}/stat", 512).rpartition(") ")[2][:1] or "X") in "RDW"


def run_delay(tid: int) -> int:
    """Return for how many nanoseconds a thread has had to wait for a processor so far; 0 where nobody tells."""
    words = read(f"/proc/self/task/{tid}/schedstat", 128).split() if EXACT else []
    return int(words[1]) if len(words) > 1 else 0


def positions(idents: Iterable[int]) -> dict[int, tuple[int, int]]:
    """Return where each Python thread stands in its code; equal twice means that it did not move."""
    tops = frames.others()
    return {ident: (id(frame), frame.f_lasti) for ident in idents if (frame := tops.get(ident))}
