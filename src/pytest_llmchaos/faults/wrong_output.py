"""The answer says 200 and is no good."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ..core.parameters import choice, param
from ..core.replies import WRONG, Reply
from ..journal.answers import read_answer
from ._base import Fault

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["WrongOutput"]


@dataclass(frozen=True)
class WrongOutput(Fault):
    """A well-formed 200, plain or streamed, in which the model says something that the app cannot use.

    No SDK raises, but where it parses the answer itself (`parse`, tool helpers). It takes the place of a scripted
    reply. Seen in production: misrouted requests and stray characters of other scripts (Anthropic, August 2025),
    nonsense (OpenAI, 20 February 2024), truncated messages (OpenAI, 2 April 2024).

    Args:
        form: `empty` for no text and no tool call; `truncated` for an answer that breaks off in the middle and ends
            as if it were whole; `length` for one cut at the limit of tokens, which its finish reason says;
            `wrong_language` for French; `wrong_script` for text with Thai, Chinese and Japanese words strewn in;
            `repeated` for the same words over and over; `off_schema` for JSON that the schema asked for does not
            allow; `broken_arguments` for a tool call whose arguments are cut-off JSON, or, where the provider sends
            them as an object (Gemini, Ollama, Anthropic's and Bedrock's whole answers), do not fit the tool's schema;
            `unknown_tool` for a call of a tool that was never offered. Of structured output and tool calls it is the
            texts within that are in another language or script, or repeated.

    `off_schema` does not fit a call that asks for no structured output, `broken_arguments` and `unknown_tool` none
    that offers no tool.
    """

    name = "wrong_output"
    kind = "content"

    form: str = param(choice(*WRONG), default="empty")

    def unfit(self, call: Call) -> str | None:
        """Only a call that asks for words gets wrong ones."""
        if call.operation not in ("chat", "completions"):
            return f"{self.name} spoils what a model says, and this {call.operation} call asks for no words"
        return None

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Answer with that.

        Raises:
            FaultUnfit: the call asks for nothing that could be wrong in this way.
        """
        answer = call.speaks.answer(call, Reply(wrong=self.form), draw.part(self.name))
        harmless = _before_the_finish(answer.chunks) if self.form in _SHOWN_LAST and answer.events else 0
        return plan.answering(replace(answer, error=self.name, harmless=harmless))


_SHOWN_LAST = ("empty", "truncated", "length")
"""What a reader notices by how the answer ends: it begins like a good one."""


def _before_the_finish(chunks: Iterable[bytes]) -> int:
    """Return how many events come before the one that says that the answer is over."""
    answers = (read_answer((each,)) for each in chunks)
    return next((number for number, each in enumerate(answers) if each.finish or each.done), 0)
