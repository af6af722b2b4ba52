"""What the members of a record must be, for reading journals that others wrote."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .errors import shown

if TYPE_CHECKING:
    from .record import Record

__all__ = ["MEMBERS", "OUTCOMES", "crooked"]

OUTCOMES = ("passed", "failed", "error", "skipped", "xfailed")
_VERDICTS = ("held", "violated", "inconclusive")


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _tables(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _text(value: Any) -> bool:
    return isinstance(value, str)


_LIST = (_texts, "a list of texts")
MEMBERS: dict[str, tuple[Any, str]] = {
    "test": (_text, "a text"),
    "scenarios": _LIST,
    "faults": _LIST,
    "hit": _LIST,
    "tags": (
        lambda value: isinstance(value, dict) and all(_texts(each) for each in value.values()),
        "lists of texts by scenario",
    ),
    "applied": (lambda value: isinstance(value, bool), "true or false"),
    "seed": (lambda value: isinstance(value, int) and not isinstance(value, bool), "a whole number"),
    "clock": (_text, "a text"),
    "replay": (_text, "a text"),
    "outcome": (lambda value: value in OUTCOMES, f"one of {', '.join(OUTCOMES)}"),
    "llm": (lambda value: value in ("calls", "none"), "'calls' or 'none'"),
    "verdicts": (_tables, "a list of objects"),
    "entries": (_tables, "a list of objects"),
    "phases": (_tables, "a list of objects"),
    "virtual": (_number, "a number of seconds"),
    "wall": (_number, "a number of seconds"),
    "cost": (_number, "a number of US dollars"),
    "unpriced": (lambda value: type(value) is int and value >= 0, "a whole number, zero or more"),
}


def crooked(record: Record) -> str:
    """Return what is wrong within a record's lists; empty when all is well."""
    for place, verdict in enumerate(record.verdicts):
        at = f"verdicts[{place}]"
        if not isinstance(verdict.get("check"), str) or not isinstance(verdict.get("reason"), str):
            return f"{at}: needs the texts 'check' and 'reason'"
        if verdict.get("outcome") not in _VERDICTS:
            return f"{at}.outcome: must be one of {', '.join(_VERDICTS)}, got {shown(verdict.get('outcome'))}"
        evidence = verdict.setdefault("evidence", [])
        known = range(len(record.entries))
        if not isinstance(evidence, list) or any(type(each) is not int or each not in known for each in evidence):
            return f"{at}.evidence: must be places in 'entries', got {shown(evidence)}"
        verdict.setdefault("always", False)
    for place, entry in enumerate(record.entries):
        needed = _NEEDED.get(str(entry.get("type")))
        if needed is None:
            return f"entries[{place}].type: must be 'exchange' or 'event', got {shown(entry.get('type'))}"
        for key, (fits, what) in needed.items():
            if not fits(entry.get(key)):
                return f"entries[{place}].{key}: must be {what}, got {shown(entry.get(key))}"
    for place, phase in enumerate(record.phases):
        if not isinstance(phase.get("name"), str) or not _number(phase.get("start")) or not _number(phase.get("end")):
            return f"phases[{place}]: needs a text 'name' and numbers 'start' and 'end'"
    return ""


def _maybe(fits: Any) -> Any:
    return lambda value: value is None or fits(value)


_SECONDS = (_number, "a number of seconds")
_MAYBE_SECONDS = (_maybe(_number), "a number of seconds or null")
_NEEDED: dict[str, dict[str, tuple[Any, str]]] = {
    "exchange": {
        "provider": (_text, "a text"),
        "operation": (_text, "a text"),
        "started": _SECONDS,
        "ended": _MAYBE_SECONDS,
        "status": (_maybe(lambda value: type(value) is int), "a whole number or null"),
        "error": (_maybe(_text), "a text or null"),
        "faults": (_maybe(_texts), "a list of texts"),
        "first_event": _MAYBE_SECONDS,
    },
    "event": {"at": _SECONDS, "kind": (_text, "a text"), "text": (_text, "a text")},
}
