"""Healthy answers of watsonx.ai beside its chat: generated text, embeddings, ranking and the list of models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any

from ..core.tokens import pieces, request_tokens, tokens
from ._cohere_data import rerank as ranked
from ._openai_wire import events_answer, plain_answer
from ._read import mapping, mappings, positive, word
from ._say import DECLINED, Asked, Said, say
from ._vectors import vector
from ._wire import dump

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Answer
    from ..core.replies import Reply

__all__ = ["SERVED", "created_at", "embeddings", "generation", "message", "models", "rerank"]

_REMOVED = "[Potentially harmful text removed]"
"""What the filter for hate, abuse and profanity leaves of a text."""

_MADE = 20  # the API's own default of tokens to make

_DIMENSIONS = {"minilm": 384, "slate-30m": 384, "107m": 384, "e5-large": 1024}
_OTHERWISE = 768

SERVED = (
    "ibm/granite-4-h-small",
    "ibm/granite-3-3-8b-instruct",
    "ibm/granite-3-2-8b-instruct",
    "ibm/granite-3-8b-instruct",
    "ibm/granite-13b-instruct-v2",
    "ibm/granite-8b-code-instruct",
    "ibm/granite-guardian-3-8b",
    "ibm/granite-vision-3-2-2b",
    "meta-llama/llama-3-1-8b-instruct",
    "meta-llama/llama-3-2-11b-vision-instruct",
    "meta-llama/llama-3-3-70b-instruct",
    "meta-llama/llama-3-405b-instruct",
    "meta-llama/llama-4-maverick-17b-128e-instruct-fp8",
    "mistralai/mistral-large",
    "mistralai/mistral-medium-2505",
    "mistralai/mistral-small-3-1-24b-instruct-2503",
    "openai/gpt-oss-120b",
    "ibm/granite-embedding-278m-multilingual",
    "ibm/slate-125m-english-rtrvr-v2",
    "intfloat/multilingual-e5-large",
    "sentence-transformers/all-minilm-l6-v2",
    "cross-encoder/ms-marco-minilm-l-12-v2",
)
"""Models in the list: the SDK refuses one that is missing there before it asks for anything."""

# The dates are those of the warning that the API gave for this model, pasted in public repositories.
_LEAVING = {
    "ibm/granite-13b-instruct-v2": ("2025-06-18", "2025-10-15", "ibm/granite-3-3-8b-instruct"),
}


def created_at(draw: Draw) -> str:
    """Return the time as the API's answers have it, in milliseconds."""
    return datetime.fromtimestamp(draw.wall, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def message(number: int, data: Any) -> bytes:
    """Return one event of a stream: numbered, and named `message`."""
    return b"id: %d\nevent: message\ndata: " % number + dump(data) + b"\n\n"


def generation(call: Call, reply: Reply | None, draw: Draw, *, error: str | None = None) -> Answer:
    """Answer `POST /ml/v1/text/generation` and `POST /ml/v1/text/generation_stream`."""
    limit = positive(mapping(call.body.get("parameters")).get("max_new_tokens")) or _MADE
    said = say(reply, Asked(limit=limit), draw)
    text = said.text or (DECLINED if said.finish == "refusal" else "")
    if said.finish == "content_filter":
        text = text or _REMOVED
    base = {"model_id": call.model, "created_at": created_at(draw)}
    asked = request_tokens(call.body.get("input"))
    if call.stream:
        return events_answer(call, draw, lambda: _stream(base, text, said, asked, limit), error=error)
    result = _result(text, tokens(text), asked, _stop_reason(said, text, limit))
    if said.finish == "content_filter":
        result["moderations"] = _moderated(text)
    return plain_answer(call, draw, {**base, "results": [result]}, error=error)


def _stream(base: Mapping[str, Any], text: str, said: Said, asked: int, limit: int) -> Iterator[bytes]:
    numbers = count(1)
    made = 0
    yield message(next(numbers), {})
    yield message(next(numbers), {**base, "results": [_result("", 0, asked, "not_finished")]})
    for piece in pieces(text):
        made += 1
        yield message(next(numbers), {**base, "results": [_result(piece, made, 0, "not_finished")]})
    last = _result("", made, 0, _stop_reason(said, text, limit))
    if said.finish == "content_filter":
        last["moderations"] = _moderated(text)
    yield message(next(numbers), {**base, "results": [last]})
    yield b"id: %d\nevent: close\ndata: {}\n\n" % next(numbers)


def _result(text: str, made: int, asked: int, reason: str) -> dict[str, Any]:
    return {
        "generated_text": text,
        "generated_token_count": made,
        "input_token_count": asked,
        "stop_reason": reason,
    }


def _stop_reason(said: Said, text: str, limit: int) -> str:
    return "max_tokens" if said.finish == "length" or tokens(text) >= limit else "eos_token"


def _moderated(text: str) -> dict[str, Any]:
    where = {"start": 0, "end": len(text)}
    return {"hap": [{"score": 0.9931, "input": False, "position": where, "entity": "has_HAP"}]}


def embeddings(call: Call, draw: Draw) -> Answer:
    """Answer `POST /ml/v1/text/embeddings`."""
    given = call.body.get("inputs")
    texts = [str(each) for each in given] if isinstance(given, list) else []
    model = call.model or ""
    size = next((size for mark, size in _DIMENSIONS.items() if mark in model), _OTHERWISE)
    named = _options(call).get("input_text") is True
    results = [
        {**({"input": text} if named else {}), "embedding": vector(model, text, size).tolist()} for text in texts
    ]
    used = request_tokens(texts)
    body = {"model_id": model, "results": results, "created_at": created_at(draw), "input_token_count": used}
    return plain_answer(call, draw, body)


def rerank(call: Call, draw: Draw) -> Answer:
    """Answer `POST /ml/v1/text/rerank`: best inputs first."""
    inputs = mappings(call.body.get("inputs"))
    options = _options(call)
    asked = {"query": call.body.get("query"), "documents": inputs, "top_n": options.get("top_n")}
    results = [
        {
            "index": each["index"],
            "score": each["relevance_score"],
            **({"input": inputs[each["index"]]} if options.get("inputs") is True else {}),
        }
        for each in ranked(asked)
    ]
    used = request_tokens(call.body.get("query"), inputs)
    body = {"model_id": call.model, "results": results, "created_at": created_at(draw), "input_token_count": used}
    if options.get("query") is True:
        body["query"] = word(call.body.get("query"))
    return plain_answer(call, draw, body)


def _options(call: Call) -> Mapping[str, Any]:
    return mapping(mapping(call.body.get("parameters")).get("return_options"))


def models(call: Call, draw: Draw) -> Answer:
    """Answer `GET /ml/v1/foundation_model_specs`, with where each model stands in its life."""
    resources = [_described(name) for name in SERVED]
    first = {"href": f"https://{call.host}{call.path}?limit=100"}
    body = {"total_count": len(resources), "limit": 100, "first": first, "resources": resources}
    return plain_answer(call, draw, body)


def _described(name: str) -> dict[str, Any]:
    maker, _, short = name.partition("/")
    if "embed" in short or "slate" in short or "e5" in short or "all-minilm" in short:
        functions: tuple[str, ...] = ("embedding",)
    else:
        functions = ("rerank",) if maker == "cross-encoder" else ("text_chat", "text_generation")
    lifecycle: list[dict[str, Any]] = [{"id": "available", "start_date": "2024-09-24"}]
    if name in _LEAVING:
        deprecated, withdrawn, other = _LEAVING[name]
        lifecycle += [
            {"id": "deprecated", "start_date": deprecated, "alternative_model_ids": [other]},
            {"id": "withdrawn", "start_date": withdrawn, "alternative_model_ids": [other]},
        ]
    return {
        "model_id": name,
        "label": short,
        "provider": maker,
        "source": maker,
        "functions": [{"id": each} for each in functions],
        "short_description": short,
        "long_description": short,
        "input_tier": "class_1",
        "output_tier": "class_1",
        "number_params": "8b",
        "model_limits": {"max_sequence_length": 131072, "max_output_tokens": 8192},
        "lifecycle": lifecycle,
    }
