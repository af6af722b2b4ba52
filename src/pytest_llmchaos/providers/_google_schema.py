"""Gemini's own `Schema`, a relative of OpenAPI 3.0's, as a JSON schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ._google_wire import member
from ._read import mapping, mappings

__all__ = ["json_schema"]

_DEEPEST = 60  # of nested schemas; deeper ones become "anything"
# 64-bit numbers, which are texts in proto JSON.
_COUNTS = ("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties")
_AS_THEY_ARE = ("enum", "format", "pattern", "minimum", "maximum", "required", "description", "const")


def json_schema(schema: Any, depth: int = 0) -> dict[str, Any]:
    """Return the JSON schema that says the same; what is a JSON schema already comes back alike.

    Types are in capitals (`STRING`), counts may be texts, and definitions stand under `defs` and `ref`
    (google-genai 3.4, types.py, Schema).
    """
    if depth > _DEEPEST or not isinstance(schema, Mapping):
        return {}
    made: dict[str, Any] = {key: schema[key] for key in _AS_THEY_ARE if key in schema}
    if isinstance(kind := schema.get("type"), str) and kind != "TYPE_UNSPECIFIED":
        made["type"] = kind.lower()
    elif isinstance(kind, list):
        made["type"] = [each.lower() for each in kind if isinstance(each, str)]
    for key in _COUNTS:
        if (count := _count(member(schema, key))) is not None:
            made[key] = count
    for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
        if listed := mappings(member(schema, key)):
            made[key] = [json_schema(each, depth + 1) for each in listed]
    for key in ("properties", "$defs", "definitions", "defs"):
        if named := mapping(schema.get(key)):
            made[key] = {name: json_schema(each, depth + 1) for name, each in named.items()}
    if isinstance(schema.get("items"), Mapping):
        made["items"] = json_schema(schema["items"], depth + 1)
    more = member(schema, "additionalProperties")
    if more is not None:
        made["additionalProperties"] = more if isinstance(more, bool) else json_schema(more, depth + 1)
    if isinstance(ref := schema.get("$ref", schema.get("ref")), str):
        made["$ref"] = ref
    return made


def _count(value: Any) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value[:9])
    return value if isinstance(value, int) and not isinstance(value, bool) else None
