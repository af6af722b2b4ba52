"""Text of simulated answers: made-up sentences, the pieces that a stream sends, and rough token counts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..draw import Draw

__all__ = ["pieces", "prose", "request_tokens", "tokens"]

# A piece is a short word with the blanks before it, or part of a long one: about what a tokenizer does.
_PIECE = re.compile(r"\s{0,16}\S{1,8}|\s{1,16}")
_MEDIA_TOKENS = 255  # a small image; its base64 length says nothing about its price
_FRAME_TOKENS = 3  # what roles and separators cost, per string


def pieces(text: str) -> Iterator[str]:
    """Yield the text in pieces of about one token each; joined they are the text again."""
    return (match[0] for match in _PIECE.finditer(text))


def tokens(text: str) -> int:
    """Return roughly how many tokens the text is: the number of its pieces."""
    return sum(1 for _ in _PIECE.finditer(text))


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


def request_tokens(*parts: Any) -> int:
    """Return roughly how many tokens these members of a request are, at least one.

    Walks without recursion: a request may be nested as deep as the JSON parser allows.
    """
    total = 0
    todo = list(parts)
    while todo:
        part = todo.pop()
        if isinstance(part, str):
            total += _MEDIA_TOKENS if part.startswith("data:") else len(part) // 4 + _FRAME_TOKENS
        elif isinstance(part, Mapping):
            if part.get("type") == "base64":
                total += _MEDIA_TOKENS
            else:
                todo.extend(part.values())
        elif isinstance(part, list | tuple):
            todo.extend(part)
        elif part is not None:
            total += 1
    return max(total, 1)
