"""Embeddings of the OpenAI dialect."""

from __future__ import annotations

import json
import math
import sys
from array import array
from base64 import b64encode
from functools import lru_cache
from hashlib import shake_256
from typing import TYPE_CHECKING, Any

from ._openai_wire import plain_answer
from ._read import positive
from ._text import request_tokens

if TYPE_CHECKING:
    from ..call import Call
    from ..draw import Draw
    from ..plan import Answer

__all__ = ["embeddings"]

_DIMENSIONS = {"text-embedding-3-small": 1536, "text-embedding-3-large": 3072, "text-embedding-ada-002": 1536}
_OTHERWISE = 1536
_MOST_DIMENSIONS = 16_384  # more than any embedding model of today; a bound for nonsense


def embeddings(call: Call, draw: Draw) -> Answer:
    """Answer `POST /v1/embeddings`.

    A vector depends on the model and the text alone, not on the seed or the call: an index built in one test
    fits the query of the next. Equal texts are equal, different ones nearly orthogonal, and all have unit
    length.
    """
    model = call.model or "text-embedding-3-small"
    size = positive(call.body.get("dimensions")) or _DIMENSIONS.get(model, _OTHERWISE)
    coded = call.body.get("encoding_format") == "base64"  # the SDK's default; the API's own is `float`
    data = [
        {"object": "embedding", "index": index, "embedding": _coded(vector) if coded else vector.tolist()}
        for index, vector in enumerate(_vector(model, text, min(size, _MOST_DIMENSIONS)) for text in _inputs(call))
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


@lru_cache(maxsize=256)
def _vector(model: str, text: str, size: int) -> array[float]:
    # As with the real models, fewer dimensions are the first ones of the whole vector, scaled to unit length
    # again: a shorter digest is the start of a longer one.
    digest = shake_256(f"{model}\n{text}".encode("utf-8", "replace")).digest(4 * size)
    numbers = array("i", digest)
    if sys.byteorder == "big":
        numbers.byteswap()
    length = math.sqrt(sum(each * each for each in numbers)) or 1.0
    return array("f", (each / length for each in numbers))


def _coded(vector: array[float]) -> str:
    if sys.byteorder == "big":
        vector = vector[:]
        vector.byteswap()
    return b64encode(vector.tobytes()).decode()
