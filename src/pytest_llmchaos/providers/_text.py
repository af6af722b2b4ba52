"""Text of simulated answers: made-up sentences."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from ..core.tokens import pieces

if TYPE_CHECKING:
    from ..core.draw import Draw

__all__ = ["prose"]


def prose(draw: Draw, limit: int | None = None) -> str:
    """Return two to four made-up sentences of about 20 to 40 words, cut to `limit` tokens."""
    source = draw.part("prose")
    words = source.words(source.whole(20, 40))
    sentences, start = [], 0
    while start < len(words):
        end = start + source.whole(8, 13)
        if len(words) - end < 4:  # no sentence of two words at the end
            end = len(words)
        sentences.append(" ".join(words[start:end]).capitalize() + ".")
        start = end
    text = " ".join(sentences)
    return text if limit is None else "".join(islice(pieces(text), max(limit, 1)))
