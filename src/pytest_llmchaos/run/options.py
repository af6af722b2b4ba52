"""The options of a run, the same on the marker, on `each` and on `inject`: their names and what each takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..checks import always_on
from ..core.errors import UsageProblem, near, shown
from ..core.parameters import choice

__all__ = ["NAMES", "read"]


def read(given: Mapping[str, Any], *, of: str = "llmchaos", also: Iterable[str] = ()) -> dict[str, Any]:
    """Return the options that are given, each read; what is None is left to its default.

    Args:
        given: options by name.
        of: what they were given to.
        also: names that are known besides, for the hint.

    Raises:
        UsageProblem: an unknown option, or one with a value that it does not take.
    """
    options = {}
    for name, value in given.items():
        if name not in _READERS:
            known = (*also, *NAMES)
            raise UsageProblem(f"{of}() takes no {name!r} (options: {', '.join(known)}){near(name, known)}")
        if value is not None:
            try:
                options[name] = _READERS[name](value)
            except UsageProblem:
                raise
            except ValueError as problem:
                raise UsageProblem(f"{name}: {problem}") from None
    return options


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{shown(value)} is neither True nor False")
    return value


def _checks(value: Any) -> tuple[str, ...]:
    from .. import checks

    if isinstance(value, str) or not isinstance(value, list | tuple | set | frozenset):
        raise ValueError(f'{shown(value)} is not a list of names of checks, such as ["attempts"]')
    for name in value:
        checks.find(name) if isinstance(name, str) else _no_name(name)
    return tuple(value)


def _no_name(value: Any) -> None:
    raise ValueError(f'{shown(value)} is not a check\'s name; give names, such as checks=["attempts"]')


def _seed(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{shown(value)} is not a whole number, zero or more")
    if value >= 10**1000:  # Python writes no number of 5,000 digits
        raise ValueError(f"{shown(value)} is too long for a seed; take at most 1000 digits")
    return value


_READERS: Mapping[str, Callable[[Any], Any]] = {
    "seed": _seed,
    "clock": choice("virtual", "real"),
    "upstream": choice("simulated", "passthrough"),
    "checks": _checks,
    "allow_unused": _flag,
    "allow_escapes": _flag,
    "suppress": always_on.switched_off,
}
NAMES = tuple(_READERS)
"""The names of all options."""
