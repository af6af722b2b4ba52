"""Cohere's chat of version 2, plain and streamed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..core.tokens import pieces, request_tokens, tokens
from ._cohere_wire import events_answer, new_id, plain_answer
from ._read import mapping, mappings, positive, word
from ._say import DECLINED, Asked, Said, Tool, choose, say
from ._sse import DONE, event

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Answer
    from ..core.replies import Reply

__all__ = ["chat", "message_end"]

# The API has no reason of its own for a filter that stops an answer (cohere 7.3, types/chat_finish_reason.py).
_REASONS = {"length": "MAX_TOKENS", "content_filter": "ERROR"}
_PROMPT = ("messages", "tools", "documents", "response_format")
_TEMPLATE_TOKENS = 500  # what the model's own preamble adds to those that are billed, roughly [U]


def chat(call: Call, reply: Reply | None, draw: Draw, *, error: str | None = None) -> Answer:
    """Answer `POST /v2/chat`."""
    said = say(reply, _asked(call.body), draw)
    ids = [f"{each.name}_{draw.part(f'call {index}').token(12).lower()}" for index, each in enumerate(said.calls)]
    text = said.text if said.text is not None else (DECLINED if said.finish == "refusal" else "")
    finish = _REASONS.get(said.finish) or ("TOOL_CALL" if said.calls else "COMPLETE")
    usage = _usage(call, said, text)
    name = new_id(draw)
    if call.stream:
        return events_answer(call, draw, lambda: _stream(name, said, text, ids, finish, usage), error=error)
    message: dict[str, Any] = {"role": "assistant"}
    if text:
        message["content"] = [{"type": "text", "text": text}]
    if said.calls:
        message["tool_calls"] = [
            {"id": ids[index], "type": "function", "function": {"name": each.name, "arguments": arguments}}
            for index, (each, arguments) in enumerate(zip(said.calls, said.arguments(), strict=True))
        ]
    return plain_answer(
        call, draw, {"id": name, "finish_reason": finish, "message": message, "usage": usage}, error=error
    )


def _asked(body: Mapping[str, Any]) -> Asked:
    described = [mapping(each.get("function")) for each in mappings(body.get("tools"))]
    offered = tuple(Tool(each["name"], mapping(each.get("parameters"))) for each in described if word(each.get("name")))
    wanted = word(body.get("tool_choice"))
    tools, must_call = choose(offered, "required" if wanted == "REQUIRED" else None, None, [])
    made = [
        mapping(each.get("function")).get("name")
        for message in mappings(body.get("messages"))
        for each in mappings(message.get("tool_calls"))
    ]
    called = frozenset(each for each in made if isinstance(each, str))
    shape = mapping(body.get("response_format"))
    schema = mapping(shape.get("json_schema") or shape.get("schema")) if shape.get("type") == "json_object" else None
    return Asked(tools, called, must_call, schema, positive(body.get("max_tokens")))


def _usage(call: Call, said: Said, text: str) -> dict[str, Any]:
    called = (*(each.name for each in said.calls), *said.arguments())
    spoken = tokens(text) + sum(tokens(each) for each in called)
    asked = request_tokens(*(call.body.get(key) for key in _PROMPT))
    return {
        "billed_units": {"input_tokens": asked, "output_tokens": spoken},
        "tokens": {"input_tokens": asked + _TEMPLATE_TOKENS, "output_tokens": spoken},
    }


def _stream(name: str, said: Said, text: str, ids: list[str], finish: str, usage: Mapping[str, Any]) -> Iterator[bytes]:
    start = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    yield _send("message-start", id=name, delta={"message": start})
    if text:
        yield _send("content-start", index=0, delta={"message": {"content": {"type": "text", "text": ""}}})
        for piece in pieces(text):
            yield _send("content-delta", index=0, delta={"message": {"content": {"text": piece}}})
        yield _send("content-end", index=0)
    for index, (each, arguments) in enumerate(zip(said.calls, said.arguments(), strict=True)):
        call = {"id": ids[index], "type": "function", "function": {"name": each.name, "arguments": ""}}
        yield _send("tool-call-start", index=index, delta={"message": {"tool_calls": call}})
        for piece in pieces(arguments):
            delta = {"message": {"tool_calls": {"function": {"arguments": piece}}}}
            yield _send("tool-call-delta", index=index, delta=delta)
        yield _send("tool-call-end", index=index)
    yield message_end(finish, usage=usage)
    yield DONE


def message_end(finish: str, **delta: Any) -> bytes:
    """Return the event that ends a message."""
    return _send("message-end", delta={"finish_reason": finish, **delta})


def _send(kind: str, **members: Any) -> bytes:
    return event({"type": kind, **members}, kind)
