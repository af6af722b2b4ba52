"""Reranking, as servers of the OpenAI dialect have it: in the format that Jina and Cohere began."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.tokens import request_tokens
from ._cohere_data import documents
from ._cohere_data import rerank as ranked
from ._openai_wire import plain_answer

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Answer

__all__ = ["rerank"]


def rerank(call: Call, draw: Draw) -> Answer:
    """Answer `POST /v1/rerank`: best documents first, with their texts."""
    texts = documents(call.body)
    results: list[dict[str, Any]] = [{**each, "document": {"text": texts[each["index"]]}} for each in ranked(call.body)]
    used = request_tokens(call.body.get("query"), texts)
    body = {
        "id": f"rerank-{draw.part('id').hex(32)}",
        "object": "rerank",
        "model": call.model,
        "results": results,
        "usage": {"prompt_tokens": used, "completion_tokens": 0, "total_tokens": used},
    }
    return plain_answer(call, draw, body)
