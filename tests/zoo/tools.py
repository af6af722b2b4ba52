"""Tools that run on half of their arguments, or twice."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import openai

from pytest_llmchaos import faults

from .clients import GPT, gpt, said
from .drives import with_a_card
from .row import Bug, github

Charge = Callable[[str], None]
SCHEMA = {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]}
TOOLS: Any = [{"type": "function", "function": {"name": "charge_card", "parameters": SCHEMA}}]


def buggy_half_arguments(question: str) -> str:
    """Mend broken JSON and run the tool on what is left."""
    messages, tool = _asked(question)
    text = tool.function.arguments
    for end in ("", '"}', "}", ': ""}', '": ""}'):
        try:
            given = json.loads(text + end)
        except ValueError:
            continue
        return _told(messages, tool, f"charged order {given.get('order')}")
    return "no answer"


def fixed_half_arguments(question: str) -> str:
    """Tell the model that its arguments are no JSON."""
    messages, tool = _asked(question)
    try:
        json.loads(tool.function.arguments)
        result = "charged"
    except ValueError:
        result = "error: the arguments are not valid JSON"
    return _told(messages, tool, result)


def _asked(question: str) -> tuple[Any, Any]:
    messages: Any = said(question)
    answer: Any = gpt().chat.completions.create(model=GPT, messages=messages, tools=TOOLS, tool_choice="required")
    message = answer.choices[0].message
    messages.append(message.model_dump(exclude_none=True))
    return messages, message.tool_calls[0]


def _told(messages: Any, tool: Any, result: str) -> str:
    messages.append({"role": "tool", "tool_call_id": tool.id, "content": result})
    answer = gpt().chat.completions.create(model=GPT, messages=messages)
    return answer.choices[0].message.content or ""


def buggy_half_a_stream_of_arguments(question: str, charge: Charge) -> str:
    """Run the tool on the arguments that had come when the stream ended."""
    messages: Any = said(question)
    tool, _ = _streamed(messages)
    charge(tool["function"]["arguments"])
    messages.append({"role": "assistant", "tool_calls": [tool]})
    messages.append({"role": "tool", "tool_call_id": tool["id"], "content": "charged order 7"})
    answer = gpt().chat.completions.create(model=GPT, messages=messages)
    return answer.choices[0].message.content or ""


def fixed_half_a_stream_of_arguments(question: str, charge: Charge) -> str:
    """Run it on whole ones only, and ask again for those that are not."""
    messages: Any = said(question)
    tool, finish = _streamed(messages)
    if finish != "tool_calls":
        tool, finish = _streamed(messages)
    charge(tool["function"]["arguments"])
    messages.append({"role": "assistant", "tool_calls": [tool]})
    messages.append({"role": "tool", "tool_call_id": tool["id"], "content": "charged order 7"})
    answer = gpt().chat.completions.create(model=GPT, messages=messages)
    return answer.choices[0].message.content or ""


def _streamed(messages: Any) -> tuple[Any, str | None]:
    identity, name, arguments, finish = "", "", "", None
    for chunk in gpt().chat.completions.create(
        model=GPT, messages=messages, tools=TOOLS, tool_choice="required", stream=True
    ):
        for choice in chunk.choices:
            finish = choice.finish_reason or finish
            for part in choice.delta.tool_calls or ():
                identity = part.id or identity
                if part.function is not None:
                    name = part.function.name or name
                    arguments += part.function.arguments or ""
    return {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}, finish


def buggy_tool_that_always_fails(question: str) -> str:
    """Tell the model of the tool's error for as long as it tries, each time with the whole history."""
    return _looped(question, rounds=25)


def fixed_tool_that_always_fails(question: str) -> str:
    """Stop when the same tool has failed three times."""
    return _looped(question, rounds=3)


def _looped(question: str, rounds: int) -> str:
    messages: Any = said(question)
    for _ in range(rounds):
        answer: Any = gpt().chat.completions.create(model=GPT, messages=messages, tools=TOOLS, tool_choice="required")
        message = answer.choices[0].message
        messages.append(message.model_dump(exclude_none=True))
        trace = "error: the card service cannot be reached. " * 50
        messages += [{"role": "tool", "tool_call_id": each.id, "content": trace} for each in message.tool_calls]
    return "The card cannot be charged now."


def buggy_turn_repeated(question: str, charge: Charge) -> str:
    """Repeat the whole turn when its last call fails, with the tool that had run."""
    for _ in range(2):
        try:
            messages, tool = _asked(question)
            charge("order 7")
            return _told(messages, tool, "charged")
        except openai.InternalServerError:
            continue
    return "no answer"


def fixed_turn_repeated(question: str, charge: Charge) -> str:
    """Repeat the call that failed."""
    messages, tool = _asked(question)
    charge("order 7")
    try:
        return _told(messages, tool, "charged")
    except openai.InternalServerError:
        return _told(messages[:-1], tool, "charged")


BUGS = (
    Bug(
        "A tool call whose arguments broke off is mended and run",
        github("brightwave-inc/tidebreak/issues/1124", "langchain-ai/langchainjs/issues/11469"),
        buggy_half_arguments, fixed_half_arguments, "truncated_tool_call_not_executed", {},
        (faults.wrong_output(form="broken_arguments", target="openai", calls=1),),
    ),
    Bug(
        "A stream ends within the arguments of a tool call, and the tool runs on what had come",
        github("langchain-ai/langchain/issues/39275"),
        buggy_half_a_stream_of_arguments, fixed_half_a_stream_of_arguments, "truncated_tool_call", {},
        (faults.stream_truncated(after=3, target="openai", calls=1),),
        drive=with_a_card,
    ),
    Bug(
        "A tool that always fails is tried for ever, with a history that grows each time",
        github("Kilo-Org/kilocode/issues/13772", "Mintplex-Labs/anything-llm/issues/3348"),
        buggy_tool_that_always_fails, fixed_tool_that_always_fails, "cost_at_most", {"limit": 0.02},
    ),
    Bug(
        "A retry of the whole turn runs the tool again that had run already",
        github("livekit/agents/pull/7233"),
        buggy_turn_repeated, fixed_turn_repeated, "side_effects_once", {},
        (faults.outage(target="openai", calls=2),),
        drive=with_a_card,
    ),
)  # fmt: skip
