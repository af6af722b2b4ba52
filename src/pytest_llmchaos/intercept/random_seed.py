"""Python's own dice while a run is on: the SDKs draw the jitter of their back-off from `random`.

They are seeded by the run's seed, so that one seed gives the same waits each time, and afterwards they go on as if
there had been no run.
"""

from __future__ import annotations

import random
from typing import Any

__all__ = ["restore", "seed"]

_seeded: list[tuple[object, Any]] = []


def seed(run: object, text: str) -> None:
    """Seed the dice by a text, until `restore` for the same run."""
    if not any(owner is run for owner, _ in _seeded):
        _seeded.append((run, random.getstate()))
    random.seed(text)


def restore(run: object) -> None:
    """Give back the dice as they were before the run. Harmless for a run that has not seeded them, or no more."""
    place = next((i for i, (owner, _) in enumerate(_seeded) if owner is run), None)
    if place is None:
        return
    before = _seeded[place][1]
    if place == len(_seeded) - 1:
        random.setstate(before)
    else:  # one that began later goes on, and gives back what was before both
        _seeded[place + 1] = _seeded[place + 1][0], before
    del _seeded[place]
