"""Headers by name."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["by_name"]


def by_name(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return headers by their names in lower case; of several with one name the first."""
    found = dict(reversed(headers))
    names = "".join(found)
    if names == names.lower():  # most are, and to make each so costs more
        return found
    return {name.lower(): value for name, value in reversed(headers)}
