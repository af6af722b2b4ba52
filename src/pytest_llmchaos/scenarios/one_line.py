"""An injection in one line, much as reports tell it: what people type in the middle of an outage."""

from __future__ import annotations

import ast
import re
from typing import Any

from .. import faults
from ..core.errors import ParameterError, UsageProblem, near, shown
from ..faults import Injection

__all__ = ["injection_of"]

_FORM = "expected a fault and what it hits, such as 'outage -> openai, 30%' or 'latency(20s) -> anthropic:chat'"
_SHAPE = re.compile(r"(?P<name>[A-Za-z_]\w*)\s*(?:\((?P<arguments>.*)\))?\s*(?:->\s*(?P<aim>.*))?", re.DOTALL)
_LONGEST = 1000
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*%")


def injection_of(text: str) -> Injection:
    """Read `FAULT[(PARAMETERS)] [-> TARGET [+ TARGET]] [RATE%] [, CONDITION VALUE]`.

    Raises:
        UsageProblem: it is not of that form, or names an unknown fault, parameter, target or condition.
    """
    found = _SHAPE.fullmatch(text.strip()) if len(text) <= _LONGEST else None
    if found is None:
        raise UsageProblem(f"{shown(text)} is no injection; {_FORM}")
    name = found["name"]
    if name not in faults.names():
        raise UsageProblem(f"{shown(name)} is not a fault{near(name, faults.names())}; {_FORM}")
    if found["aim"] is not None and not found["aim"].strip():
        raise UsageProblem(f"{text.strip()}: nothing stands behind the arrow; '-> *' hits all providers")
    given, named = _arguments(found["arguments"] or "", text)
    named |= _conditions(found["aim"] or "", text)
    try:
        injection = faults.find(name)(*given, **named)
    except ParameterError as problem:
        raise UsageProblem(f"{text.strip()}: {problem}") from None
    except TypeError as problem:
        raise UsageProblem(f"{text.strip()}: {str(problem).replace('()', '', 1)}") from None
    return injection


def _arguments(text: str, whole: str) -> tuple[list[Any], dict[str, Any]]:
    given: list[Any] = []
    named: dict[str, Any] = {}
    for part in _split(text, ","):
        name, equals, value = part.partition("=")
        if equals and name.strip().isidentifier():
            named[name.strip()] = _value(value)
        elif named:
            raise UsageProblem(f"{whole.strip()}: {shown(part.strip())} stands behind a parameter with a name")
        else:
            given.append(_value(part))
    return given, named


def _conditions(text: str, whole: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if not text.strip():
        return found
    aim, *conditions = _split(text, ",")
    if rate := _RATE.search(aim):
        conditions.append(rate[0])
        aim = aim[: rate.start()] + aim[rate.end() :]
    targets = [each.strip() for each in aim.split("+")]
    found["target"] = targets[0] if len(targets) == 1 else targets
    for condition in conditions:
        if _RATE.fullmatch(condition.strip()):
            found["rate"] = condition.strip().replace(" ", "")
            continue
        name, _, value = condition.strip().partition(" ")
        if not value.strip():
            raise UsageProblem(
                f"{whole.strip()}: {shown(condition.strip())} is no condition such as 'calls 1-3' or '30%'"
            )
        found[name] = _value(value)
    return found


def _split(text: str, mark: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for at, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        if sign == mark and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    parts.append(text[start:])
    return [each for each in parts if each.strip()]


def _value(text: str) -> Any:
    """Read a number, a truth value or a quoted text as Python does; everything else is text: `20s`, `openai`."""
    text = text.strip()
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text
