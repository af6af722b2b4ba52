"""Text of simulated answers: made-up sentences."""

from __future__ import annotations

from functools import cache
from itertools import islice

from ..core.draw import Draw
from ..core.tokens import pieces, tokens

__all__ = ["counted_prose", "prose"]

_FEWEST = 20  # words of an answer


def prose(draw: Draw, limit: int | None = None) -> str:
    """Return two or three made-up sentences of 20 to 40 words, cut to `limit` tokens."""
    return counted_prose(draw, limit)[0]


def counted_prose(draw: Draw, limit: int | None = None) -> tuple[str, int]:
    """Return such sentences, and how many tokens they are."""
    words = count = 0
    sentences = ""
    for number in draw.part("prose").bytes(3):
        sentence, of_words, of_tokens = _sentence(number)
        sentences += f" {sentence}" if words else sentence
        words += of_words
        count += of_tokens
        if words >= _FEWEST:
            break
    # Each token of these words but the first has two characters at least.
    if limit is None or 2 * limit > len(sentences):
        return sentences, count
    cut = "".join(islice(pieces(sentences), max(limit, 1)))
    return cut, tokens(cut)


@cache
def _sentence(number: int) -> tuple[str, int, int]:
    """Return one of 256 sentences, of eight to thirteen words, how many words and how many tokens they are."""
    source = Draw(f"sentence {number}", 0.0)
    words = source.words(source.whole(8, 13))
    sentence = " ".join(words).capitalize() + "."
    return sentence, len(words), tokens(sentence)
