"""Embeddings, token counts and lists of models of Gemini and Vertex AI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.tokens import request_tokens
from ._google_wire import at_vendor, at_vertex, member, plain_answer, prompt_tokens
from ._read import mapping, mappings, positive, word
from ._vectors import vector

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Answer

__all__ = ["count_tokens", "embeddings", "models"]

_DIMENSIONS = {
    "text-embedding-004": 768,
    "text-embedding-005": 768,
    "text-multilingual-embedding-002": 768,
}
_OTHERWISE = 3072  # gemini-embedding-001 and later

# Names and limits as the API listed them, recalled [U]; a description is ours.
_MODELS = (
    ("gemini-2.5-pro", "Gemini 2.5 Pro", 1_048_576, 65_536),
    ("gemini-2.5-flash", "Gemini 2.5 Flash", 1_048_576, 65_536),
    ("gemini-2.5-flash-lite", "Gemini 2.5 Flash-Lite", 1_048_576, 65_536),
    ("gemini-embedding-001", "Gemini Embedding 001", 2_048, 1),
)


# --- embeddings ---------------------------------------------------------------------------------------------


def embeddings(call: Call, draw: Draw) -> Answer:
    """Answer `:embedContent`, `:batchEmbedContents`, and Vertex AI's `:predict` of an embedding model.

    A vector depends on the model and the text alone, not on the seed or the call.
    """
    if call.path.endswith(":predict"):
        return plain_answer(call, draw, {"predictions": _predictions(call)})
    if call.path.endswith(":batchEmbedContents"):
        made = [_embedding(call, each) for each in mappings(call.body.get("requests"))]
        return plain_answer(call, draw, {"embeddings": made})
    body: dict[str, Any] = {"embedding": _embedding(call, call.body)}
    if at_vertex(call):
        used = request_tokens(call.body.get("content"))
        body |= {"usageMetadata": {"promptTokenCount": used, "totalTokenCount": used}, "truncated": False}
    return plain_answer(call, draw, body)


def _embedding(call: Call, asked: Any) -> dict[str, Any]:
    parts = mappings(mapping(asked.get("content")).get("parts"))
    text = "\n".join(word(each.get("text")) or repr(sorted(each.items())) for each in parts)
    size = member(asked, "outputDimensionality") or member(member(asked, "embedContentConfig"), "outputDimensionality")
    return {"values": _values(call, text, size)}


def _predictions(call: Call) -> list[dict[str, Any]]:
    size = member(call.body.get("parameters"), "outputDimensionality")
    made = []
    for each in mappings(call.body.get("instances")):
        text = word(each.get("content")) or ""
        statistics = {"truncated": False, "token_count": request_tokens(text)}
        made.append({"embeddings": {"values": _values(call, text, size), "statistics": statistics}})
    return made


def _values(call: Call, text: str, size: Any) -> list[float]:
    model = call.model or "gemini-embedding-001"
    return vector(model, text, positive(size) or _DIMENSIONS.get(model, _OTHERWISE)).tolist()


# --- tokens and models --------------------------------------------------------------------------------------


def count_tokens(call: Call, draw: Draw) -> Answer:
    """Answer `:countTokens` with the count that the usage of an answer would show."""
    count = prompt_tokens(call)
    details = [{"modality": "TEXT", "tokenCount": count}]
    return plain_answer(call, draw, {"totalTokens": count, "promptTokensDetails": details})


def models(call: Call, draw: Draw) -> Answer:
    """Answer the list of models and the description of one.

    Any model that is asked for exists here: it goes away when a scenario says so. What another host serves is
    not known, so it lists one model under a name of no vendor.
    """
    known = {each[0]: each for each in _MODELS} if at_vendor(call) else {}
    describe = _publisher_model if at_vertex(call) else _model
    if call.model is not None:
        named = known.get(call.model, (call.model, call.model, 1_048_576, 65_536))
        return plain_answer(call, draw, describe(*named))
    listed = [describe(*each) for each in known.values()] or [describe("default", "Default", 1_048_576, 65_536)]
    return plain_answer(call, draw, {"publisherModels" if at_vertex(call) else "models": listed})


def _model(name: str, title: str, reads: int, writes: int) -> dict[str, Any]:
    embeds = "embedding" in name
    return {
        "name": f"models/{name}",
        "version": "001",
        "displayName": title,
        "description": title,
        "inputTokenLimit": reads,
        "outputTokenLimit": writes,
        "supportedGenerationMethods": ["embedContent"] if embeds else ["generateContent", "countTokens"],
    }


def _publisher_model(name: str, title: str, reads: int, writes: int) -> dict[str, Any]:
    return {"name": f"publishers/google/models/{name}", "versionId": "default", "launchStage": "GA"}
