"""No connection leaks: every answer is read to its end, or closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._base import Check
from ._calls import against, count
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.entries import Journal

__all__ = ["AnswersReleased"]


@dataclass(frozen=True)
class AnswersReleased(Check):
    """Every answer that began was read to its end or closed, the failed ones and the streams too.

    An answer that is left unread keeps its connection: after as many of them as the pool holds, the app waits for ever.
    Judge it when the app has nothing under way any more.
    """

    name = "answers_released"

    def judge(self, journal: Journal) -> Verdict:
        """Look for answers whose head came and whose end did not."""
        begun = [each for each in journal.exchanges if each.status is not None]
        if not begun:
            return self.verdict("inconclusive", "no LLM call got an answer, so none could be left unread")
        left = [each for each in begun if each.ended is None or each.held_open]
        if left:
            where = f", at {left[0].call_site}" if left[0].call_site else ""
            said = f"{count(len(left), 'answer')} stayed open: {left[0].label} {left[0].outcome}{where}"
            return self.verdict("violated", against("every answer read to its end or closed", said), left)
        return self.verdict(
            "held", f"{count(len(begun), 'answer')} came, and each was read to its end or closed", begun
        )
