"""How sure the model was of each token: the log probabilities of the OpenAI dialect."""

from __future__ import annotations

import math
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from ..core.tokens import pieces
from ._read import positive

__all__ = ["logprobs", "wanted"]

_MOST = 20  # the API's own limit of `top_logprobs`
_OTHERS = (" the", " a", " and", " to", " of", " in", " it", " is", " that", " for", ".", ",", "\n", " I", " you", "s")


def wanted(body: Mapping[str, Any]) -> int | None:
    """Return how many alternatives to each token a chat request wants; None where it wants no probabilities."""
    if body.get("logprobs") is not True:
        return None
    return min(positive(body.get("top_logprobs")) or 0, _MOST)


def logprobs(text: str, alternatives: int, *, refused: bool = False) -> dict[str, Any]:
    """Return the probabilities of the tokens of a text.

    They depend on the token alone, and those of a token and its alternatives add up to less than one.

    Args:
        text: what the model says.
        alternatives: how many of the most likely tokens to tell at each place, the one that was taken among them.
        refused: whether the text is a refusal, whose tokens stand in a member of their own.
    """
    told = [_token(each, alternatives) for each in pieces(text)]
    return {"content": None if refused else told, "refusal": told if refused else None}


def _token(token: str, alternatives: int) -> dict[str, Any]:
    chance = int.from_bytes(blake2b(token.encode("utf-8", "replace"), digest_size=4).digest()) / 2**32
    sure = 0.55 + 0.44 * chance
    others = [each for each in _OTHERS if each != token]
    top = [(token, sure), *((each, (1 - sure) / 2 ** (1 + index)) for index, each in enumerate(others))]
    return {**_entry(token, sure), "top_logprobs": [_entry(*each) for each in top[:alternatives]]}


def _entry(token: str, chance: float) -> dict[str, Any]:
    return {"token": token, "logprob": round(math.log(chance), 8), "bytes": list(token.encode("utf-8", "replace"))}
