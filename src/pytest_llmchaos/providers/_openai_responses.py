"""The Responses API of the OpenAI dialect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

from ..core.tokens import pieces, request_tokens, tokens
from ._openai_chat import functions
from ._openai_wire import answered_by, events_answer, plain_answer
from ._read import mapping, mappings, positive, word
from ._say import DECLINED, Asked, Said, choose, say
from ._sse import event

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Answer
    from ..core.replies import Reply

__all__ = ["count_tokens", "responses"]

_STATUS = {"length": "incomplete", "content_filter": "incomplete"}
_REASON = {"length": "max_output_tokens", "content_filter": "content_filter"}

# Members of the request that the response repeats, and what it says where they were not given.
_REPEATED: dict[str, Any] = {
    "background": False,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "reasoning": {"effort": None, "summary": None},
    "store": True,
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}


def responses(call: Call, reply: Reply | None, draw: Draw, *, error: str | None = None) -> Answer:
    """Answer `POST /v1/responses`."""
    said = say(reply, _asked(call.body), draw)
    items = _items(said, draw.part("items"))
    base = _base(call, draw)
    if call.stream:
        return events_answer(call, draw, lambda: _stream(base, call, said, items), error=error)
    return plain_answer(call, draw, _finished(base, call, said, items), error=error)


def count_tokens(call: Call, draw: Draw) -> Answer:
    """Answer `POST /v1/responses/input_tokens` with the count that the usage of an answer would show."""
    return plain_answer(call, draw, {"object": "response.input_tokens", "input_tokens": _asked_tokens(call)})


def _asked(body: Mapping[str, Any]) -> Asked:
    offered = [each for each in mappings(body.get("tools")) if each.get("type") == "function"]
    choice = body.get("tool_choice")
    described = mapping(choice)
    name = word(described.get("name")) if described.get("type") == "function" else None
    allowed = [each.get("name") for each in mappings(described.get("tools"))]
    tools, must_call = choose(functions(offered), described.get("mode") or choice, name, allowed)
    made = [each.get("name") for each in mappings(body.get("input")) if each.get("type") == "function_call"]
    called = frozenset(each for each in made if isinstance(each, str))
    wanted = mapping(mapping(body.get("text")).get("format"))
    schema = {"json_schema": mapping(wanted.get("schema")), "json_object": {}}.get(str(wanted.get("type")))
    return Asked(tools, called, must_call, schema, positive(body.get("max_output_tokens")))


def _base(call: Call, draw: Draw) -> dict[str, Any]:
    """Return the response as it is before anything was said."""
    repeated = {key: default if (given := call.body.get(key)) is None else given for key, default in _REPEATED.items()}
    return {
        "id": f"resp_{draw.part('id').hex(50)}",
        "object": "response",
        "created_at": int(draw.wall),
        "status": "in_progress",
        "completed_at": None,
        "error": None,
        "incomplete_details": None,
        "model": answered_by(call),
        "output": [],
        "service_tier": "default",
        "usage": None,
        **repeated,
    }


def _items(said: Said, draw: Draw) -> list[dict[str, Any]]:
    """Return the output items as they are when they are done."""
    items: list[dict[str, Any]] = []
    if part := _part(said):
        status = _STATUS.get(said.finish, "completed")
        items.append(
            {
                "id": f"msg_{draw.hex(50)}",
                "type": "message",
                "status": status,
                "content": [part],
                "role": "assistant",
            }
        )
    for each, arguments in zip(said.calls, said.arguments(), strict=True):
        items.append(
            {
                "id": f"fc_{draw.hex(50)}",
                "type": "function_call",
                "status": "completed",
                "arguments": arguments,
                "call_id": f"call_{draw.token(24)}",
                "name": each.name,
            }
        )
    return items


def _part(said: Said) -> dict[str, Any] | None:
    if said.finish == "refusal":
        return {"type": "refusal", "refusal": said.text or DECLINED}
    if said.text is None:
        return None
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": said.text}


def _finished(base: Mapping[str, Any], call: Call, said: Said, items: list[dict[str, Any]]) -> dict[str, Any]:
    reason = _REASON.get(said.finish)
    return {
        **base,
        "status": "incomplete" if reason else "completed",
        "completed_at": None if reason else base["created_at"],
        "incomplete_details": {"reason": reason} if reason else None,
        "output": items,
        "usage": _usage(call, items),
    }


def _asked_tokens(call: Call) -> int:
    return request_tokens(*(call.body.get(key) for key in ("input", "instructions", "tools", "text")))


def _usage(call: Call, items: list[dict[str, Any]]) -> dict[str, Any]:
    asked = _asked_tokens(call)
    spoken = 0
    for item in items:
        for part in item.get("content", ()):
            spoken += tokens(part.get("text") or part.get("refusal") or "")
        spoken += tokens(item.get("name", "")) + tokens(item.get("arguments", ""))
    spoken = max(spoken, 1)
    return {
        "input_tokens": asked,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": spoken,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": asked + spoken,
    }


# --- as a stream --------------------------------------------------------------------------------------------


def _stream(base: Mapping[str, Any], call: Call, said: Said, items: list[dict[str, Any]]) -> Iterator[bytes]:
    numbers = count()

    def send(kind: str, **members: Any) -> bytes:
        return event({"type": kind, "sequence_number": next(numbers), **members}, kind)

    yield send("response.created", response=base)
    yield send("response.in_progress", response=base)
    for index, item in enumerate(items):
        empty: dict[str, Any] = {"content": []} if item["type"] == "message" else {"arguments": ""}
        yield send("response.output_item.added", output_index=index, item={**item, "status": "in_progress", **empty})
        at = {"item_id": item["id"], "output_index": index}
        for kind, members in _told(item):
            yield send(kind, **at, **members)
        yield send("response.output_item.done", output_index=index, item=item)
    whole = _finished(base, call, said, items)
    yield send(f"response.{whole['status']}", response=whole)


def _told(item: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the events between an item's start and its end."""
    if item["type"] == "function_call":
        for piece in pieces(item["arguments"]):
            yield "response.function_call_arguments.delta", {"delta": piece}
        done = {"name": item["name"], "arguments": item["arguments"]}
        yield "response.function_call_arguments.done", done
        return
    part = item["content"][0]
    # The part of a text is `text` in `response.output_text.*`, that of a refusal `refusal` in
    # `response.refusal.*`.
    key, kind = ("refusal", "refusal") if part["type"] == "refusal" else ("text", "output_text")
    at: dict[str, Any] = {"content_index": 0}
    chances: dict[str, Any] = {"logprobs": []} if kind == "output_text" else {}
    yield "response.content_part.added", {**at, "part": {**part, key: ""}}
    for piece in pieces(part[key]):
        yield f"response.{kind}.delta", {**at, "delta": piece, **chances}
    yield f"response.{kind}.done", {**at, key: part[key], **chances}
    yield "response.content_part.done", {**at, "part": part}
