"""All bugs that are re-created: the rows of each family, which stand below its apps."""

from __future__ import annotations

from . import breaker, content, deadlines, elsewhere, fallback, leaks, load, retries, streams, tools

__all__ = ["BUGS"]

BUGS = tuple(
    bug
    for family in (retries, fallback, elsewhere, breaker, deadlines, streams, tools, content, leaks, load)
    for bug in family.BUGS
)
