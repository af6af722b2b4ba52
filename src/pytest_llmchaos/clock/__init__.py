"""The clock a chaos run lives on: virtual (20-second waits pass in milliseconds) or real.

Nothing is patched and nothing heavy (asyncio, time_machine) is imported until a virtual clock starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol

from .errors import AppHung, ClockHeld, ClockUnsupported

if TYPE_CHECKING:
    from .real import RealClock
    from .virtual import VirtualClock

__all__ = ["AppHung", "Clock", "ClockHeld", "ClockUnsupported", "RealClock", "VirtualClock", "make_clock"]


class Clock(Protocol):
    """What a chaos run needs of time. All durations are seconds."""

    @property
    def name(self) -> str:
        """`"virtual"` or `"real"`."""

    def now(self) -> float:
        """Seconds of this clock; monotonic while it is started, from an arbitrary origin."""

    def wall(self) -> float:
        """Epoch seconds as the app sees them (`time.time()`)."""

    def sleep(self, seconds: float) -> None:
        """Block the thread; `math.inf` waits for ever."""

    async def asleep(self, seconds: float) -> None:
        """Suspend the task; `math.inf` waits for ever. Can be cancelled and timed out."""

    def advance(self, seconds: float) -> None:
        """Move this clock, and the app's time with it, forward at once."""

    def check_async(self) -> None:
        """Raise `ClockUnsupported` when this clock cannot move the running event loop."""

    def start(self) -> None:
        """Make the app live on this clock. Idempotent; several clocks may be started at once."""

    def stop(self) -> None:
        """Undo `start`. Idempotent."""


def make_clock(name: Literal["virtual", "real"]) -> Clock:
    """Return a new clock that is not started yet; `ValueError` for an unknown name."""
    if name == "virtual":
        from .virtual import VirtualClock

        return VirtualClock()
    if name == "real":
        from .real import RealClock

        return RealClock()
    raise ValueError(f"{name!r} is not a clock; use 'virtual' or 'real'")


def __getattr__(name: str) -> Any:
    """Import the two clock classes only when somebody asks for them."""
    if name == "VirtualClock":
        from .virtual import VirtualClock

        return VirtualClock
    if name == "RealClock":
        from .real import RealClock

        return RealClock
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
