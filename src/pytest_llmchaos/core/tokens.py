"""Rough counts of tokens, in texts and in requests, and a text in pieces of about a token."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["pieces", "request_tokens", "tokens"]

# A piece is a short word with the blanks before it, or part of a long one: about what a tokenizer does.
_BLANKS, _LETTERS = 16, 8
_PIECE = re.compile(rf"\s{{0,{_BLANKS}}}\S{{1,{_LETTERS}}}|\s{{1,{_BLANKS}}}")
_MEDIA_TOKENS = 255  # a small image; its base64 length says nothing about its price
_LONG = 65536  # characters; the pieces of a longer text are never held all at once
_FRAME_TOKENS = 3  # what roles and separators cost, per string


def pieces(text: str) -> Iterator[str]:
    """Yield the text in pieces of about one token each; joined they are the text again."""
    return (match[0] for match in _PIECE.finditer(text))


def tokens(text: str) -> int:
    """Return roughly how many tokens the text is: the number of its pieces."""
    if len(text) > _LONG:
        return sum(1 for _ in _PIECE.finditer(text))
    lengths = list(map(len, text.split()))
    blanks = len(text) - sum(lengths)
    if blanks > len(lengths) + _BLANKS - 2 or text[-1:].isspace():  # a run of blanks may be pieces of its own
        return len(_PIECE.findall(text))
    return len(lengths) + sum([(each - 1) // _LETTERS for each in lengths if each > _LETTERS])


def request_tokens(*parts: Any) -> int:
    """Return roughly how many tokens these members of a request are, at least one.

    Walks without recursion: a request may be nested as deep as the JSON parser allows.
    """
    total = 0
    todo = list(parts)
    while todo:
        part = todo.pop()
        kind = type(part)  # of what JSON gives, first: each call's request is counted, and to ask by class takes longer
        if kind is str:
            total += _MEDIA_TOKENS if part[:5] == "data:" else len(part) // 4 + _FRAME_TOKENS
        elif kind is list:
            todo += part
        elif kind is dict or isinstance(part, Mapping):
            if part.get("type") == "base64":
                total += _MEDIA_TOKENS
            else:
                todo += part.values()
        elif isinstance(part, tuple):
            todo += part
        elif part is not None:
            total += 1
    return max(total, 1)
