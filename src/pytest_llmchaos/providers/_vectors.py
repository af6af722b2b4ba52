"""Embedding vectors that depend on model and text alone."""

from __future__ import annotations

import math
import sys
from array import array
from functools import lru_cache
from hashlib import shake_256

__all__ = ["vector"]

_MOST_DIMENSIONS = 16_384  # more than any embedding model of today; a bound for nonsense


@lru_cache(maxsize=256)
def vector(model: str, text: str, size: int) -> array[float]:
    """Return the text's vector of that many dimensions.

    It depends on the model and the text alone, not on the seed or the call: an index built in one test fits the
    query of the next. Equal texts are equal, different ones nearly orthogonal, and all have unit length.
    """
    # As with the real models, fewer dimensions are the first ones of the whole vector, scaled to unit length
    # again: a shorter digest is the start of a longer one.
    size = min(size, _MOST_DIMENSIONS)
    digest = shake_256(f"{model}\n{text}".encode("utf-8", "replace")).digest(4 * size)
    numbers = array("i", digest)
    if sys.byteorder == "big":
        numbers.byteswap()
    length = math.sqrt(sum(each * each for each in numbers)) or 1.0
    return array("f", (each / length for each in numbers))
