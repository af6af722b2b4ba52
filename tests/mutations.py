"""Valid input, changed: in its bytes and in its structure, the same for the same seed."""

# ruff: noqa: E501 - a table reads best on one line
from __future__ import annotations

import copy
import json
import math
import random
from collections.abc import Callable
from typing import Any

__all__ = ["ODD", "as_json", "bytes_of", "structure"]

HUGE = 10**400
ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**63, HUGE, -HUGE, 0.5, 1e308, -0.0, math.inf, -math.inf, math.nan, "", " ", "x", "\0",
    "\x1b]0;t\x07", "\u202e", "\ud800", "é" * 40, "9" * 5000, "x" * 3000, "-5s", "1e9s", "100%", "*", "/", "a:b:c", "../x.yaml",
    "openai", "openai-outage", "tag:", "passed", "chat", [], {}, [[]], [None], [[[[[[[[[[]]]]]]]]]], {"": ""}, {"x": {"x": {}}},
    {"fault": "outage"}, {"distribution": "uniform"},
)  # fmt: skip
"""Values that no place expects, or another one does."""

PIECES = (
    b"", b"\0", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\xe2\x80\xa8", b"\n", b"\r\n", b"\t", b" ", b"'", b'"', b"\\", b"\\u00",
    b"{", b"}", b"[", b"]", b":", b",", b"=", b"#", b"- ", b"&a ", b"*a", b"<<: ", b"!!int ", b"---\n", b"null", b"NaN", b"-Infinity",
    b"1e999", b"9" * 500, b"-", b".", b"[[", b"]]", b"true", b"[tool.llmchaos]\n", b"1979-05-27", b"0x", b'"""', b"'''",
)  # fmt: skip


def bytes_of(data: bytes, chance: random.Random) -> bytes:
    """Return data with pieces cut, doubled, moved, flipped or put in, at one to four places."""
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(data) + 1)
        end = min(start + chance.choice((0, 0, 1, 1, 2, 8, 60)), len(data))
        way = chance.randrange(5)
        if way == 0:
            data = data[:start] + data[end:]
        elif way == 1:
            data = data[:end] + data[start:]
        elif way == 2 and start < len(data):
            data = data[:start] + bytes([data[start] ^ (1 << chance.randrange(8))]) + data[start + 1 :]
        elif way == 3:
            data = data[:start] + chance.choice(PIECES) + data[end:]
        else:
            at = chance.randrange(len(data) + 1)
            data = data[:at] + data[start:end] + data[at:]
    return data


def structure(value: Any, chance: random.Random, odd: tuple[Any, ...] = ODD) -> Any:
    """Return a copy of lists and mappings with members replaced, removed, doubled, renamed or swapped, at up to 3."""
    value = copy.deepcopy(value)
    for _ in range(chance.randint(1, 3)):
        places = list(_places(value))
        if not places:
            return chance.choice(odd)
        holder, key = chance.choice(places)
        _CHANGES[chance.randrange(len(_CHANGES))](holder, key, chance, odd)
    return value


def as_json(value: Any) -> bytes:
    """Write it as JSON, which is YAML too; what JSON cannot hold is written as Python does."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _places(value: Any):
    held = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in held:
        yield value, key
        yield from _places(each)


def _replace(holder: Any, key: Any, chance: random.Random, odd: tuple[Any, ...]) -> None:
    holder[key] = copy.deepcopy(chance.choice(odd))


def _remove(holder: Any, key: Any, chance: random.Random, odd: tuple[Any, ...]) -> None:
    del holder[key]


def _double(holder: Any, key: Any, chance: random.Random, odd: tuple[Any, ...]) -> None:
    if isinstance(holder, list):
        holder.insert(key, copy.deepcopy(holder[key]))
    else:
        holder[f"{key}_"] = copy.deepcopy(holder[key])


def _rename(holder: Any, key: Any, chance: random.Random, odd: tuple[Any, ...]) -> None:
    if isinstance(holder, dict) and isinstance(key, str) and key:
        at = chance.randrange(len(key))
        holder[key[:at] + chance.choice("axz_-. \0") + key[at + 1 :]] = holder.pop(key)


def _wrap(holder: Any, key: Any, chance: random.Random, odd: tuple[Any, ...]) -> None:
    holder[key] = [holder[key]] if chance.random() < 0.5 else {"x": holder[key]}


def _grow(holder: Any, key: Any, chance: random.Random, odd: tuple[Any, ...]) -> None:
    value = holder[key]
    if isinstance(value, bool) or not isinstance(value, int | float):
        holder[key] = value * 3 if isinstance(value, str | list) else value
    else:
        holder[key] = value * chance.choice((-1, 0, 10**18, HUGE)) if isinstance(value, int) else value * 1e300


_CHANGES: tuple[Callable[..., None], ...] = (_replace, _replace, _replace, _remove, _double, _rename, _wrap, _grow)
