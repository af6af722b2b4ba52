"""What each reader takes, as definitions of a JSON Schema. `schema` builds on them, `strategies` draws by them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..core import conditions, units
from ..core.call import OPERATIONS
from ..core.parameters import Choice, target, text, whole
from ..faults import FaultFactory

__all__ = ["DEFINITIONS", "READERS", "ref", "shape_of"]

_NUMBER = r"[0-9]+(\.[0-9]+)?"
_DURATION = rf"({_NUMBER} *(ms|s|m|h|d) *)+"
_TARGET = rf"([^/\s,]+/[^\s,]+|[^/:\s,]+(:({'|'.join(OPERATIONS)}|\*|[0-9][^/:\s,]*))?|\[[^/\s,]*)"
_RATE = {
    "anyOf": [
        {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        {"type": "string", "pattern": r"^\s*(?!0+(\.0+)?\s*%)0*(100(\.0+)?|[0-9]{1,2}(\.[0-9]+)?)\s*%\s*$"},
    ]
}


def ref(name: str) -> dict[str, Any]:
    """Return a reference to a definition."""
    return {"$ref": f"#/definitions/{name}"}


def _range(example: str, single: bool) -> dict[str, Any]:
    ranged = r"^\s*0*[1-9][0-9]{0,17}\s*-\s*([0-9]{1,18}\s*)?$"
    either = r"^\s*0*[1-9][0-9]{0,17}\s*(-\s*([0-9]{1,18}\s*)?)?$"
    written = {"type": "string", "pattern": either if single else ranged, "examples": [example]}
    return {"anyOf": [{"type": "integer", "minimum": 1}, written]} if single else written


def _distribution(name: str, needed: Mapping[str, Any], **optional: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"distribution": {"const": name}, **needed, **optional},
        "required": ["distribution", *needed],
        "additionalProperties": False,
    }


_D = ref("duration")
_OR_NOTHING = {"anyOf": [_D, {"type": "null"}]}

DEFINITIONS: dict[str, dict[str, Any]] = {
    "duration": {
        "description": "A duration: 20s, 1m30s, 250ms, or a number of seconds.",
        "anyOf": [{"type": "number", "minimum": 0}, {"type": "string", "pattern": f"^ *{_DURATION}$"}],
    },
    "delay": {
        "description": "A duration, or a distribution to draw it from.",
        "anyOf": [
            _D,
            _distribution("fixed", {"value": _D}, jitter={"anyOf": [ref("rate"), {"type": "null"}]}),
            _distribution("uniform", {"min": _D, "max": _D}),
            _distribution("lognormal", {"median": _D, "p99": _D}),
            _distribution("pareto", {"min": _D, "p99": _D}),
            _distribution("empirical", {"values": {"type": "array", "items": _D, "minItems": 1}}),
            _distribution("ramp", {"from": _D, "to": _D}, over=_OR_NOTHING),
        ],
    },
    "rate": {"description": "A share: 0.3 or 30%, above 0 and at most 1 (100%).", **_RATE},
    "share": {
        "description": "A share such as 30%, or a ramp of it: {from: 0%, to: 60%, over: 10m}.",
        "anyOf": [
            *_RATE["anyOf"],
            {
                "type": "object",
                "properties": {"from": ref("ramp_end"), "to": ref("ramp_end"), "over": _OR_NOTHING},
                "required": ["from", "to"],
                "additionalProperties": False,
            },
        ],
    },
    "ramp_end": {"anyOf": [*_RATE["anyOf"], {"enum": [0, "0%"]}]},
    "calls": {"description": "Which of the matching calls: 1, 1-2 or 3-, counted from 1.", **_range("1-2", True)},
    "size": {"description": "A range of prompt sizes in tokens: 13000- or 1-2000.", **_range("13000-", False)},
    "between": {
        "description": "A stretch of scenario time: [10s, 2m].",
        "type": "array",
        "items": _D,
        "minItems": 2,
        "maxItems": 2,
    },
    "load": {
        "description": "More calls than this: 10/m, 100/30s.",
        "type": "string",
        "pattern": rf"^\s*[0-9]{{1,9}}\s*/\s*(ms|s|m|h|d|{_DURATION})\s*$",
    },
    "target": {
        "description": "Which calls: provider[/model-glob][:operation], such as openai/gpt-4*:chat; * is all.",
        "type": "string",
        "pattern": rf"^\s*{_TARGET}\s*$",
    },
    "targets": {
        "description": "A target such as openai/gpt-4*:chat, or a list of them that fail together.",
        "anyOf": [ref("target"), {"type": "array", "items": ref("target"), "minItems": 1}],
    },
    "predicate": {
        "description": "A function that takes the call: package.module:function.",
        "type": "string",
        "pattern": r"^[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_]*$",
    },
    "text": {"type": "string", "pattern": r"\S"},
    "whole": {"type": "integer", "minimum": 0},
    "flag": {"type": "boolean"},
    "region": {"description": "A pattern of cloud regions such as eu-*.", "type": "string", "pattern": r"\S"},
}
"""The definitions by name."""

READERS: dict[Callable[[Any], Any], str] = {
    units.duration: "duration",
    units.delay: "delay",
    units.rate: "rate",
    units.calls: "calls",
    units.between: "between",
    conditions.share: "share",
    conditions.load: "load",
    conditions.size: "size",
    conditions.flag: "flag",
    conditions.region: "region",
    conditions.predicate: "predicate",
    target: "target",
    text: "text",
    whole: "whole",
    FaultFactory.conditions()["target"][1]: "targets",
}
"""The name of the definition of what each reader takes."""


def shape_of(read: Callable[[Any], Any], declared: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return what a reader takes as a schema; an empty one, which takes all, where nobody said it.

    Args:
        read: the reader.
        declared: what its parameter says itself.
    """
    if declared is not None:
        return dict(declared)
    if isinstance(read, Choice):
        return {"enum": list(read.allowed)}
    return ref(READERS[read]) if read in READERS else {}
