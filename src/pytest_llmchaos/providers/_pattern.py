"""Text that matches a regular expression, for the `pattern` of a JSON schema."""

from __future__ import annotations

import re

# The standard library's own regex parser, which has no public door.
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from random import Random

__all__ = ["matching"]

_MORE = 3  # how far above its minimum a repeat goes
_LONG = 1_000  # a repeat that must be longer is not worth its memory
_CLASSES = {
    op.CATEGORY_DIGIT: "0123456789",
    op.CATEGORY_SPACE: " ",
    op.CATEGORY_WORD: "abcdefghijklmnopqrstuvwxyz0123456789_",
    op.CATEGORY_NOT_DIGIT: "abcdefghijklmnopqrstuvwxyz",
    op.CATEGORY_NOT_SPACE: "abcdefghijklmnopqrstuvwxyz",
    op.CATEGORY_NOT_WORD: " -.",
}
_PRINTABLE = "".join(map(chr, range(32, 127)))


def matching(pattern: str, rng: Random) -> str | None:
    """Return a text in which the pattern is found; None where we cannot make one (look-arounds, say)."""
    try:
        made = _all(_parser.parse(pattern), rng, {})
        return made if re.search(pattern, made) else None
    except (re.error, LookupError, NotImplementedError, RecursionError, OverflowError):
        return None


def _all(items: Any, rng: Random, groups: dict[int, str]) -> str:
    return "".join(_one(kind, value, rng, groups) for kind, value in items)


def _one(kind: Any, value: Any, rng: Random, groups: dict[int, str]) -> str:
    if kind is op.LITERAL:
        return chr(value)
    if kind is op.NOT_LITERAL:
        return rng.choice(_PRINTABLE.replace(chr(value), ""))
    if kind is op.ANY:
        return rng.choice("abcdefghijklmnopqrstuvwxyz")
    if kind is op.IN:
        return rng.choice(_set(value))
    if kind is op.BRANCH:
        return _all(rng.choice(value[1]), rng, groups)
    if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
        least, most, items = value
        if least > _LONG:
            raise NotImplementedError(least)
        times = rng.randint(least, min(most, least + _MORE))
        return "".join(_all(items, rng, groups) for _ in range(times))
    if kind is op.SUBPATTERN:
        number, _, _, items = value
        made = _all(items, rng, groups)
        if number is not None:
            groups[number] = made
        return made
    if kind is op.GROUPREF:
        return groups[value]
    if kind is op.AT:
        return ""
    raise NotImplementedError(kind)


def _set(items: Any) -> str:
    found, negated = "", False
    for kind, value in items:
        if kind is op.NEGATE:
            negated = True
        elif kind is op.LITERAL:
            found += chr(value)
        elif kind is op.RANGE:
            # A few of a wide range do; the whole of one may be a million characters.
            found += "".join(map(chr, range(value[0], min(value[1], value[0] + 99) + 1)))
        else:
            found += _CLASSES[value]
    return "".join(each for each in _PRINTABLE if each not in found) if negated else found
