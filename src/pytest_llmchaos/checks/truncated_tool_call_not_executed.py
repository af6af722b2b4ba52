"""A tool is not run on half its arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..verdict import Verdict
from ._base import Check
from ._bodies import results
from ._calls import against, count, named, worst
from ._tools import ran

if TYPE_CHECKING:
    from ..heard import Asked
    from ..journal import Exchange, Journal

__all__ = ["TruncatedToolCallNotExecuted"]


@dataclass(frozen=True)
class TruncatedToolCallNotExecuted(Check):
    """No later call carries the result of a tool call whose arguments were not whole JSON.

    To tell the model that its arguments could not be read is no result: one marked as an error, a parser's own words
    on them, or a text that says so is fine.
    """

    name = "truncated_tool_call_not_executed"

    def judge(self, journal: Journal) -> Verdict:
        """Look for the ids of broken tool calls in the bodies of all later calls."""
        calls = list(journal.exchanges)
        broken = [(each, tool) for each in calls for tool in each.answer.tools if _broken(each, tool)]
        told = [(each, tool) for each, tool in broken if tool.id]
        if not told:
            why = "the provider gives tool calls no id" if broken else "no tool call came with broken arguments"
            return self.verdict(
                "inconclusive",
                f"{why}: script one with llmchaos.replies(...) and inject what breaks it, such as "
                "faults.wrong_output(form='broken_arguments')",
                [each for each, _ in broken],
            )
        carried = {id(each): results(each.body) for each in calls}
        said: list[str] = []
        pairs: list[Exchange] = []
        for asked, tool in told:
            for each in calls[calls.index(asked) + 1 :]:
                result = carried[id(each)].get(tool.id)
                if result is not None and ran(journal, tool, result, asked, each):
                    said.append(f"{named(each.request)} sent a result of {tool.name or 'the tool'} to {each.label}")
                    pairs += [asked, each]
                    break
                if any(one.id == tool.id and one.whole for one in each.answer.tools):
                    break  # asked again, whole this time: what follows is the result of that
        if said:
            reason = against("no tool to run on broken arguments", worst(said))
            return self.verdict("violated", reason, dict.fromkeys(pairs))
        evidence = dict.fromkeys(each for each, _ in told)
        reason = f"{count(len(told), 'tool call')} came with broken arguments, and no result of it was sent"
        return self.verdict("held", reason, evidence)


def _broken(call: Exchange, tool: Asked) -> bool:
    if call.ended is None or call.answer.partial:
        return False
    unsaid = not tool.arguments and call.stream and not call.answer.done
    return unsaid or not tool.whole
