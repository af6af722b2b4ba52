"""What the members of a record must be: for reading journals that others wrote, and for the journal's JSON Schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..core.errors import shown

if TYPE_CHECKING:
    from .record import Record

__all__ = ["MEMBERS", "OUTCOMES", "PARTS", "RUN", "Member", "Shape", "crooked", "misfit"]

OUTCOMES = ("passed", "failed", "error", "skipped", "xfailed")


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of value: the test that it passes, its name for messages, and its JSON Schema."""

    fits: Callable[[Any], bool]
    what: str
    schema: Mapping[str, Any]

    def or_null(self) -> Shape:
        """Return the same, or null."""
        schema = {**self.schema, "type": [self.schema["type"], "null"]}
        return Shape(lambda value: value is None or self.fits(value), f"{self.what} or null", schema)


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an object: what it must be, what it tells, and whether a reader can do without it."""

    shape: Shape
    about: str
    needed: bool = False


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


_MOST = 1e300
"""A number that is larger was never measured, and cannot be reckoned with."""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -_MOST <= value <= _MOST


def _is_integer(value: Any) -> bool:
    return type(value) is int and -_MOST <= value <= _MOST


def _is_count(value: Any) -> bool:
    return _is_integer(value) and value >= 0


def _choice(*words: str, what: str = "") -> Shape:
    return Shape(lambda value: value in words, what or f"one of {', '.join(words)}", {"enum": list(words)})


_STRING: Mapping[str, Any] = {"type": "string"}
TEXT = Shape(lambda value: isinstance(value, str), "a text", _STRING)
TEXTS = Shape(_is_texts, "a list of texts", {"type": "array", "items": _STRING})
BOOLEAN = Shape(lambda value: isinstance(value, bool), "true or false", {"type": "boolean"})
INTEGER = Shape(_is_integer, "a whole number", {"type": "integer"})
SEED = Shape(lambda value: type(value) is int, "a whole number", {"type": "integer"})
COUNT = Shape(_is_count, "a whole number, zero or more", {"type": "integer", "minimum": 0})
VERSION = Shape(
    lambda value: _is_count(value) and value > 0, "a whole number from 1", {"type": "integer", "minimum": 1}
)
SECONDS = Shape(_is_number, "a number of seconds", {"type": "number"})
DOLLARS = Shape(_is_number, "a number of US dollars", {"type": "number"})
TAGS = Shape(
    lambda value: isinstance(value, dict) and all(_is_texts(each) for each in value.values()),
    "lists of texts by scenario",
    {"type": "object", "additionalProperties": TEXTS.schema},
)
OUTCOME = _choice("held", "violated", "inconclusive")
PLACES = Shape(
    lambda value: isinstance(value, list) and all(_is_count(each) for each in value),
    "places in 'entries'",
    {"type": "array", "items": COUNT.schema},
)


def _objects(*parts: str) -> Shape:
    known = [{"$ref": f"#/definitions/{each}"} for each in parts]
    items = known[0] if len(known) == 1 else {"oneOf": known}
    return Shape(
        lambda value: isinstance(value, list) and all(isinstance(each, dict) for each in value),
        "a list of objects",
        {"type": "array", "items": items},
    )


MEMBERS: Mapping[str, Member] = {
    "schema": Member(VERSION, "The version of the format.", True),
    "test": Member(TEXT, "The test's node id.", True),
    "scenarios": Member(TEXTS, "Names of the scenarios that it ran under, in order."),
    "faults": Member(TEXTS, "The faults written in the test itself."),
    "hit": Member(TEXTS, "Those of the scenarios of which a fault hit a call."),
    "unmet": Member(
        TAGS, "What of each scenario struck no call, as 'phase: fault -> target'; all of it for one not hit."
    ),
    "tags": Member(TAGS, "The tags of each scenario, by its name."),
    "applied": Member(BOOLEAN, "Whether --llmchaos or --llmchaos-matrix put the scenarios on the test."),
    "off": Member(TEXT, "Why the test keeps out of chaos; empty where it does not."),
    "seed": Member(SEED, "What all chance of the run came from."),
    "clock": Member(TEXT, "'virtual' or 'real'."),
    "replay": Member(TEXT, "The command that plays it again; may be empty."),
    "outcome": Member(_choice(*OUTCOMES), "How the test ended; 'error': in setup or teardown, or its process died."),
    "raised": Member(BOOLEAN, "Whether the test's own code failed, and not only what the checks found."),
    "llm": Member(_choice("calls", "none", what="'calls' or 'none'"), "Whether the test made any LLM call."),
    "unseen": Member(TEXTS, "Programs that it started and that chaos cannot see into, by name."),
    "verdicts": Member(_objects("verdict"), "What was judged."),
    "entries": Member(_objects("exchange", "event"), "Calls and events in order of time."),
    "phases": Member(_objects("phase"), "The stretches of scenario time that came."),
    "virtual": Member(SECONDS, "How long it took, in seconds of run time."),
    "wall": Member(SECONDS, "How long it took, in seconds of real time."),
    "cost": Member(DOLLARS, "What its calls cost, as far as tokens and prices are known."),
    "unpriced": Member(COUNT, "Calls that cost something of which the price is not known."),
    "run": Member(TEXT, "Which run it is of: what the two lines of that run have too."),
}
"""The members of a record, one line of a journal."""

RUN: Mapping[str, Member] = {
    "schema": Member(VERSION, "The version of the format.", True),
    "run": Member(TEXT, "What the two lines of a run have in common.", True),
    "command": Member(TEXT, "A digest of the command: a later run of the same takes the place of this one."),
    "ended": Member(BOOLEAN, "True in the second line: the run came to its end, or told why not."),
    "problem": Member(TEXT, "What kept evidence from coming to be, as where the run was interrupted."),
}
"""The members of the two lines that a run writes, one before its tests and one behind them."""

PARTS: Mapping[str, Mapping[str, Member]] = {
    "verdict": {
        "check": Member(TEXT, "The check with its parameters, as it is written in Python.", True),
        "outcome": Member(OUTCOME, "'inconclusive': there was no evidence either way.", True),
        "reason": Member(TEXT, "Why, for people.", True),
        "evidence": Member(PLACES, "The entries that decided, as places from 0."),
        "always": Member(BOOLEAN, "Whether it is an always-on check, which nobody asked for."),
    },
    "phase": {
        "name": Member(TEXT, "Its name in the scenario.", True),
        "start": Member(SECONDS, "Seconds of run time.", True),
        "end": Member(SECONDS, "Seconds of run time.", True),
    },
    "exchange": {
        "type": Member(_choice("exchange"), "A call and what came of it.", True),
        "provider": Member(TEXT, "Whom it asked.", True),
        "operation": Member(TEXT, "What it asked for, such as 'chat'.", True),
        "model": Member(TEXT.or_null(), "The model as it was asked for."),
        "stream": Member(BOOLEAN, "Whether it asked for a stream."),
        "request": Member(TEXT, "The user's request that it belongs to; empty for the whole test."),
        "attempt": Member(INTEGER, "The n-th call of the same provider and operation within its request, from 1."),
        "retry": Member(INTEGER.or_null(), "The SDK's own count of retries, where its header told it."),
        "started": Member(SECONDS, "Seconds of run time.", True),
        "ended": Member(SECONDS.or_null(), "Seconds of run time; null while the call is under way."),
        "status": Member(INTEGER.or_null(), "The HTTP status that the app got."),
        "error": Member(TEXT.or_null(), "What went wrong beyond the status, such as 'read_timeout'."),
        "faults": Member(TEXTS, "Names of the faults that had a part in it."),
        "retry_after": Member(SECONDS.or_null(), "How long the provider asked to wait before the next try."),
        "phase": Member(TEXT, "The phase that it fell in, where there is one."),
        "call_site": Member(TEXT.or_null(), "file:line of the app's code that made it."),
        "via": Member(TEXT, "The HTTP library that sent it."),
        "host": Member(TEXT, "Where it went."),
        "chunks": Member(COUNT, "How many pieces of the answer the app got."),
        "first_event": Member(SECONDS.or_null(), "When the first piece of content came, in seconds of run time."),
        "longest_gap": Member(SECONDS.or_null(), "The longest time between two pieces of content."),
        "finish": Member(TEXT.or_null(), "The answer's own reason for its end."),
        "prompt_tokens": Member(INTEGER.or_null(), "As the answer's usage told it."),
        "completion_tokens": Member(INTEGER.or_null(), "As the answer's usage told it."),
    },
    "event": {
        "type": Member(_choice("event"), "Something other than a call.", True),
        "at": Member(SECONDS, "Seconds of run time.", True),
        "kind": Member(TEXT, "Such as 'phase', 'request', 'answered', 'raised' or 'escape'.", True),
        "text": Member(TEXT, "What happened.", True),
        "seconds": Member(SECONDS.or_null(), "What a skip of time skipped."),
    },
}
"""The members of the objects within a record, by the kind of object."""


def misfit(data: Mapping[str, Any], members: Mapping[str, Member]) -> str:
    """Return what is wrong with an object's members; empty when all is well. Members that are not known are fine."""
    for key, member in members.items():
        if (member.needed or key in data) and not member.shape.fits(data.get(key)):
            return f"{key}: must be {member.shape.what}, got {shown(data.get(key))}"
    return ""


def crooked(record: Record) -> str:
    """Return what is wrong within a record's lists; empty when all is well."""
    for at, part, value in _parts(record):
        if not part:
            return f"{at}.type: must be 'exchange' or 'event', got {shown(value.get('type'))}"
        if problem := misfit(value, PARTS[part]):
            return f"{at}.{problem}"
        if any(place >= len(record.entries) for place in value.get("evidence", ())):
            return f"{at}.evidence: must be {PLACES.what}, got {shown(value['evidence'])}"
    return ""


def _parts(record: Record) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for place, verdict in enumerate(record.verdicts):
        yield f"verdicts[{place}]", "verdict", verdict
    for place, entry in enumerate(record.entries):
        kind = entry.get("type")
        yield f"entries[{place}]", kind if kind in ("exchange", "event") else "", entry
    for place, phase in enumerate(record.phases):
        yield f"phases[{place}]", "phase", phase
