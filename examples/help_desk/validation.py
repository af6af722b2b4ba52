"""Whether an answer is one: what a model says is input from outside, also when the status was 200."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from .work import CATEGORIES, TOOL, Reply, Work

__all__ = ["Unusable", "check", "check_vector", "tool_arguments"]

_FOREIGN = frozenset(("le", "la", "les", "des", "une", "est", "vous", "votre", "dans", "der", "das", "und", "nicht"))
"""Everyday words of languages that the shop's customers do not write in."""
_DIMENSIONS = 1536


class Unusable(ValueError):
    """The answer is no good."""


def check(reply: Reply, work: Work, asked: str) -> None:
    """Make sure that a reply answers the work.

    Args:
        reply, work: what came, and for what.
        asked: the model that was asked; another one may be dearer, smaller or not approved.

    Raises:
        Unusable: it does not.
    """
    if reply.model and not reply.model.startswith(asked):
        raise Unusable(f"{reply.model} answered, and {asked} was asked")
    if not reply.whole:
        raise Unusable("the answer broke off")
    if reply.tool is not None:
        tool_arguments(reply, work)
    elif work.kind == "structured":
        _check_mail(reply)
    else:
        _check_words(reply.text)


def tool_arguments(reply: Reply, work: Work) -> dict[str, Any]:
    """Return what the model wants to look up.

    Raises:
        Unusable: it calls a tool that it was not offered, or with arguments that are none.
    """
    name, raw = reply.tool or ("", "")
    if work.kind != "tools" or name != TOOL:
        raise Unusable(f"there is no tool {name!r}")
    try:
        arguments = json.loads(raw)
    except ValueError:
        raise Unusable("the arguments of the tool are no JSON") from None
    if not isinstance(arguments, dict) or set(arguments) != {"order"} or not isinstance(arguments["order"], str):
        raise Unusable("the arguments of the tool do not fit it")
    return arguments


def check_vector(vector: list[float]) -> None:
    """Make sure that a vector belongs to the index: its length, and that it points anywhere.

    Raises:
        Unusable: it does not.
    """
    if len(vector) != _DIMENSIONS:
        raise Unusable(f"{len(vector)} dimensions instead of {_DIMENSIONS}")
    if not math.isclose(math.hypot(*vector), 1.0, abs_tol=0.01):
        raise Unusable("the vector is not of unit length")


def _check_mail(reply: Reply) -> None:
    try:
        data = reply.data()
    except ValueError:
        raise Unusable("no JSON") from None
    if not isinstance(data, dict) or set(data) != {"category", "urgent"}:
        raise Unusable("other members than asked for")
    if data["category"] not in CATEGORIES or not isinstance(data["urgent"], bool):
        raise Unusable("values that the schema does not allow")


def _check_words(text: str) -> None:
    words = re.findall(r"[^\W\d_]+", text.lower())
    if not words:
        raise Unusable("no words")
    if any(ord(each) > 0x24F and each.isalpha() for each in text):
        raise Unusable("another script")
    if sum(word in _FOREIGN for word in words) * 8 > len(words):
        raise Unusable("another language")
    if not re.search(r"[.!?)\"']\Z", text):
        raise Unusable("the last sentence has no end")
    if len(words) > 40 and len(set(words)) * 4 < len(words):
        raise Unusable("the same words again and again")
