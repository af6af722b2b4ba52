"""Generated content of Gemini and Vertex AI, plain and streamed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from ..core.tokens import pieces, tokens
from ._google_schema import json_schema
from ._google_wire import at_vertex, event, events_answer, member, plain_answer, prompt_tokens
from ._read import mapping, mappings, positive, word
from ._say import Asked, Said, Tool, choose, say

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Answer
    from ..core.replies import Reply

__all__ = ["generate"]

_MOST_CANDIDATES = 8  # the API's own limit of `candidateCount`
_PIECES_AN_EVENT = 8  # an event of the stream holds some words, not one token
_REASONS = {"length": "MAX_TOKENS", "content_filter": "SAFETY"}
_BLOCKED = {"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": True}


def generate(call: Call, reply: Reply | None, draw: Draw, *, error: str | None = None) -> Answer:
    """Answer `:generateContent` and `:streamGenerateContent?alt=sse`.

    A model of this API has no way to decline but its text. A reply that ends in `refusal` and has none becomes
    a prompt that was blocked: no candidates, and `promptFeedback` says why.
    """
    config = member(call.body, "generationConfig")
    asked = _asked(call.body, config)
    count = min(positive(member(config, "candidateCount")) or 1, _MOST_CANDIDATES)
    said = [say(reply, asked, draw.part(f"choice {index}")) for index in range(count)]
    if member(config, "responseMimeType") == "text/x.enum" and reply is None:
        said = [_bare(each) for each in said]
    base: dict[str, Any] = {"modelVersion": call.model or "gemini-2.5-flash"}
    if at_vertex(call):
        base["createTime"] = datetime.fromtimestamp(draw.wall, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    base["responseId"] = draw.part("id").token(23)
    if said[0].finish == "refusal" and not said[0].text:
        body = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": _usage(call, []), **base}
        if call.stream:
            return events_answer(call, draw, lambda: iter((event(body),)), error=error)
        return plain_answer(call, draw, body, error=error)
    if call.stream:
        return events_answer(call, draw, lambda: _stream(call, base, said), error=error)
    candidates = [_candidate(_parts(each), _reason(each), index) for index, each in enumerate(said)]
    body = {"candidates": candidates, "usageMetadata": _usage(call, said), **base}
    return plain_answer(call, draw, body, error=error)


# --- what is asked for --------------------------------------------------------------------------------------


def _asked(body: Mapping[str, Any], config: Any) -> Asked:
    offered = tuple(
        Tool(each["name"], _parameters(each))
        for tool in mappings(body.get("tools"))
        for each in mappings(member(tool, "functionDeclarations"))
        if word(each.get("name"))
    )
    calling = member(member(body, "toolConfig"), "functionCallingConfig")
    must = word(member(calling, "mode")) == "ANY"
    allowed = member(calling, "allowedFunctionNames")
    allowed = [each for each in allowed if isinstance(each, str)] if isinstance(allowed, list) else []
    named = allowed[0] if must and len(allowed) == 1 else None
    tools, must_call = choose(offered, "required" if must else None, named, allowed)
    made = [
        mapping(member(part, "functionCall")).get("name")
        for content in mappings(body.get("contents"))
        for part in mappings(content.get("parts"))
    ]
    called = frozenset(each for each in made if isinstance(each, str))
    return Asked(tools, called, must_call, _schema(config), positive(member(config, "maxOutputTokens")))


def _parameters(declared: Mapping[str, Any]) -> Mapping[str, Any]:
    given = member(declared, "parametersJsonSchema")
    return mapping(given) if given is not None else json_schema(declared.get("parameters"))


def _schema(config: Any) -> Mapping[str, Any] | None:
    # `responseFormat` is the newer spelling of the SDK's `response_format` (google-genai 3.4, models.py).
    text = mapping(member(member(config, "responseFormat"), "text"))
    for given in (member(config, "responseJsonSchema"), text.get("schema")):
        if given is not None:
            return mapping(given)
    if (own := member(config, "responseSchema")) is not None:
        return json_schema(own)
    mime = member(config, "responseMimeType") or member(text, "mimeType")
    return {} if isinstance(mime, str) and mime.lower() == "application/json" else None


def _bare(said: Said) -> Said:
    """Return the choice of an enumeration without the quotes that make it JSON."""
    try:
        value = json.loads(said.text or "")
    except ValueError:
        return said
    return replace(said, text=value) if isinstance(value, str) else said


# --- what comes back ----------------------------------------------------------------------------------------


def _reason(said: Said) -> str:
    return _REASONS.get(said.finish, "STOP")


def _parts(said: Said) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = [{"text": said.text}] if said.text else []
    return parts + [{"functionCall": {"name": each.name, "args": dict(each.arguments)}} for each in said.calls]


def _candidate(parts: list[dict[str, Any]], reason: str | None, index: int) -> dict[str, Any]:
    # Without parts a candidate has no content at all; `response.text` of the SDK is then None.
    made: dict[str, Any] = {"content": {"parts": parts, "role": "model"}} if parts else {}
    if reason:
        made["finishReason"] = reason
    if reason == "SAFETY":
        made["safetyRatings"] = [_BLOCKED]
    return {**made, "index": index}


def _usage(call: Call, said: list[Said]) -> dict[str, Any]:
    prompt = prompt_tokens(call)
    spoken = sum(_spoken(each) for each in said)
    usage: dict[str, Any] = {"promptTokenCount": prompt}
    if spoken:  # zeros are left out, as proto JSON does
        usage["candidatesTokenCount"] = spoken
    usage["totalTokenCount"] = prompt + spoken
    usage["promptTokensDetails"] = [{"modality": "TEXT", "tokenCount": prompt}]
    if at_vertex(call):
        usage["trafficType"] = "ON_DEMAND"
    return usage


def _spoken(said: Said) -> int:
    called = (*(each.name for each in said.calls), *said.arguments())
    return tokens(said.text or "") + sum(tokens(each) for each in called)


# --- as a stream --------------------------------------------------------------------------------------------


def _stream(call: Call, base: Mapping[str, Any], said: list[Said]) -> Iterator[bytes]:
    whole = _usage(call, said)
    # Until the last event the count of what was said is not known; it carries no terminator but its reason.
    early = {key: value for key, value in whole.items() if key != "candidatesTokenCount"}
    early["totalTokenCount"] = whole["promptTokenCount"]
    for index, each in enumerate(said):
        words = list(_texts(each.text or ""))
        calls = _parts(replace(each, text=None))
        events = [[{"text": text}] for text in words] + [[part] for part in calls]
        for at, parts in enumerate(events or [[]]):
            ended = at == len(events or [[]]) - 1
            usage = whole if ended and index == len(said) - 1 else early
            candidate = _candidate(parts, _reason(each) if ended else None, index)
            yield event({"candidates": [candidate], "usageMetadata": usage, **base})


def _texts(text: str) -> Iterator[str]:
    rest = pieces(text)
    while piece := "".join(islice(rest, _PIECES_AN_EVENT)):
        yield piece
