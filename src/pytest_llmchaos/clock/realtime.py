"""The machine's own clocks and waits, taken once, before anything is replaced.

Everything in this package that must not be moved by virtual time takes its functions from here.
"""

from __future__ import annotations

import threading
import time
import types

sleep = time.sleep
monotonic = time.monotonic
monotonic_ns = time.monotonic_ns
perf_counter = time.perf_counter
perf_counter_ns = time.perf_counter_ns
condition_wait = threading.Condition.wait
thread_join = threading.Thread.join

NS = 1_000_000_000
"""Nanoseconds in a second."""


def boot_seconds() -> float:
    """Seconds since the machine was started, as the kernel counts them for processes; 0 where it has no such clock."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return 0.0 if clock is None else time.clock_gettime(clock)


def sleep_for_ever() -> None:
    """Block the thread until a signal handler raises."""
    while True:
        sleep(3600)


def stand_in() -> types.ModuleType:
    """Return a copy of the `time` module that keeps real time whatever this package or time-machine
    replaces."""
    from time_machine import escape_hatch

    copy = types.ModuleType("time", time.__doc__)
    copy.__dict__.update(vars(time))
    real = (sleep, monotonic, monotonic_ns, perf_counter, perf_counter_ns)
    copy.__dict__.update({function.__name__: function for function in real})
    copy.__dict__.update({name: getattr(escape_hatch.time, name) for name in WALL_NAMES if hasattr(time, name)})
    return copy


WALL_NAMES = ("time", "time_ns", "localtime", "gmtime", "strftime", "clock_gettime", "clock_gettime_ns")
"""What time-machine moves in the `time` module."""
