"""Real time: waits take as long as they say, and nothing is patched."""

from __future__ import annotations

import math
import sys
import time

from . import realtime


class RealClock:
    """A clock on real time, for runs against real services, or for loops that virtual time cannot reach."""

    name = "real"

    def now(self) -> float:
        """Seconds of the machine's monotonic clock."""
        return realtime.monotonic()

    def wall(self) -> float:
        """Epoch seconds, as `time.time()` tells the app."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Block the thread for real; a negative duration counts as 0, `math.inf` waits for ever."""
        if seconds == math.inf:
            realtime.sleep_for_ever()
        realtime.sleep(max(0.0, seconds))

    async def asleep(self, seconds: float) -> None:
        """Suspend the task for real, on asyncio (any loop) or trio; `math.inf` waits for ever."""
        trio = sys.modules.get("trio")
        if trio is not None and trio.lowlevel.in_trio_run():
            await (trio.sleep_forever() if seconds == math.inf else trio.sleep(max(0.0, seconds)))
            return
        import asyncio

        if seconds == math.inf:
            await asyncio.get_running_loop().create_future()
        await asyncio.sleep(seconds)

    def advance(self, seconds: float) -> None:
        """Real time cannot be moved: `NotImplementedError`; the run moves the scenario instead."""
        raise NotImplementedError('real time cannot be advanced; use clock="virtual"')

    def check_async(self) -> None:
        """Every loop lives on real time: nothing to check."""

    def start(self) -> None:
        """Nothing to install."""

    def stop(self) -> None:
        """Nothing to restore."""
