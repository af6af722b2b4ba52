"""Data that satisfies a JSON schema, for structured outputs and tool arguments."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ._read import mapping, mappings

if TYPE_CHECKING:
    from ..core.draw import Draw

__all__ = ["example"]

_DEEP = 4  # from this depth on only what is required, so that recursive schemas end
_ABYSS = 40  # a schema that requires itself has no finite example
_MERGED = ("required", "properties")

_HINT = re.compile(r"\b(minimum|maximum|exclusiveMinimum|exclusiveMaximum|multipleOf): (-?\d+(?:\.\d+)?)")
_HINTED_LENGTH = re.compile(r"\b(minLength|maxLength|minItems|maxItems): (\d+)")
_HINTED_PATTERN = re.compile(r"\bpattern: (.+?)(?=, [a-zA-Z]+: |\}$)")

_FORMATS: dict[str, Callable[[Any], Any]] = {
    "date-time": lambda fake: fake.date_time().strftime("%Y-%m-%dT%H:%M:%SZ"),
    "date": lambda fake: fake.date(),
    "time": lambda fake: f"{fake.time()}Z",
    "duration": lambda fake: f"PT{fake.random_int(1, 59)}M",
    "email": lambda fake: fake.safe_email(),
    "hostname": lambda fake: f"{fake.word()}.example.com",
    "uri": lambda fake: f"https://example.com/{fake.word()}",
    "ipv4": lambda fake: fake.ipv4(),
    "ipv6": lambda fake: fake.ipv6(),
    "uuid": lambda fake: fake.uuid4(),
}

# Properties whose name says what belongs there read better with it.
_NAMED: dict[str, Callable[[Any], Any]] = {
    "name": lambda fake: fake.name(),
    "email": lambda fake: fake.safe_email(),
    "phone": lambda fake: fake.phone_number(),
    "city": lambda fake: fake.city(),
    "location": lambda fake: fake.city(),
    "country": lambda fake: fake.country(),
    "address": lambda fake: fake.street_address(),
    "company": lambda fake: fake.company(),
    "date": lambda fake: fake.date(),
    "url": lambda fake: f"https://example.com/{fake.word()}",
    "title": lambda fake: fake.sentence(4).rstrip("."),
}


def example(schema: Any, draw: Draw) -> Any:
    """Return a value that satisfies the schema as far as the providers' structured outputs support schemas.

    Follows local `$ref`, `allOf`, `anyOf`, `oneOf`, `enum`, `const`, types, formats, patterns and limits. A
    schema that contradicts itself gets a value of the type it names.
    """
    return _Maker(mapping(schema), draw).value(mapping(schema), 0, "")


class _Maker:
    def __init__(self, root: Mapping[str, Any], draw: Draw) -> None:
        self._root = root
        self._rng = draw.part("schema").rng
        self._fake = draw.fake

    def value(self, schema: Mapping[str, Any], depth: int, name: str) -> Any:
        schema = _hinted(self._whole(schema))
        if "const" in schema:
            return schema["const"]
        if isinstance(schema.get("enum"), list) and schema["enum"]:
            return self._rng.choice(schema["enum"])
        if depth > _ABYSS:
            return None
        for key in ("anyOf", "oneOf"):
            if choices := mappings(schema.get(key)):
                rest = {each: schema[each] for each in schema if each != key}
                return self.value(_merged(rest, self._choose(choices, depth)), depth + 1, name)
        kind = _kind(schema)
        make = getattr(self, f"_{kind}", None) if kind in _KINDS else None
        return make(schema, depth, name) if make else None

    def _whole(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the schema with what `$ref` and `allOf` bring in."""
        for _ in range(_ABYSS):
            rest = {key: value for key, value in schema.items() if key not in ("$ref", "allOf")}
            parts = mappings(schema.get("allOf"))
            if isinstance(schema.get("$ref"), str):
                parts.append(self._find(schema["$ref"]))
            if not parts:
                break
            schema = rest
            for part in parts:
                schema = _merged(schema, part)
        return schema

    def _find(self, ref: str) -> Mapping[str, Any]:
        found: Any = self._root
        for step in ref.removeprefix("#").split("/"):
            if step:
                found = mapping(found).get(unquote(step).replace("~1", "/").replace("~0", "~"))
        return mapping(found)

    def _choose(self, choices: list[Mapping[str, Any]], depth: int) -> Mapping[str, Any]:
        """Take the first real choice; deep down the null, which ends a recursion, or else the last."""
        whole = [self._whole(each) for each in choices]
        real = [each for each in whole if _kind(each) != "null"]
        if depth >= _DEEP:
            return next((each for each in whole if _kind(each) == "null"), whole[-1])
        return real[0] if real else whole[0]

    # --- one method per type --------------------------------------------------------------------------------

    def _object(self, schema: Mapping[str, Any], depth: int, name: str) -> dict[str, Any]:
        required = schema.get("required")
        required = required if isinstance(required, list) else []
        properties = mapping(schema.get("properties"))
        made = {
            key: self.value(mapping(each), depth + 1, key)
            for key, each in properties.items()
            if depth < _DEEP or key in required
        }
        more = schema.get("additionalProperties")
        least = _whole_number(schema.get("minProperties"), 0)
        while len(made) < least and more is not False:
            made[f"{self._fake.word()}_{len(made)}"] = self.value(mapping(more), depth + 1, "")
        return made

    def _array(self, schema: Mapping[str, Any], depth: int, name: str) -> list[Any]:
        made = [self.value(each, depth + 1, name) for each in mappings(schema.get("prefixItems"))]
        least = _whole_number(schema.get("minItems"), 0)
        most = _whole_number(schema.get("maxItems"), max(least, 2))
        wanted = max(least, min(most, 0 if depth >= _DEEP else 2))
        items = schema.get("items")
        if items is False:
            return made
        tries = 0
        while len(made) < wanted and tries < 50 + wanted:
            tries += 1
            each = self.value(mapping(items), depth + 1, name)
            if schema.get("uniqueItems") is not True or each not in made:
                made.append(each)
        return made

    def _string(self, schema: Mapping[str, Any], depth: int, name: str) -> str:
        shape = schema.get("format")
        if isinstance(shape, str) and shape in _FORMATS:
            return str(_FORMATS[shape](self._fake))
        pattern = schema.get("pattern")
        least = _whole_number(schema.get("minLength"), 0)
        most = _whole_number(schema.get("maxLength"), max(least, 200))
        if isinstance(pattern, str):
            # Imported only here: it leans on the standard library's private regex parser.
            from ._pattern import matching

            for _ in range(20):
                text = matching(pattern, self._rng)
                if text is not None and least <= len(text) <= most:
                    return text
        named = _NAMED.get(name.lower())
        text = str(named(self._fake)) if named else self._fake.sentence(5)
        while len(text) < least:
            text += " " + self._fake.sentence(8)
        if len(text) > most:
            text = text[:most].rstrip().ljust(least, "x")
        return text

    def _integer(self, schema: Mapping[str, Any], depth: int, name: str) -> int:
        low, high = _limits(schema, 1)
        step = _number(schema.get("multipleOf")) or 1.0
        first, last = math.ceil(low / step), math.floor(high / step)
        return round(self._rng.randint(first, max(first, last)) * step)

    def _number(self, schema: Mapping[str, Any], depth: int, name: str) -> float:
        low, high = _limits(schema, 0)
        step = _number(schema.get("multipleOf"))
        if step:
            first, last = math.ceil(low / step), math.floor(high / step)
            if not _above(schema, first * step):
                first += 1
            return round(self._rng.randint(first, max(first, last)) * step, 10)
        value = self._rng.uniform(low, high)
        short = round(value, 2)
        if _above(schema, short) and _below(schema, short):
            return short
        return value if _above(schema, value) and _below(schema, value) else (low + high) / 2

    def _boolean(self, schema: Mapping[str, Any], depth: int, name: str) -> bool:
        return self._rng.random() < 0.5


_KINDS = ("object", "array", "string", "integer", "number", "boolean")


def _kind(schema: Mapping[str, Any]) -> str | None:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), "null")
    if isinstance(kind, str):
        return kind
    if "properties" in schema:
        return "object"
    return "array" if "items" in schema or "prefixItems" in schema else "string"


def _merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Join two schemas that must both hold."""
    both = {**first, **second}
    both["properties"] = {**mapping(first.get("properties")), **mapping(second.get("properties"))}
    both["required"] = [
        each for part in (first, second) for each in part.get("required") or () if isinstance(each, str)
    ]
    return {key: value for key, value in both.items() if key not in _MERGED or value}


def _hinted(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Add the limits that stand in the description.

    Anthropic's API knows no `minimum`, `pattern` and the like; its SDK writes them there as `{minimum: 1}`
    instead (anthropic 2.12, lib/_parse/_transform.py).
    """
    text = schema.get("description")
    if not isinstance(text, str) or not text.endswith("}"):
        return schema
    hints = text[text.rfind("\n\n{") + 2 :] if "\n\n{" in text else text
    if not hints.startswith("{"):
        return schema
    found: dict[str, Any] = {key: float(value) for key, value in _HINT.findall(hints)}
    found.update((key, int(value)) for key, value in _HINTED_LENGTH.findall(hints))
    if match := _HINTED_PATTERN.search(hints):
        found["pattern"] = match[1]
    return {**found, **schema}


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _whole_number(value: Any, otherwise: int) -> int:
    number = _number(value)
    return otherwise if number is None else min(max(int(number), 0), 10_000)


def _limits(schema: Mapping[str, Any], gap: float) -> tuple[float, float]:
    """Return the least and the greatest value; `gap` is how far an excluded limit keeps away."""
    low = _tighter(schema.get("minimum"), schema.get("exclusiveMinimum"), gap, max)
    high = _tighter(schema.get("maximum"), schema.get("exclusiveMaximum"), -gap, min)
    if low is None:
        if high is None:
            return 1.0, 100.0
        return min(1.0, high - 100.0), high
    if high is None:
        return low, max(100.0, low + 100.0)
    return low, max(low, high)


def _tighter(included: Any, excluded: Any, gap: float, pick: Callable[[list[float]], float]) -> float | None:
    limits = [_number(included), _number(excluded)]
    if limits[1] is not None and limits[1].is_integer():  # an excluded fraction keeps no integer away
        limits[1] += gap
    known = [each for each in limits if each is not None]
    return pick(known) if known else None


def _above(schema: Mapping[str, Any], value: float) -> bool:
    least, excluded = _number(schema.get("minimum")), _number(schema.get("exclusiveMinimum"))
    return (least is None or value >= least) and (excluded is None or value > excluded)


def _below(schema: Mapping[str, Any], value: float) -> bool:
    most, excluded = _number(schema.get("maximum")), _number(schema.get("exclusiveMaximum"))
    return (most is None or value <= most) and (excluded is None or value < excluded)
