"""The JSON Schema (draft-07) of a journal's lines, for tools that read journals: what `record` writes and checks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .record import SCHEMA
from .record_shape import MEMBERS, PARTS, RUN, Member

__all__ = ["journal_schema", "text"]


def text() -> str:
    """Return the schema as the text of its file."""
    return json.dumps(journal_schema(), indent=1) + "\n"


def journal_schema() -> dict[str, Any]:
    """Return the schema of one line.

    Within a version of the format members may come, and none goes or changes its meaning: readers must pass over what
    they do not know.
    """
    lines = {"record": _object(MEMBERS), "run": _object(RUN)}
    for each in lines.values():
        each["properties"]["schema"]["maximum"] = SCHEMA
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A line of a journal of pytest-llmchaos",
        "description": "What one test did under chaos, or that a run begins or ends. No prompt, answer, header or "
        "credential is in it.",
        "type": "object",
        "if": {"required": ["run"], "not": {"required": ["test"]}},
        "then": {"$ref": "#/definitions/run"},
        "else": {"$ref": "#/definitions/record"},
        "definitions": {**lines, **{name: _object(members) for name, members in PARTS.items()}},
    }


def _object(members: Mapping[str, Member]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {name: {"description": each.about, **each.shape.schema} for name, each in members.items()},
        "required": [name for name, each in members.items() if each.needed],
    }
