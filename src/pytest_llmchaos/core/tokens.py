"""Rough counts of tokens, in texts and in requests, and a text in pieces of about a token."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["pieces", "request_tokens", "tokens"]

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
