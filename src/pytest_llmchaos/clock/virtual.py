"""Virtual time, as a chaos run uses it. How it works is told in `_engine`."""

from __future__ import annotations

import math
import sys
import threading
import time
import warnings
from collections.abc import Callable
from typing import Any

from . import internals, realtime
from ._engine import Session, engine
from .errors import ClockHeld, ClockUnsupported
from .realtime import NS


class VirtualClock:
    """A clock whose waits cost (almost) no real time, shared with everything the app itself waits for.

    `on_hung` is called with the text when the app is found to wait for ever, before `AppHung` is raised in
    it: an app that swallows the exception cannot swallow the verdict. `on_passed` is called with what virtual time
    passed over without an answer, such as a server of the app's own that stayed silent. Both run on a thread of the
    clock's own.
    """

    name = "virtual"

    def __init__(
        self, on_hung: Callable[[str], None] | None = None, on_passed: Callable[[str], None] | None = None
    ) -> None:
        self.on_hung = on_hung
        self.on_passed = on_passed
        self._started = False
        self._over = False

    def now(self) -> float:
        """Virtual seconds, monotonic while the clock is started; the app's `time.monotonic()`."""
        return engine.now_ns() / NS

    def wall(self) -> float:
        """Epoch seconds, as `time.time()` tells the app."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Block the thread for virtual seconds; `math.inf` waits until the clock stops, or for `AppHung`.

        Once the clock has stopped, it returns at once: the chaos that a straggler would wait for is over.
        """
        __tracebackhide__ = True
        if seconds <= 0 or self._over:
            realtime.sleep(0)
        elif engine.active:
            engine.sleep(seconds, "an injected wait", ends_with_clock=True)
        elif seconds == math.inf:
            realtime.sleep_for_ever()
        else:
            realtime.sleep(seconds)

    async def asleep(self, seconds: float) -> None:
        """Suspend the task for virtual seconds; `math.inf` waits until the clock stops, or for `AppHung`.

        Once the clock has stopped, it returns at once, like `sleep`.
        """
        import asyncio

        if seconds <= 0 or self._is_over():
            await asyncio.sleep(0)
            return
        if engine.active:
            self.check_async()
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        timer = None if seconds == math.inf else loop.call_later(seconds, end_of_sleep, future)
        try:
            with engine.injected(loop, future):
                if self._is_over():  # stopped from another thread, perhaps before we were on its list
                    return
                await future
        finally:
            if timer is not None:
                timer.cancel()

    def _is_over(self) -> bool:
        return self._over

    def advance(self, seconds: float) -> None:
        """Jump forward now, the app's clocks included; what falls due on the way wakes up. `ValueError` if
        negative."""
        if not 0 <= seconds < math.inf:
            raise ValueError(f"time can be advanced by 0 seconds or more, not by {seconds!r}")
        if not self._started:
            raise RuntimeError("the clock is not started")
        engine.advance(seconds)

    def set_wall(self, epoch: float) -> None:
        """Let the app's wall clock tell this time, in epoch seconds; waits and monotonic clocks don't notice."""
        if not self._started:
            raise RuntimeError("the clock is not started")
        engine.set_wall(epoch)

    def check_async(self) -> None:
        """Raise `ClockUnsupported` unless the running loop waits in a selector that virtual time can move."""
        trio = sys.modules.get("trio")
        if trio is not None and trio.lowlevel.in_trio_run():
            raise _unsupported("trio")
        loop: Any = internals.running_loop()
        if loop is None:
            raise _unsupported("an event loop that is not asyncio's")
        if not isinstance(internals.loop_selector(loop), internals.SELECTORS):
            raise _unsupported(f"the event loop {type(loop).__module__}.{type(loop).__qualname__}")

    def start(self) -> None:
        """Move the process to virtual time; the calling thread is taken for the one that runs the test."""
        if not self._started:
            engine.start(self, Session(threading.get_ident(), self.on_hung, self.on_passed))
            self._started = True
            self._over = False

    def stop(self) -> None:
        """Give the process real time back, once every clock has stopped. Can be called again after an interrupt.

        In threads that still wait, injected waits end at once; the app's own go on in real time for what
        remains.
        """
        self._over = self._over or self._started
        held = engine.stop(self)
        self._started = False
        for text in held:
            warnings.warn(text, ClockHeld, stacklevel=2)


def end_of_sleep(future: Any) -> None:
    """What a timer of ours calls; `internals` knows it by its name."""
    if not future.done():
        future.set_result(None)


def _unsupported(what: str) -> ClockUnsupported:
    return ClockUnsupported(
        f"virtual time does not reach {what}: its waits would take as long as they say; "
        'use clock="real", or run the test on the default asyncio event loop'
    )
