"""Made-up data without a run at hand: of the run under way, or of none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.fakes import LOCALE, Canary, Fakes
from .active_runs import active

if TYPE_CHECKING:
    from ..run.chaos import Chaos

__all__ = ["canaries", "canary", "fakes"]

_outside = Fakes()


def fakes(run: Chaos | None = None) -> Fakes:
    """Return what makes things up for a run: the one given, or the one under way; outside of any, seed 0's."""
    run = run or active()
    return _outside if run is None else run.fakes


def canary(kind: str, locale: str = LOCALE, provider: str = "openai") -> Canary:
    """Return a new canary of the run under way; see `Fakes.canary`."""
    return fakes().canary(kind, locale, provider)


def canaries() -> tuple[Canary, ...]:
    """Return all canaries that the run under way handed out."""
    return fakes().canaries
