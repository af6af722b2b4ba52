"""The whole table."""

from __future__ import annotations

from . import broken, others, stopped

WAYS = [*broken.WAYS, *stopped.WAYS, *others.WAYS]
