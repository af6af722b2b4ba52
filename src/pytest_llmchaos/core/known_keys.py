"""API keys known by their value, for those that have no form of their own: what calls of this process came with, and
what stands in environment variables that name a credential. In memory only.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

from . import locks
from .multi_search import MultiSearch

__all__ = ["beginning", "hide", "know", "know_environment", "spellings", "worth_searching"]

_SHORTEST = 20  # no vendor's key is shorter; `test-key` and its like are words, not secrets
_FEWEST_SIGNS = 8
_PLAIN = re.compile(r"[a-z]+(?:[-_ ][a-z]+)*", re.IGNORECASE)  # words only: a placeholder
_PLACE = re.compile(r"[/~.]|[A-Za-z]:\\|[^\s]*://|[^\s]*\s")  # a variable may name the file that holds the key
_MOST = 20_000  # keys that are known at once: far more than any app has, and few enough to hold

_lock = locks.lock()
_known: dict[str, None] = {}
_begins: MultiSearch[str] = MultiSearch()
_written: dict[str, dict[str, None]] = {}
_seen: dict[str, str] = {}
_environment: dict[Any, Any] | None = None


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
    with _lock:
        if len(_known) >= _MOST:
            _forget(_MOST // 2)
        _learn(key)


def _learn(key: str) -> None:
    _known[key] = None
    for written in spellings(key):
        begins = beginning(written).lower()
        _written.setdefault(begins, {})[written] = None
        _begins.add(begins)


def _forget(most: int) -> None:
    """Forget the oldest keys."""
    global _begins, _written, _environment
    kept = list(_known)[-most:]
    _known.clear()
    _begins, _written = MultiSearch(), {}
    _seen.clear()  # what stands in the environment is looked at again
    _environment = None
    for key in kept:
        _learn(key)


def know_environment(names_secret: Callable[[str], bool]) -> None:
    """Take what stands in the environment under names of credentials for keys."""
    global _environment
    raw = getattr(os.environ, "_data", os.environ)  # a plain dictionary: reading by name decodes each anew
    if raw == _environment:
        return
    now = dict(raw)
    for name, value in os.environ.items():
        if _seen.get(name) != value:  # most were looked at before
            _seen[name] = value
            if names_secret(name) and not _PLACE.match(value):
                know(value)
    _environment = now  # last, as an interrupt must not hide the rest


def hide(text: str, lower: str, sign: str) -> str:
    """Return the text with `sign` in the place of each known key, or of a long beginning of one.

    Args:
        text: what is to be shown.
        lower: the same in lower case.
        sign: stands for a key.
    """
    for begins in _begins.found_in(lower):
        for written in tuple(_written.get(begins, ())):
            text = _pattern(written).sub(sign, text)
    return text


@lru_cache(maxsize=256)
def _pattern(written: str) -> re.Pattern[str]:
    """Return what finds a key as it is written so, or a long beginning of it."""
    begins = beginning(written)
    return re.compile(
        rf"{re.escape(begins)}(?:{re.escape(written[len(begins) :])}|[A-Za-z0-9_-]*)",
        re.IGNORECASE,
    )
