"""What the patches and the child processes of this process tell a run that is on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..run.surroundings import Surroundings
from . import stacks as intercept
from .children._forks import gather
from .children._told import escapes_told
from .children.launch import unseen
from .stacks._native import apart

if TYPE_CHECKING:
    from ..run.chaos import Chaos

__all__ = ["SURROUNDINGS"]


class _Process(Surroundings):
    def gather(self, run: Chaos) -> list[str]:
        gather(run)
        return escapes_told(run)

    def blind_spots(self, run: Chaos) -> list[str]:
        lines = []
        if missed := apart():
            lines.append(f"imported, and not seen in all that they do (docs/escapes.md): {', '.join(missed)}")
        if started := unseen(run):
            lines.append(f"processes that chaos cannot see into: {', '.join(started[:12])}")
        return lines

    def intercepted(self) -> str:
        stacks = intercept.stacks()
        broken = ", ".join(sorted(name for name, stack in stacks.items() if stack.breaks))
        if taken := getattr(stacks["urllib3"], "replaced_by", ""):
            broken = f"{taken}, which stands in urllib3's place, is not; {broken}"
        return broken


SURROUNDINGS = _Process()
