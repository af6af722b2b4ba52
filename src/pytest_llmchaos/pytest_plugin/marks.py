"""What the `llmchaos` markers of a test say: which of them count, and whether the test keeps out of chaos."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

__all__ = ["ID", "REASON", "Said", "known_as", "said"]

REASON = 'llmchaos.off needs the reason why: @llmchaos.off("it pins the real provider")'


ID: pytest.StashKey[str] = pytest.StashKey()
"""A test's id as it was collected."""


def known_as(item: pytest.Item) -> str:
    """Return a test's id without what another plugin adds to it: xdist its group, for `--dist loadgroup`."""
    return item.stash.get(ID, item.nodeid)


@dataclass(frozen=True, slots=True)
class Said:
    """What the markers say.

    Attributes:
        marks: those that count, the outermost first.
        off: why the test keeps out of chaos; empty where it does not.
        problem: what is wrong with them; empty where nothing is.
    """

    marks: tuple[pytest.Mark, ...] = ()
    off: str = ""
    problem: str = ""

    @property
    def own(self) -> bool:
        """Whether the test itself says what goes wrong in it, or that nothing does."""
        return bool(self.marks or self.off)


def said(node: pytest.Item) -> Said:
    """Read the markers. What stands nearest to the test wins: `off` hides the markers around it."""
    found: list[pytest.Mark] = []
    for level in _levels(node):
        off = next((each for each in level if "off" in each.kwargs), None)
        if off is None:
            found[:0] = reversed(level)
        elif len(level) > 1 or off.args or len(off.kwargs) > 1:
            return Said(
                tuple(level), problem="llmchaos.off keeps the test out of chaos, and a marker beside it asks for it"
            )
        elif found:
            break
        elif not isinstance(reason := off.kwargs["off"], str) or not reason.strip():
            return Said(tuple(level), problem=REASON)
        else:
            return Said(off=reason.strip())
    return Said(tuple(found))


def _levels(node: pytest.Item) -> Iterator[list[pytest.Mark]]:
    """Yield the markers of one set of parameters, of the function, of its class and so on."""
    chain = [each.own_markers for each in reversed(node.listchain())]
    of_parameters = list(getattr(getattr(node, "callspec", None), "marks", ()))
    chain[0] = [each for each in chain[0] if not any(each is one for one in of_parameters)]
    for marks in (of_parameters, *chain):
        if level := [each for each in marks if each.name == "llmchaos"]:
            yield level
