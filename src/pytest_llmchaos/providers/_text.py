"""Text of simulated answers: made-up sentences."""

from __future__ import annotations

from functools import cache
from itertools import islice

from ..core.draw import Draw
from ..core.tokens import pieces

__all__ = ["prose"]

_FEWEST = 20  # words of an answer


def prose(draw: Draw, limit: int | None = None) -> str:
    """Return two or three made-up sentences of 20 to 40 words, cut to `limit` tokens."""
    words, sentences = 0, ""
    for number in draw.part("prose").bytes(3):
        count, sentence = _sentence(number)
        sentences += f" {sentence}" if words else sentence
        words += count
        if words >= _FEWEST:
            break
    # Each token of these words but the first has two characters at least.
    if limit is None or 2 * limit > len(sentences):
        return sentences
    return "".join(islice(pieces(sentences), max(limit, 1)))


@cache
def _sentence(number: int) -> tuple[int, str]:
    """Return one of 256 sentences, of eight to thirteen words, and how many they are."""
    source = Draw(f"sentence {number}", 0.0)
    words = source.words(source.whole(8, 13))
    return len(words), " ".join(words).capitalize() + "."
