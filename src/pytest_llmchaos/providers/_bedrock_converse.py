"""Bedrock's `converse` and `converse-stream`, the same for every model, and the count of their tokens."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..core.tokens import pieces, request_tokens, tokens
from ._bedrock_frames import event_frame
from ._bedrock_wire import frames_answer, latency, plain_answer, prompt_tokens
from ._read import mapping, mappings, positive, word
from ._say import Asked, Said, Tool, choose, say

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Answer
    from ..core.replies import Reply

__all__ = ["conversation", "converse", "count_tokens"]

_REASONS = {"length": "max_tokens", "content_filter": "content_filtered", "refusal": "guardrail_intervened"}

# What stands in place of a blocked answer: Bedrock's own filters' words, as quoted in public tests, and those that
# a new guardrail comes with [U].
_BLOCKED = {
    "content_filter": " - The generated text has been blocked by our content filters.",
    "refusal": "Sorry, the model cannot answer this question.",
}


Event = tuple[str, Mapping[str, Any]]


def converse(call: Call, reply: Reply | None, draw: Draw, *, error: str | None = None) -> Answer:
    """Answer `POST /model/{id}/converse` and `/converse-stream`."""
    whole, events = conversation(call, reply, draw)
    if call.stream:
        return frames_answer(draw, lambda: (event_frame(*each) for each in events()), error=error)
    return plain_answer(draw, whole, error=error)


def conversation(call: Call, reply: Reply | None, draw: Draw) -> tuple[dict[str, Any], Callable[[], Iterator[Event]]]:
    """Return the whole answer, and what starts its events afresh; Amazon's Nova speaks so when invoked too."""
    said = say(reply, _asked(call.body), draw)
    text = said.text if said.text is not None else _BLOCKED.get(said.finish, "")
    blocks = _blocks(said, text, draw.part("blocks"))
    stop = _REASONS.get(said.finish) or ("tool_use" if said.calls else "end_turn")
    asked = prompt_tokens(call.body)
    spoken = _spoken(said)
    after: dict[str, Any] = {
        "usage": {"inputTokens": asked, "outputTokens": spoken, "totalTokens": asked + spoken},
        "metrics": {"latencyMs": latency(draw)},
    }
    message = {"role": "assistant", "content": [block for block, _ in blocks]}
    whole = {"output": {"message": message}, "stopReason": stop, **after}
    return whole, lambda: _stream(blocks, stop, after)


def count_tokens(call: Call, draw: Draw) -> Answer:
    """Answer `POST /model/{id}/count-tokens` for a request of `converse` or of `invoke`."""
    asked = mapping(call.body.get("input"))
    if body := mapping(mapping(asked.get("invokeModel"))).get("body"):
        try:
            return plain_answer(draw, {"inputTokens": request_tokens(json.loads(b64decode(body)))})
        except (TypeError, ValueError, RecursionError):  # no base64 of a JSON document: count it as it is
            return plain_answer(draw, {"inputTokens": request_tokens(body)})
    return plain_answer(draw, {"inputTokens": prompt_tokens(mapping(asked.get("converse")))})


# --- what is asked for --------------------------------------------------------------------------------------


def _asked(body: Mapping[str, Any]) -> Asked:
    config = mapping(body.get("toolConfig"))
    specs = [mapping(each.get("toolSpec")) for each in mappings(config.get("tools"))]
    offered = tuple(
        Tool(each["name"], mapping(mapping(each.get("inputSchema")).get("json")))
        for each in specs
        if word(each.get("name"))
    )
    choice = mapping(config.get("toolChoice"))
    name = word(mapping(choice.get("tool")).get("name"))
    tools, must_call = choose(offered, "any" if "any" in choice else None, name, [])
    made = [
        mapping(block.get("toolUse")).get("name")
        for message in mappings(body.get("messages"))
        for block in mappings(message.get("content"))
    ]
    called = frozenset(each for each in made if isinstance(each, str))
    limit = positive(mapping(body.get("inferenceConfig")).get("maxTokens"))
    return Asked(tools, called, must_call, _schema(body), limit)


def _schema(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    wanted = mapping(mapping(body.get("outputConfig")).get("textFormat"))
    if wanted.get("type") != "json_schema":
        return None
    text = mapping(mapping(wanted.get("structure")).get("jsonSchema")).get("schema")
    try:
        return mapping(json.loads(text)) if isinstance(text, str) else {}
    except (ValueError, RecursionError):
        return {}


# --- what comes back ----------------------------------------------------------------------------------------


def _blocks(said: Said, text: str, draw: Draw) -> list[tuple[dict[str, Any], str]]:
    """Return the content blocks, each with the text that a stream sends in pieces."""
    blocks: list[tuple[dict[str, Any], str]] = [({"text": text}, text)] if text else []
    for each, arguments in zip(said.calls, said.arguments(), strict=True):
        use = {"toolUseId": f"tooluse_{draw.token(22)}", "name": each.name, "input": dict(each.arguments)}
        blocks.append(({"toolUse": use}, arguments))
    return blocks


def _spoken(said: Said) -> int:
    called = (*(each.name for each in said.calls), *said.arguments())
    return tokens(said.text or "") + sum(tokens(each) for each in called)


def _stream(blocks: list[tuple[dict[str, Any], str]], stop: str, after: Mapping[str, Any]) -> Iterator[Event]:
    yield ("messageStart", {"role": "assistant"})
    for index, (block, text) in enumerate(blocks):
        at = {"contentBlockIndex": index}
        use = block.get("toolUse")
        if use:  # text blocks begin without a frame of their own
            start = {"toolUse": {"toolUseId": use["toolUseId"], "name": use["name"]}}
            yield ("contentBlockStart", {**at, "start": start})
        for piece in pieces(text):
            delta: dict[str, Any] = {"toolUse": {"input": piece}} if use else {"text": piece}
            yield ("contentBlockDelta", {**at, "delta": delta})
        yield ("contentBlockStop", at)
    yield ("messageStop", {"stopReason": stop})
    yield ("metadata", after)
