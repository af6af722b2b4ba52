"""Made-up data satisfies the schema it was made for."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import Annotated, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, TypeAdapter, create_model

from pytest_llmchaos.core.draw import Draw
from pytest_llmchaos.providers._pattern import matching
from pytest_llmchaos.providers._schema import example

from .sdk import UNHURRIED


class Node(BaseModel):
    """Holds itself, three ways."""

    name: str
    parent: Node | None
    children: list[Node]
    by_key: dict[str, Node] = {}


class Cat(BaseModel):
    """One branch of a union."""

    kind: Literal["cat"]
    lives: int = Field(ge=1, le=9)


class Dog(BaseModel):
    """The other branch."""

    kind: Literal["dog"]
    good: bool


class Everything(BaseModel):
    """What tools and structured outputs use."""

    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    pair: tuple[int, str]
    unique: set[Literal["a", "b", "c"]] = Field(min_length=2)
    day: date
    moment: datetime
    clock: time
    id: UUID
    code: Annotated[str, Field(pattern=r"^[A-Z]{3}-(0|[1-9]\d{0,3})$")]
    short: Annotated[str, Field(min_length=2, max_length=3)]
    long: Annotated[str, Field(min_length=300)]
    even: Annotated[int, Field(multiple_of=2, gt=10, lt=20)]
    share: Annotated[float, Field(gt=0, lt=0.001)]
    below: Annotated[int, Field(lt=-5)]
    step: Annotated[float, Field(multiple_of=0.25, gt=0, le=1)]
    node: Node
    maybe: int | None
    either: int | str


TYPES = st.recursive(
    st.sampled_from([int, float, str, bool, type(None), date, datetime, UUID, Literal["x", 1], Cat, Node])
    | st.builds(
        lambda low, span: Annotated[int, Field(ge=low, le=low + span)],
        st.integers(-99, 99),
        st.integers(0, 9),
    )
    | st.builds(
        lambda low, span: Annotated[str, Field(min_length=low, max_length=low + span)],
        st.integers(0, 40),
        st.integers(0, 9),
    ),
    lambda inner: (
        inner.map(lambda each: list[each])
        | inner.map(lambda each: each | None)
        | inner.map(lambda each: dict[str, each])
        | st.tuples(inner, inner).map(lambda pair: pair[0] | pair[1])
        | st.lists(inner, min_size=1, max_size=3).map(
            lambda each: create_model("Made", **{f"field_{index}": (kind, ...) for index, kind in enumerate(each)})
        )
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("seed", range(10))
def test_everything_validates(seed):
    """A model with all that frameworks use, under several seeds."""
    adapter = TypeAdapter(Everything)
    adapter.validate_python(example(adapter.json_schema(), Draw(str(seed), 0)))


@UNHURRIED
@given(TYPES, st.integers(0, 5))
def test_any_type_validates(kind, seed):
    """Nested models, unions, containers and limits in any combination."""
    adapter = TypeAdapter(kind)
    adapter.validate_python(example(adapter.json_schema(), Draw(str(seed), 0)))


def test_recursion_ends():
    """A model that holds itself has a finite example; one that needs itself for ever does not hang."""
    Node.model_validate(example(Node.model_json_schema(), Draw("k", 0)))
    loop = {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}
    example(loop, Draw("k", 0))
    needy = {"type": "object", "properties": {"me": {"$ref": "#"}}, "required": ["me"]}
    assert "me" in example(needy, Draw("k", 0))


def test_all_of_and_escaped_references():
    """`allOf` joins its parts; a reference may name a key with slashes."""
    schema = {
        "allOf": [
            {"$ref": "#/definitions/a~1b"},
            {"type": "object", "properties": {"y": {"const": 2}}, "required": ["y"]},
        ],
        "definitions": {"a/b": {"type": "object", "properties": {"x": {"enum": [1]}}, "required": ["x"]}},
    }
    assert example(schema, Draw("k", 0)) == {"x": 1, "y": 2}


def test_equal_draws_make_equal_data():
    """The data depends on the draw alone."""
    schema = Everything.model_json_schema()
    assert example(schema, Draw("a", 0)) == example(schema, Draw("a", 0))
    assert example(schema, Draw("a", 0)) != example(schema, Draw("b", 0))


WORDS = (
    "type properties items enum anyOf $ref required minItems pattern allOf maxLength minimum multipleOf "
    "description format object array string integer number"
)
NONSENSE = st.recursive(
    st.none() | st.sampled_from(WORDS.split()) | st.text(max_size=4) | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS.split()), inner, max_size=4),
    max_leaves=12,
)


@UNHURRIED
@given(NONSENSE)
def test_nonsense_is_no_error(schema):
    """A broken schema gets some value: the request was the app's, and the answer must not fail on it."""
    example(schema, Draw("k", 0))


PATTERNS = [
    r"^\d{3}-\d{4}$",
    r"^(red|green|blue)$",
    r"^[^\s@]+@[a-z]+\.(com|org)$",
    r"^([a-z])\1$",
    r"^\w+(?:\s\w+)*$",
    r".+",
    r"[\u4e00-\u9fff]{2}",
    r"^\S{2,5}?x*+$",
]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_text_matches_its_pattern(pattern):
    """The usual parts of a regular expression are followed; this fails when the parser we lean on changes."""
    for seed in range(20):
        assert re.search(pattern, matching(pattern, Draw(str(seed), 0).rng))


@pytest.mark.parametrize("pattern", ["(", "^(?=b)a$", "a{5}(?<!a)"])
def test_patterns_we_cannot_follow_are_given_up(pattern):
    """Broken ones and look-arounds are None, not an error."""
    assert matching(pattern, Draw("k", 0).rng) is None
