"""The checks, one file each: named predicates over the journal, on `llmchaos.expect` and in YAML `expect:`.

Every module of this package that does not start with an underscore holds one `Check` class; adding a check means
adding its file. Third parties add theirs through the entry point group `llmchaos.checks`.
"""

from __future__ import annotations

from functools import cache

from .._discover import discover
from ..errors import UsageProblem, near
from ._base import Check

__all__ = ["Check", "find", "names"]


@cache
def _checks() -> dict[str, type[Check]]:
    return discover(__name__, __path__, Check, "llmchaos.checks", "name")


def names() -> list[str]:
    """Return the names of all known checks, sorted."""
    return sorted(_checks())


def find(name: str) -> type[Check]:
    """Return a check by its name.

    Raises:
        UsageProblem: no check has that name.
    """
    known = _checks()
    if name not in known:
        raise UsageProblem(f"{name!r} is not a check{near(name, known)} (known: {', '.join(names())})")
    return known[name]
