"""Does anything run? The question before every jump, for the threads that are not in one of our waits.

On Linux the answer is nearly exact: a thread that ran, however briefly, has used CPU time, one that is about
to run is in state R, and one that waits for the GIL gets it (and so uses CPU time) as soon as we let go of it
between two looks. Elsewhere we compare where each thread stands in its code, and wait longer between the
looks.
"""

from __future__ import annotations

import contextlib
import os
import platform
import sys
import time
from collections.abc import Iterable

EXACT = sys.platform == "linux" and os.path.exists("/proc/self/task") and hasattr(time, "clock_gettime_ns")
"""True where the kernel tells each thread's state and CPU time."""

WINDOW = 0.0003 if EXACT else 0.01
"""Seconds without any activity after which other threads count as blocked."""

IO_GRACE = 0.02
"""Seconds without any activity after which real I/O in flight counts as not coming before the next
deadline."""

_LOCK_OR_SLEEP = {
    # futex, nanosleep, clock_nanosleep
    "x86_64": ("202", "35", "230"),
    "aarch64": ("98", "101", "115"),
    "riscv64": ("98", "101", "115"),
    "loongarch64": ("98", "101", "115"),
    "ppc64le": ("221", "162", "248"),
    "s390x": ("238", "162", "262"),
}.get(platform.machine())
"""The system calls in which a thread waits for nothing from outside; None where we don't know their
numbers."""

# Captured, as time-machine replaces what stands in the module (it leaves this clock alone, at some cost).
_clock_ns = getattr(time, "clock_gettime_ns", None)


def cpu_times(tids: Iterable[int]) -> dict[int, int] | None:
    """Return the CPU nanoseconds of each kernel thread, without those that ended; None where nobody tells."""
    if not EXACT or _clock_ns is None:
        return None
    times = {}
    for tid in tids:
        with contextlib.suppress(OSError):
            # The kernel's name for the CPU clock of a thread. pthread_getcpuclockid() gives the same,
            # but takes a pthread_t and crashes on one that has just ended.
            times[tid] = _clock_ns((~tid << 3) | 6)
    return times


def kernel_threads() -> set[int]:
    """Return the ids of all threads of this process, also those that Python doesn't know; empty off Linux."""
    return set(map(int, os.listdir("/proc/self/task"))) if EXACT else set()


def any_runs(tids: Iterable[int]) -> bool:
    """True when one of the kernel threads runs, or would if it had a CPU, or waits for a disk."""
    return EXACT and any(_state(tid) in "RDW" for tid in tids)


def any_waits_for_io(tids: Iterable[int]) -> bool:
    """True when a kernel thread is blocked in neither a lock nor a sleep: in a socket, a pipe, a child
    process."""
    if not EXACT or _LOCK_OR_SLEEP is None:
        return False
    return any(_read(tid, "syscall").split(" ", 1)[0] not in ("", *_LOCK_OR_SLEEP) for tid in tids)


def positions(idents: Iterable[int]) -> tuple[object, ...]:
    """Return where each Python thread stands in its code; equal twice means that it did not move."""
    frames = sys._current_frames()
    return tuple((ident, id(frame), frame.f_lasti) for ident in idents if (frame := frames.get(ident)))


def _state(tid: int) -> str:
    # "4711 (a name (with brackets)) S ..."
    return _read(tid, "stat").rpartition(") ")[2][:1] or "X"


def _read(tid: int, what: str) -> str:
    """One file of a kernel thread; empty when the thread has ended, or when we may not look."""
    try:
        fd = os.open(f"/proc/self/task/{tid}/{what}", os.O_RDONLY)
    except OSError:
        return ""
    try:
        return os.read(fd, 512).decode("ascii", "replace")
    except OSError:
        return ""
    finally:
        os.close(fd)
