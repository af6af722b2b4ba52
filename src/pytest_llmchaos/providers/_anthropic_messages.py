"""Messages of the Anthropic dialect, and the count of their tokens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from ..core.tokens import pieces, tokens
from ._anthropic_wire import answered_by, events_answer, plain_answer, prompt_tokens, written_answer
from ._read import mapping, mappings, positive, word
from ._say import Asked, Said, Tool, choose, say
from ._sse import event
from ._template import GAP, Template

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Answer
    from ..core.replies import Reply

__all__ = ["count_tokens", "messages"]

# A classifier that stops the answer is all this API knows of content filters; it has no reason of its own.
_REASONS = {"length": "max_tokens", "content_filter": "refusal", "refusal": "refusal"}

# Members of `stop_details` by how the reply ends (anthropic 2.12, types/refusal_stop_details.py); the words
# are ours.
_DETAILS: dict[str, dict[str, Any]] = {
    "content_filter": {"type": "refusal", "category": None, "explanation": None},
    "refusal": {
        "type": "refusal",
        "category": "general_harms",
        "explanation": "The request was declined under the usage policy.",
    },
}


def messages(call: Call, reply: Reply | None, draw: Draw, *, error: str | None = None) -> Answer:
    """Answer `POST /v1/messages`."""
    said = say(reply, _asked(call.body), draw)
    name, model = f"msg_01{draw.part('id').token(22)}", answered_by(call)
    prompt, spoken = prompt_tokens(call), _spoken(said)
    if said.text and not said.calls and said.finish == "stop" and not call.stream:
        # Nothing but text: the most of all answers, and so the quickest way.
        return written_answer(call, draw, _plain().filled(name, model, said.text, prompt, spoken), error=error)
    blocks = _blocks(said, draw.part("blocks"))
    whole = _whole(name, model, said, [block for block, _ in blocks], prompt, spoken)
    if call.stream:
        return events_answer(call, draw, lambda: _stream(whole, blocks), error=error)
    return plain_answer(call, draw, whole, error=error)


def _whole(
    name: str, model: str, said: Said, content: list[dict[str, Any]], prompt: int, spoken: int
) -> dict[str, Any]:
    return {
        "id": name,
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": _stop_reason(said),
        "stop_sequence": None,
        "stop_details": _DETAILS.get(said.finish),
        "usage": {
            "input_tokens": prompt,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
            "output_tokens": spoken,
            "service_tier": "standard",
        },
    }


@cache
def _plain() -> Template:
    """Return an answer of text alone, with gaps for its id, model, text, and the tokens of prompt and answer."""
    return Template(_whole(GAP, GAP, Said(GAP, (), "stop"), [_text_block(GAP)], GAP, GAP))


def count_tokens(call: Call, draw: Draw) -> Answer:
    """Answer `POST /v1/messages/count_tokens` with the count that the message's usage would show."""
    return plain_answer(call, draw, {"input_tokens": prompt_tokens(call)})


def _asked(body: Mapping[str, Any]) -> Asked:
    limit = positive(body.get("max_tokens"))
    # `output_config.format` since anthropic 2; `output_format` in the beta before it.
    wanted = mapping(mapping(body.get("output_config")).get("format")) or mapping(body.get("output_format"))
    schema = mapping(wanted.get("schema")) if wanted.get("type") == "json_schema" else None
    if "tools" not in body and "tool_choice" not in body:
        return Asked(schema=schema, limit=limit)
    # Tools that run at the vendor, such as web search, have no schema and are never ours to call.
    offered = tuple(
        Tool(each["name"], mapping(each["input_schema"]))
        for each in mappings(body.get("tools"))
        if word(each.get("name")) and "input_schema" in each
    )
    choice = mapping(body.get("tool_choice"))
    name = word(choice.get("name")) if choice.get("type") == "tool" else None
    tools, must_call = choose(offered, choice.get("type"), name, [])
    made = [
        block.get("name")
        for message in mappings(body.get("messages"))
        for block in mappings(message.get("content"))
        if block.get("type") == "tool_use"
    ]
    called = frozenset(each for each in made if isinstance(each, str))
    return Asked(tools, called, must_call, schema, limit)


def _stop_reason(said: Said) -> str:
    return _REASONS.get(said.finish) or ("tool_use" if said.calls else "end_turn")


def _blocks(said: Said, draw: Draw) -> list[tuple[dict[str, Any], str]]:
    """Return the content blocks, each with the text that a stream sends in pieces."""
    blocks: list[tuple[dict[str, Any], str]] = []
    if said.text:
        blocks.append((_text_block(said.text), said.text))
    for each, arguments in zip(said.calls, said.arguments(), strict=True):
        block = {
            "type": "tool_use",
            "id": f"toolu_01{draw.token(22)}",
            "name": each.name,
            "input": dict(each.arguments),
        }
        blocks.append((block, arguments))
    return blocks


def _text_block(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _spoken(said: Said) -> int:
    if said.tokens is not None:
        return said.tokens
    if not said.calls:
        return max(tokens(said.text or ""), 1)
    called = (*(each.name for each in said.calls), *said.arguments())
    return max(tokens(said.text or "") + sum(tokens(each) for each in called), 1)


def _stream(whole: Mapping[str, Any], blocks: list[tuple[dict[str, Any], str]]) -> Iterator[bytes]:
    usage = whole["usage"]
    late: dict[str, Any] = {"content": [], "stop_reason": None, "stop_details": None}
    start = {**whole, **late, "usage": {**usage, "output_tokens": 1}}
    yield _send("message_start", message=start)
    for index, (block, text) in enumerate(blocks):
        called = block["type"] == "tool_use"
        empty: dict[str, Any] = {"input": {}} if called else {"text": ""}
        yield _send("content_block_start", index=index, content_block={**block, **empty})
        if not index:
            yield _send("ping")
        kind, key = ("input_json_delta", "partial_json") if called else ("text_delta", "text")
        for piece in pieces(text):
            yield _send("content_block_delta", index=index, delta={"type": kind, key: piece})
        yield _send("content_block_stop", index=index)
    delta = {key: whole[key] for key in ("stop_reason", "stop_sequence", "stop_details")}
    counted = {key: usage[key] for key in usage if key.endswith("_tokens")}
    yield _send("message_delta", delta=delta, usage=counted)
    yield _send("message_stop")


def _send(kind: str, **members: Any) -> bytes:
    # The SDK ignores every event without its `event:` line.
    return event({"type": kind, **members}, kind)
