"""Cohere's embeddings and reranking, at its own API and at Bedrock."""

from __future__ import annotations

import struct
from base64 import b64encode
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from ._read import mapping, mappings, positive
from ._vectors import vector

__all__ = ["documents", "embeddings", "inputs", "rerank"]

_DIMENSIONS = {"light": 384, "v3": 1024, "v4": 1536}
_OTHERWISE = 1024
_HALF = 128  # of a byte's values, between signed and unsigned ones


def inputs(body: Mapping[str, Any]) -> list[str]:
    """Return what is to be embedded: texts, or mixed inputs and images that stand for themselves."""
    texts = body.get("texts")
    if isinstance(texts, list) and texts:
        return [each if isinstance(each, str) else repr(each) for each in texts]
    mixed = [repr(sorted(each.items())) for each in mappings(body.get("inputs"))]
    images = body.get("images")
    return mixed or [str(each) for each in (images if isinstance(images, list) else [])]


def embeddings(model: str, body: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Return the embeddings by the types that are asked for, `float` where none is.

    A vector depends on the model and the text alone, not on the seed or the call.
    """
    size = positive(body.get("output_dimension")) or next(
        (size for mark, size in _DIMENSIONS.items() if mark in model), _OTHERWISE
    )
    made = [vector(model, each, size).tolist() for each in inputs(body)]
    kinds = body.get("embedding_types")
    kinds = [each for each in kinds if isinstance(each, str) and each in _AS] if isinstance(kinds, list) else []
    return {kind: [_AS[kind](each) for each in made] for kind in kinds or ["float"]}


def _as_signed(values: list[float]) -> list[int]:
    most = max(map(abs, values)) or 1.0
    return [round(each / most * (_HALF - 1)) for each in values]


def _as_bits(values: list[float]) -> list[int]:
    whole = len(values) - len(values) % 8
    return [sum((value > 0) << (7 - bit) for bit, value in enumerate(values[at : at + 8])) for at in range(0, whole, 8)]


_AS: dict[str, Any] = {
    "float": lambda values: values,
    "int8": _as_signed,
    "uint8": lambda values: [each + _HALF for each in _as_signed(values)],
    "binary": lambda values: [each - _HALF for each in _as_bits(values)],
    "ubinary": _as_bits,
    "base64": lambda values: b64encode(_packed(values)).decode(),
}


def _packed(values: list[float]) -> bytes:
    return struct.pack(f"<{len(values)}f", *values)


def documents(body: Mapping[str, Any]) -> list[str]:
    """Return the documents that are to be ranked, as texts."""
    given = body.get("documents")
    listed = given if isinstance(given, list) else []
    return [each if isinstance(each, str) else str(mapping(each).get("text", each)) for each in listed]


def rerank(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return index and relevance of the best documents, best first.

    Those that share more words with the query come first; what share nothing keep an order that depends on
    their text alone.
    """
    wanted = set(str(body.get("query") or "").lower().split())
    scored = sorted(
        ((_score(wanted, text), index) for index, text in enumerate(documents(body))),
        key=lambda each: (-each[0], each[1]),
    )
    most = positive(body.get("top_n")) or len(scored)
    return [{"index": index, "relevance_score": score} for score, index in scored[:most]]


def _score(wanted: set[str], text: str) -> float:
    shared = len(wanted & set(text.lower().split())) / (len(wanted) or 1)
    chance = int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=4).digest()) / 2**32
    return round(0.9 * shared + 0.09 * chance, 7)
