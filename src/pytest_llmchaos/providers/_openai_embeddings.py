"""Embeddings of the OpenAI dialect."""

from __future__ import annotations

import json
import sys
from array import array
from base64 import b64encode
from typing import TYPE_CHECKING, Any

from ..core.tokens import request_tokens
from ._openai_wire import plain_answer
from ._read import positive
from ._vectors import vector

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Answer

__all__ = ["embeddings"]

_DIMENSIONS = {
    "text-embedding-3-small": 1536,
    "text-embedding-3-large": 3072,
    "text-embedding-ada-002": 1536,
    "mistral-embed": 1024,
    "nomic-embed-text": 768,
}
_OTHERWISE = 1536


def embeddings(call: Call, draw: Draw) -> Answer:
    """Answer `POST /v1/embeddings`.

    A vector depends on the model and the text alone, not on the seed or the call.
    """
    model = call.model or "text-embedding-3-small"
    size = positive(call.body.get("dimensions")) or _DIMENSIONS.get(model, _OTHERWISE)
    coded = call.body.get("encoding_format") == "base64"  # the SDK's default; the API's own is `float`
    data = [
        {"object": "embedding", "index": index, "embedding": _coded(made) if coded else made.tolist()}
        for index, made in enumerate(vector(model, text, size) for text in _inputs(call))
    ]
    used = request_tokens(call.body.get("input"))
    usage = {"prompt_tokens": used, "total_tokens": used}
    return plain_answer(call, draw, {"object": "list", "data": data, "model": model, "usage": usage})


def _inputs(call: Call) -> list[str]:
    """Return the inputs as texts; token ids, which some frameworks send, stand for themselves."""
    given: Any = call.body.get("input")
    if not isinstance(given, list):
        return [given if isinstance(given, str) else json.dumps(given)]
    if given and not isinstance(given[0], str | list):
        return [json.dumps(given)]  # one input as a list of tokens
    return [each if isinstance(each, str) else json.dumps(each) for each in given]


def _coded(made: array[float]) -> str:
    if sys.byteorder == "big":
        made = made[:]
        made.byteswap()
    return b64encode(made.tobytes()).decode()
