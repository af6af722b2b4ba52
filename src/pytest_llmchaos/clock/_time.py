"""The virtual clock itself: a number of nanoseconds that stands still while anybody computes.

It moves by jumps, and it flows with real time while the app waits for something real (a server, a child process, a
lock in C). Each reading by the app moves it by a microsecond, so that no elapsed time is zero; who only ever reads the
clock, waiting for a deadline, gets on faster and faster.
"""

from __future__ import annotations

import math

from ..core import locks
from . import realtime

TICK = 1_000
"""Nanoseconds that a reading takes."""

SPIN = 100_000
"""Readings without a wait in between after which somebody is taken to wait for a deadline by reading the clock."""


class VirtualTime:
    """Virtual nanoseconds. They never go back, from one run to the next neither."""

    def __init__(self) -> None:
        # Reentrant, as a signal handler may read the clock in the middle of anything.
        self._lock = locks.rlock()
        self._ns = 0
        self._anchor: int | None = None
        self._limit: float = math.inf
        self._readings = 0
        self._spun_from = 0

    def begin(self) -> None:
        """Go on from the machine's clock, or from where the last run came to where that is later."""
        self._ns = max(self._ns, realtime.monotonic_ns())
        self.progress()

    def read(self) -> int:
        """What the app sees; each reading is later than the one before."""
        if self._anchor is None:
            # In one step: without a call in between, neither a thread nor a signal handler can get in.
            self._ns = ns = self._ns + TICK
        else:
            ns = self.now()
        self._readings += 1
        return ns if self._readings < SPIN else self._spin(ns)

    def now(self) -> int:
        """The time at hand."""
        if self._anchor is None:
            return self._ns
        with self._lock:
            if self._anchor is not None:
                real = realtime.monotonic_ns()
                self._anchor, passed = real, real - self._anchor
                if self._ns < self._limit:
                    self._ns = int(min(self._ns + passed, self._limit))
            return self._ns

    def jump(self, ns: int) -> None:
        """Go forward to that time, unless it is over."""
        now = self.now()
        if ns > now:
            self._ns = ns

    def flow(self, limit: float, since: int) -> None:
        """Pass as real time does, up to the limit; where it stood still, as if it had since a real time."""
        with self._lock:
            self.now()
            self._limit = limit
            if self._anchor is None:
                self._anchor = since
                self.now()

    def stand(self) -> None:
        """Stand still."""
        if self._anchor is not None:
            with self._lock:
                self.now()
                self._anchor = None

    def progress(self) -> None:
        """Somebody waits as one should: nobody spins."""
        self._readings = 0
        self._spun_from = self._ns

    def held(self) -> bool:
        """True on the thread that is just moving it."""
        return bool(self._lock._is_owned())  # type: ignore[attr-defined]

    @property
    def flows(self) -> bool:
        """True while it passes as real time does."""
        return self._anchor is not None

    def _spin(self, ns: int) -> int:
        self.jump(ns + max(0, ns - self._spun_from >> 10))
        return self._ns
