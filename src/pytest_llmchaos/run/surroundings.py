"""What is around a run, for its verdicts: whoever patches the process for a run knows more than the run itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .chaos import Chaos

__all__ = ["Surroundings"]


class Surroundings:
    """A run that nobody patched anything for: its calls are those that are handed to it.

    Attributes:
        app_is_here: whether the app is in this process, so that its frames, output and sleep can be looked at.
    """

    app_is_here = True

    def gather(self, run: Chaos) -> Iterable[str]:
        """Take in what happened elsewhere, as in child processes, since the last time; return each escape there."""
        return ()

    def blind_spots(self, run: Chaos) -> Iterable[str]:
        """Return lines that tell what a run that saw no call may have missed."""
        return ("no HTTP library was intercepted for this run: start it by `with inject(...)`, not by its `start()`",)

    def intercepted(self) -> str:
        """Return which libraries are intercepted, in words."""
        return "none"
