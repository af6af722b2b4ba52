"""The app kept away from a provider, a model or an operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.call import Target
from ..core.parameters import param
from ..core.parameters import target as read_target
from ..core.units import show_duration
from ._base import Check
from ._calls import against, count, tally
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.entries import Journal

__all__ = ["NotCalled"]


@dataclass(frozen=True)
class NotCalled(Check):
    """No call went to `target`, while the app did make other LLM calls.

    Args:
        target: what must not be called, such as `openai` or `openai/gpt-4-32k*`.
    """

    name = "not_called"

    target: Target = param(read_target)

    def judge(self, journal: Journal) -> Verdict:
        """Judge all calls, those under way too: to be sent is enough."""
        seen = journal.exchanges
        hits = list(seen.to(self.target))
        if hits:
            first = hits[0]
            where = f" from {first.call_site}" if first.call_site else ""
            said = f"it made {tally(hits)}, the first at {show_duration(first.started)} ({first.label}{where})"
            return self.verdict("violated", against(f"the app not to call {self.target}", said), hits)
        if not seen:
            return self.verdict(
                "inconclusive",
                f"no LLM call was seen, so {self.target} uncalled tells nothing: let the app ask something",
            )
        reason = f"none of the {count(len(seen), 'LLM call')} went to {self.target}"
        return self.verdict("held", reason, seen)
