"""What Hypothesis draws for values as users type them, by the shapes that their parameters declare."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from .schema_shapes import DEFINITIONS

__all__ = ["seconds", "values"]

_LONGEST = 20  # characters of a text


def seconds(shortest: int = 0) -> SearchStrategy[str]:
    """Draw a duration as people write it, so that an example reads well."""
    seconds = st.integers(shortest, 120).map(lambda number: f"{number}s")
    return seconds | st.integers(1, 999).map(lambda number: f"{number}ms") | st.integers(2, 30).map(lambda n: f"{n}m")


def _delays() -> SearchStrategy[Any]:
    ordered = st.tuples(st.integers(1, 60), st.integers(1, 60)).map(sorted)

    def two(name: str, low: str, high: str) -> SearchStrategy[Any]:
        return ordered.map(lambda ends: {"distribution": name, low: f"{ends[0]}s", high: f"{ends[0] + ends[1]}s"})

    return st.one_of(
        seconds(),
        two("uniform", "min", "max"),
        two("lognormal", "median", "p99"),
        two("pareto", "min", "p99"),
        two("ramp", "from", "to").map(lambda ramp: {**ramp, "over": "1m"}),
        st.lists(seconds(), min_size=1, max_size=4).map(lambda each: {"distribution": "empirical", "values": each}),
    )


def _rates() -> SearchStrategy[float]:
    return st.integers(1, 100).map(lambda percent: (101 - percent) / 100)  # the simplest is all


def _shares() -> SearchStrategy[Any]:
    ends = st.lists(st.sampled_from(["0%", "20%", "50%", "100%"]), min_size=2, max_size=2, unique=True)
    ramp = st.tuples(ends, seconds(shortest=1))
    return _rates() | ramp.map(lambda drawn: {"from": drawn[0][0], "to": drawn[0][1], "over": drawn[1]})


def _ranges(most: int) -> SearchStrategy[str]:
    first = st.integers(1, most)
    bounded = st.tuples(first, st.integers(1, most)).map(lambda pair: f"{pair[0]}-{sum(pair)}")
    return first.map(lambda number: f"{number}-") | bounded


def _windows() -> SearchStrategy[list[str]]:
    ends = st.tuples(st.integers(0, 300), st.integers(1, 600))
    return ends.map(lambda pair: [f"{pair[0]}s", f"{sum(pair)}s"])


@cache
def _known() -> dict[str, SearchStrategy[Any] | None]:
    """Return what is drawn for the definitions whose shape does not say enough; None for what cannot be drawn."""
    word = st.text("abcdefghijklmnopqrstuvwxyz0123456789-.", min_size=1, max_size=_LONGEST)
    return {
        "duration": seconds(),
        "delay": _delays(),
        "rate": _rates(),
        "share": _shares(),
        "calls": st.integers(1, 9) | _ranges(9),
        "size": _ranges(20_000),
        "between": _windows(),
        "load": st.tuples(st.integers(0, 60), st.sampled_from("smh")).map(lambda pair: f"{pair[0]}/{pair[1]}"),
        "target": st.sampled_from(["*", "openai", "anthropic", "openai/gpt-4*", "*:chat"]),
        "predicate": None,
        "region": st.sampled_from(["us-*", "eu-*", "eu-west-1"]),
        "text": word,
        "whole": st.integers(0, 20),
    }


def values(shape: Mapping[str, Any]) -> SearchStrategy[Any] | None:
    """Return what a shape is drawn from; None for one that says nothing."""
    if "$ref" in shape:
        name = shape["$ref"].rpartition("/")[2]
        return _known()[name] if name in _known() else values(DEFINITIONS[name])
    if "enum" in shape:
        return st.sampled_from(shape["enum"])
    if "anyOf" in shape:
        parts = [each for one in shape["anyOf"] if (each := values(one)) is not None]
        return st.one_of(parts) if parts else None
    make: Callable[[Mapping[str, Any]], SearchStrategy[Any] | None] | None = _BY_TYPE.get(shape.get("type", ""))
    return make(shape) if make else None


def _integers(shape: Mapping[str, Any]) -> SearchStrategy[int]:
    low = shape.get("minimum", 0)
    return st.integers(low, shape.get("maximum", low + 20))


def _numbers(shape: Mapping[str, Any]) -> SearchStrategy[float]:
    low = shape.get("minimum", shape.get("exclusiveMinimum", 0))
    high = shape.get("maximum", low + 20)
    return st.floats(low, high, exclude_min="exclusiveMinimum" in shape, width=32)


def _texts(shape: Mapping[str, Any]) -> SearchStrategy[str]:
    if shape.get("format") == "date":
        return st.dates(date(2020, 1, 1), date(2035, 1, 1)).map(lambda day: day.isoformat())
    if "pattern" in shape:
        return st.from_regex(shape["pattern"], fullmatch=True)
    return st.text("abcdefghijklmnopqrstuvwxyz", min_size=max(1, shape.get("minLength", 1)), max_size=_LONGEST)


def _arrays(shape: Mapping[str, Any]) -> SearchStrategy[list[Any]] | None:
    items = values(shape.get("items", {}))
    low = shape.get("minItems", 0)
    return None if items is None else st.lists(items, min_size=low, max_size=shape.get("maxItems", low + 2))


_BY_TYPE: dict[str, Callable[[Mapping[str, Any]], SearchStrategy[Any] | None]] = {
    "integer": _integers,
    "number": _numbers,
    "string": _texts,
    "boolean": lambda shape: st.booleans(),
    "array": _arrays,
}
