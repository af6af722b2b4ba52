"""What the model says, before any provider's format: scripted by the test, or made up to fit the request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from ..core.errors import UsageProblem
from ..core.replies import Reply, ToolCall
from ._schema import example
from ._text import counted_prose, prose

if TYPE_CHECKING:
    from ..core.draw import Draw
    from ..core.replies import Finish

__all__ = ["DECLINED", "NOTHING_ASKED", "Asked", "Said", "Tool", "choose", "next_tool", "say"]

MustCall = Literal["any", "named"]

DECLINED = "I'm sorry, but I can't help with that request."
"""How a refusal reads that nobody scripted [U]."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the request offers, with the JSON schema of its arguments."""

    name: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a chat request asks for, the same for every provider.

    Attributes:
        tools: the functions that the model may call.
        called: names of the tools called earlier in the conversation.
        must_call: `any` for some tool, `named` for the one that `tools` then holds alone, None to choose.
        schema: what the text must satisfy as JSON; an empty one is any JSON object, None is plain text.
        limit: the most tokens the text may have.
    """

    tools: tuple[Tool, ...] = ()
    called: frozenset[str] = frozenset()
    must_call: MustCall | None = None
    schema: Mapping[str, Any] | None = None
    limit: int | None = None


NOTHING_ASKED = Asked()


@dataclass(slots=True)
class Said:
    """What the model says. `text` is None where it says nothing beside its tool calls or its refusal.

    `tokens` is how many tokens the text is where that is known already; else None.
    """

    text: str | None
    calls: tuple[ToolCall, ...]
    finish: Finish
    tokens: int | None = None

    def arguments(self) -> list[str]:
        """Return the JSON arguments of the tool calls."""
        return [_json(dict(each.arguments)) if each.raw is None else each.raw for each in self.calls]


_UNSCRIPTED = Reply()


def say(reply: Reply | None, asked: Asked, draw: Draw) -> Said:
    """Return what the test scripted, or something that fits the request, or would but for what is wrong with it.

    Raises:
        UsageProblem: the scripted data or tool arguments have no JSON form.
        FaultUnfit: the request asks for nothing that could be wrong in the way that the reply demands.
    """
    reply = reply or _UNSCRIPTED
    if reply.wrong is not None:
        from ._wrong import wrong  # that module builds on this one

        return wrong(reply.wrong, asked, draw)
    if reply.text is not None:
        return Said(reply.text, reply.tool_calls, reply.finish)
    if reply.data is not None:
        if asked.must_call and len(asked.tools) == 1 and isinstance(reply.data, Mapping):
            # Structured output by way of a forced call: the data is what the tool is called with.
            return Said(None, (*reply.tool_calls, ToolCall(asked.tools[0].name, reply.data)), reply.finish)
        return Said(_json(reply.data), reply.tool_calls, reply.finish)
    if reply.tool_calls or reply.finish in ("content_filter", "refusal"):
        return Said(None, reply.tool_calls, reply.finish)
    if asked.must_call and asked.tools:
        tool = next_tool(asked)
        arguments = example(tool.schema, draw)
        return Said(None, (ToolCall(tool.name, arguments if isinstance(arguments, dict) else {}),), reply.finish)
    if asked.schema is not None:
        data = example(asked.schema, draw) if asked.schema else {"answer": prose(draw, asked.limit)}
        return Said(_json(data), (), reply.finish)
    text, count = counted_prose(draw, asked.limit)
    return Said(text, (), reply.finish, count)


def choose(
    tools: tuple[Tool, ...], choice: Any, name: str | None, allowed: list[Any]
) -> tuple[tuple[Tool, ...], MustCall | None]:
    """Read a request's tool choice: return the tools that may be called, and whether one must be.

    Args:
        tools: all tools offered.
        choice: the choice in a word; `required` (in Anthropic's words `any`) asks for a call of any of them.
        name: the one tool that it names, if any.
        allowed: the names that it narrows the tools to; empty for all.
    """
    if name is not None:
        return tuple(each for each in tools if each.name == name) or (Tool(name, {}),), "named"
    if allowed:
        tools = tuple(each for each in tools if each.name in allowed)
    return tools, "any" if choice in ("required", "any") else None


def next_tool(asked: Asked) -> Tool:
    """Take a tool not called yet: an agent that must always call one comes to its final one, and ends."""
    return next((each for each in asked.tools if each.name not in asked.called), asked.tools[-1])


def _json(data: Any) -> str:
    try:
        return json.dumps(data, ensure_ascii=False)
    except (TypeError, ValueError) as problem:
        raise UsageProblem(f"a scripted reply holds {data!r}, which has no JSON form: {problem}") from None
