"""A tool is not run on half its arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._base import Check
from ._calls import against, count, named, worst
from ._tools import broken_tools
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.entries import Exchange, Journal

__all__ = ["TruncatedToolCallNotExecuted"]


@dataclass(frozen=True)
class TruncatedToolCallNotExecuted(Check):
    """No tool runs on arguments that were not whole JSON.

    That it ran is shown by a side effect of the tool's name (`llmchaos.effect`), and by mended arguments that the app
    read. That it did not is shown by a result that is marked as an error, has a parser's own words or says so. What a
    result says proves nothing else: where it alone is there, the verdict is inconclusive.
    """

    name = "truncated_tool_call_not_executed"

    def judge(self, journal: Journal) -> Verdict:
        """Look what became of each broken tool call."""
        found = list(broken_tools(journal))
        broken = [each for each in found if each.tool.id]
        if not broken:
            why = "the provider gives tool calls no id" if found else "no tool call came with broken arguments"
            return self.verdict(
                "inconclusive",
                f"{why}: script one with llmchaos.replies(...) and inject what breaks it, such as "
                "faults.wrong_output(form='broken_arguments')",
                [each.asked for each in found],
            )
        said: list[str] = []
        pairs: list[Exchange] = []
        for each in broken:
            if each.fate == "ran" and each.told is not None:
                name = each.tool.name or "the tool"
                sent = f"{named(each.told.request)} sent a result of {name} to {each.told.label}"
                said.append(f"{sent}: {each.how}")
                pairs += [each.asked, each.told]
        if said:
            reason = against("no tool to run on broken arguments", worst(said))
            return self.verdict("violated", reason, dict.fromkeys(pairs))
        for each in broken:
            if each.fate == "unsaid" and each.told is not None:
                name = each.tool.name or "a tool"
                return self.verdict(
                    "inconclusive",
                    f"the arguments of {name} came broken, and what {each.told.label} was told of it does not show "
                    "whether it ran: mark the result as an error (`is_error`, or an `error` in its JSON) where it did "
                    "not, and call llmchaos.effect(name, id) in the tool",
                    (each.asked, each.told),
                )
        evidence = dict.fromkeys(each.asked for each in broken)
        reason = f"{count(len(broken), 'tool call')} came with broken arguments, and no result of it was sent"
        return self.verdict("held", reason, evidence)
