"""The JSON Schema (draft-07) of scenario files, for editors: made from what faults and checks declare.

It knows less than `scenario_file`: what depends on several values at once, such as the order of a window's ends, is
told by `llmchaos validate` only.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .. import checks, faults
from ..core.parameters import Parameters, public
from ..faults import FaultFactory, Injection
from .scenario import EVIDENCE
from .schema_shapes import DEFINITIONS, ref, shape_of

__all__ = ["schema", "text"]

_MOST_REPEATS = 1000


def text() -> str:
    """Return the schema as the text of its file."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def schema() -> dict[str, Any]:
    """Return the schema, with the faults and checks of third parties that are installed."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A scenario of pytest-llmchaos",
        "type": "object",
        "properties": {
            "name": _told("Its slug, such as openai-outage; the name of its file.", {"pattern": _SLUG, **_STRING}),
            "title": _told("A sentence for people.", ref("text")),
            "tags": _told("Words to select it by.", _TEXTS),
            "sources": _told("Where the facts come from.", _TEXTS),
            "hypothesis": _told("What is believed about the app, and tested.", ref("text")),
            "evidence": {
                "description": "The facts are the provider's own text, somebody else's report, or made up from such.",
                "enum": list(EVIDENCE),
            },
            "notes": _told("What is doubtful, left out or contradicted by another source.", ref("text")),
            "date": _told("What the app's calendar says at the start.", {"pattern": _DATE, **_STRING}),
            "phases": {
                "description": "Stretches of scenario time in order; only the last may have no end.",
                "type": "array",
                "minItems": 1,
                "items": {"if": {"required": ["repeat"]}, "then": ref("repeat"), "else": ref("phase")},
            },
            "inject": _told("Short for one phase without an end.", {"minItems": 1, **_INJECT}),
            "expect": {
                "description": "What is judged when the test ends.",
                "type": "array",
                "minItems": 1,
                "items": ref("expectation"),
            },
        },
        "required": ["name"],
        "oneOf": [{"required": ["phases"]}, {"required": ["inject"]}],
        "additionalProperties": False,
        "definitions": {**_STRUCTURE, **_injections(), "expectation": _expectation(), **DEFINITIONS},
    }


_STRING = {"type": "string"}
_SLUG = "^[a-z0-9]+(-[a-z0-9]+)*$"
_DATE = r"^\s*(19[7-9][0-9]|[2-8][0-9]{3})-?[0-9W]"
_TEXTS = {"type": "array", "items": ref("text")}
_INJECT = {"type": "array", "items": ref("injection")}
_PHASE = {
    "name": {"description": "What reports and llmchaos.enter call it.", "allOf": [ref("text")]},
    "lasts": {"description": "How long it goes on.", "allOf": [ref("duration")], "not": {"enum": [0]}},
    "jitter": {
        "description": "The share by which its length may differ either way.",
        "allOf": [ref("rate")],
        "not": {"enum": [1, "100%"]},
    },
    "inject": {"description": "What goes wrong, applied in order; [] for nothing.", **_INJECT},
}
_STRUCTURE: dict[str, Any] = {
    "phase": {
        "type": "object",
        "properties": {**_PHASE, "lasts": {"anyOf": [_PHASE["lasts"], {"type": "null"}]}},
        "required": ["name", "inject"],
        "dependencies": {"jitter": ["lasts"]},
        "additionalProperties": False,
    },
    "repeat": {
        "description": "Phases that come again and again.",
        "type": "object",
        "properties": {
            "repeat": {"type": "integer", "minimum": 2, "maximum": _MOST_REPEATS},
            "phases": {
                "type": "array",
                "minItems": 1,
                "items": {
                    "type": "object",
                    "properties": _PHASE,
                    "required": ["name", "lasts", "inject"],
                    "additionalProperties": False,
                },
            },
        },
        "required": ["repeat", "phases"],
        "additionalProperties": False,
    },
}


def _injections() -> dict[str, Any]:
    """Return the definitions of an injection, of a part of a mix, and of the conditions that faults share."""
    about = _arguments(Injection.__doc__)
    conditions = {
        name: _parameter(read, None, default, about.get(name, ""))
        for name, (default, read) in FaultFactory.conditions().items()
    }
    weight = {"weight": {"description": "How often, against the others.", "type": "number", "exclusiveMinimum": 0}}
    shared = {name: ref(f"on_{name}") for name in conditions}
    return {
        "injection": {**_by_fault(shared), "dependencies": {"sticky": ["rate"]}},
        "part": _by_fault(weight),
        **{f"on_{name}": each for name, each in conditions.items()},
    }


def _by_fault(more: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a mapping whose key `fault` says which others it may have."""
    found = {name: faults.find(name).fault for name in faults.names()}
    named = [{"const": name, "description": _first(fault.__doc__)} for name, fault in found.items()]
    return {
        "type": "object",
        "properties": {"fault": {"description": "What goes wrong.", "oneOf": named}},
        "required": ["fault"],
        "allOf": [
            {
                "if": {"properties": {"fault": {"const": name}}, "required": ["fault"]},
                "then": _own(fault, {"fault": True, **more}),
            }
            for name, fault in found.items()
        ],
    }


def _expectation() -> dict[str, Any]:
    found = {name: checks.find(name) for name in checks.names()}
    alone = {
        name: check
        for name, check in found.items()
        if not any(each.default is dataclasses.MISSING for each in dataclasses.fields(check))
    }
    named = [{"const": name, "description": _first(check.__doc__)} for name, check in alone.items()]
    properties = {
        name: {"anyOf": [own, {"type": "null"}]} if name in alone else own
        for name, check in found.items()
        if (own := {"description": _first(check.__doc__), **_own(check, {})})
    }
    given = {
        "type": "object",
        "properties": properties,
        "minProperties": 1,
        "maxProperties": 1,
        "additionalProperties": False,
    }
    return {"anyOf": [*named, given]}


def _own(kind: type[Parameters], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a mapping of declared parameters and `more`."""
    about = _arguments(kind.__doc__)
    fields = {public(each.name): each for each in dataclasses.fields(kind)}
    own = {
        name: _parameter(
            each.metadata["read"], each.metadata.get("shape"), each.default, about.get(name) or about.get(each.name, "")
        )
        for name, each in fields.items()
    }
    needed = [name for name, each in fields.items() if each.default is dataclasses.MISSING]
    required = {"required": needed} if needed else {}
    return {"type": "object", "properties": {**own, **more}, **required, "additionalProperties": False}


def _parameter(read: Callable[[Any], Any], declared: Mapping[str, Any] | None, default: Any, about: str) -> Any:
    shape = shape_of(read, declared)
    if default is None:
        shape = {"anyOf": [shape, {"type": "null"}]}
    shape = _told(about, shape)
    if isinstance(default, str | int | float):
        shape = {**shape, "default": default}
    return shape


def _told(about: str, shape: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema with a description; beside a reference draft-07 reads nothing else."""
    if not about:
        return dict(shape)
    return {"description": about, **({"allOf": [dict(shape)]} if "$ref" in shape else shape)}


def _first(doc: str | None) -> str:
    """Return the first paragraph of a docstring as one line."""
    return " ".join(inspect.cleandoc(doc or "").partition("\n\n")[0].split())


def _arguments(doc: str | None) -> dict[str, str]:
    """Return what a docstring says about each argument or attribute."""
    found: dict[str, list[str]] = {}
    lines = iter(inspect.cleandoc(doc or "").splitlines())
    for line in lines:
        if line in ("Args:", "Attributes:"):
            _section(lines, found)
    return {name: " ".join(said) for name, said in found.items()}


def _section(lines: Iterable[str], found: dict[str, list[str]]) -> None:
    names: list[str] = []
    for line in lines:
        if not line.strip():
            return
        if match := re.match(r" {4}(\w+(?:, \w+)*): (.*)", line):
            names = match[1].split(", ")
            for name in names:
                found[name] = [match[2]]
        else:
            for name in names:
                found[name].append(line.strip())
