"""The checks, one file each: named predicates over the journal, on `llmchaos.expect` and in YAML `expect:`.

A check is a `Check` class in a module of this package; adding one means adding its file. Third parties add theirs
through the entry point group `llmchaos.checks`, users with `@llmchaos.check`. Beside them: `always_on` has those that
nobody asks for, `prices` and `costs` what calls cost, `verdict` what a check says.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache
from typing import Any

from ..core.discovery import discover
from ..core.errors import UsageProblem, near, shown
from ._base import Check

__all__ = ["Check", "builtin", "find", "names", "register"]


@cache
def builtin() -> dict[str, type[Check]]:
    """Return the checks of this package and of installed third parties, by name."""
    return discover(__name__, __path__, Check, "llmchaos.checks", "name")


def _checks() -> dict[str, type[Check]]:
    own = sys.modules.get(f"{__name__}._own")  # loaded by whoever makes a check, so that nobody else pays for it
    return {**own.known(), **builtin()} if own is not None else builtin()


def register(function: Callable[..., Any]) -> type[Check]:
    """Make a user's function a check, as `llmchaos.check` does.

    Raises:
        UsageProblem: its parameters cannot be those of a check, or the name is taken.
    """
    from ._own import register as own

    return own(function)


def names() -> list[str]:
    """Return the names of all known checks, sorted; those of `llmchaos.check` whose modules are loaded too."""
    return sorted(_checks())


def find(name: object) -> type[Check]:
    """Return a check by its name or its class.

    Raises:
        UsageProblem: it is neither, or no check has that name.
    """
    known = _checks()
    if isinstance(name, type) and name in known.values():
        return name
    if not isinstance(name, str) or name not in known:
        raise UsageProblem(f"{shown(name)} is not a check{near(name, known)} (known: {', '.join(names())})")
    return known[name]
