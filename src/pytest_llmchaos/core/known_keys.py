"""API keys known by their value, for those that have no form of their own: what calls of this process came with, and
what stands in environment variables that name a credential. In memory only.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus

__all__ = ["beginning", "hide", "know", "know_environment", "spellings", "worth_searching"]

_SHORTEST = 20  # no vendor's key is shorter; `test-key` and its like are words, not secrets
_FEWEST_SIGNS = 8
_PLAIN = re.compile(r"[a-z]+(?:[-_ ][a-z]+)*", re.IGNORECASE)  # words only: a placeholder
_PLACE = re.compile(r"[/~.]|[A-Za-z]:\\|[^\s]*://|[^\s]*\s")  # a variable may name the file that holds the key
_MOST = 256

_known: dict[str, tuple[tuple[str, re.Pattern[str]], ...]] = {}


def worth_searching(key: str) -> bool:
    """Tell whether a text is a key for sure, and no word that stands for one."""
    return len(key) >= _SHORTEST and len(set(key)) >= _FEWEST_SIGNS and not _PLAIN.fullmatch(key)


def beginning(key: str) -> str:
    """Return so much of a key that it tells the key to whoever guesses the rest, and that no other key begins with."""
    return key[: max(16, len(key) * 3 // 5)]


def spellings(text: str) -> list[str]:
    """Return the ways in which JSON and URLs write a text, itself first."""
    return list(dict.fromkeys((text, json.dumps(text)[1:-1], quote(text, safe=""), quote_plus(text))))


def know(key: str) -> None:
    """Take a text for a key from now on, unless it is a word that stands for one."""
    if key in _known or not worth_searching(key):
        return
    while len(_known) >= _MOST:
        _known.pop(next(iter(_known)), None)
    _known[key] = tuple(_forms(key))


def know_environment(names_secret: Callable[[str], bool]) -> None:
    """Take what stands in the environment under names of credentials for keys."""
    for name, value in os.environ.items():
        if names_secret(name) and not _PLACE.match(value):
            know(value)


def hide(text: str, lower: str, sign: str) -> str:
    """Return the text with `sign` in the place of each known key, or of a long beginning of one.

    Args:
        text: what is to be shown.
        lower: the same in lower case.
        sign: stands for a key.
    """
    for forms in tuple(_known.values()):
        for begins, pattern in forms:
            if begins in lower:
                text = pattern.sub(sign, text)
    return text


def _forms(key: str) -> Iterator[tuple[str, re.Pattern[str]]]:
    """Yield the ways in which a key is written: how each begins in lower case, and what finds it."""
    for written in spellings(key):
        begins = beginning(written)
        pattern = rf"{re.escape(begins)}(?:{re.escape(written[len(begins) :])}|[A-Za-z0-9_-]*)"
        yield begins.lower(), re.compile(pattern, re.IGNORECASE)
