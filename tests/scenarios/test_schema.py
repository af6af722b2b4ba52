"""The JSON Schema of scenario files: it knows what the loader knows."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_llmchaos import checks, faults, strategies
from pytest_llmchaos.cli import cli
from pytest_llmchaos.core.parameters import public
from pytest_llmchaos.core.yaml_nodes import read
from pytest_llmchaos.scenarios import schema
from pytest_llmchaos.scenarios.scenario_file import ScenarioError, dump, loads

jsonschema = pytest.importorskip("jsonschema")

ROOT = Path(__file__).parents[2]
SCENARIOS = sorted(each for each in (ROOT / "scenarios").rglob("*.y*ml"))
SCHEMA = schema.schema()
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
PARAMETERS = [
    (name, key, drawn) for name in faults.names() if name != "mix" for key, drawn in strategies.parameters(name).items()
]


def complaints(text):
    """What the schema finds wrong in a scenario file."""
    node, problems = read(text.encode(), "x.yaml")
    assert not problems
    return [f"{each.json_path}: {each.message}" for each in VALIDATOR.iter_errors(node.plain())]


def test_it_is_a_json_schema():
    """Of draft-07, which editors read."""
    jsonschema.Draft7Validator.check_schema(schema.schema())


def test_the_published_file_is_fresh():
    """To make it anew: llmchaos schema > scenarios/llmchaos.schema.json."""
    told = "stale; run: llmchaos schema > scenarios/llmchaos.schema.json"
    assert (ROOT / "scenarios" / "llmchaos.schema.json").read_text(encoding="utf-8") == schema.text(), told


def test_the_command_prints_it():
    """So that editors can use the faults and checks that are installed."""
    result = CliRunner().invoke(cli, ["schema"])
    assert (result.exit_code, json.loads(result.stdout)) == (0, schema.schema())


@pytest.mark.parametrize("path", SCENARIOS, ids=[each.stem for each in SCENARIOS])
def test_every_scenario_of_the_library_is_valid(path):
    """What we ship shows no red line in an editor."""
    assert complaints(path.read_text(encoding="utf-8")) == []


@given(
    strategies.scenarios(when=[each for each in faults.FaultFactory.conditions() if each not in ("target", "where")])
)
def test_what_is_written_is_valid(scenario):
    """Whatever can be written down is known to the schema."""
    text = dump(scenario)
    assert complaints(text) == [], text


def test_every_parameter_says_what_it_takes_and_what_it_is():
    """A parameter that an editor can tell nothing about would be one that nobody finds."""
    for kind in [
        *(faults.find(name).fault for name in faults.names()),
        *(checks.find(name) for name in checks.names()),
    ]:
        own = schema._own(kind, {})["properties"]
        for each in dataclasses.fields(kind):
            told = own[public(each.name)]
            assert told.keys() - {"description", "default"}, (kind, each.name)
            assert told.get("description"), (kind, each.name)


def minimal(**changes):
    """The text of a small good scenario, with keys changed, added or (None) left out."""
    parts = {"name": "x", "inject": "[{fault: outage}]"} | changes
    return "".join(f"{key}: {value}\n" for key, value in parts.items() if value is not None)


PHASE = "[{name: a, lasts: 1s, inject: [{fault: outage}]}, {name: b, inject: []}]"


@pytest.mark.parametrize(
    "text",
    [
        minimal(),
        minimal(inject=None, phases=PHASE),
        minimal(inject=None, phases=f"[{{repeat: 2, phases: {PHASE.replace('inject: []', 'lasts: 2m, inject: []')}}}]"),
        minimal(
            inject="[{fault: latency, delay: {distribution: ramp, from: 0s, to: 5s, over: 1m}, first_token: null}]"
        ),
        minimal(inject="[{fault: mix, of: [{fault: outage, status: 502, weight: 2.5}, {fault: overloaded}]}]"),
        minimal(inject="[{fault: outage, target: [openai, 'azure/gpt-4*:chat', 'localhost:8000', '*']}]"),
        minimal(inject="[{fault: outage, rate: {from: 0%, to: 60%, over: 10m}, sticky: key, above: 10/m}]"),
        minimal(inject="[{fault: outage, where: 'json:dumps', region: eu-*, prompt_tokens: 13000-, stream: true}]"),
        minimal(date="2024-01-04", evidence="second-hand", tags="[a]", sources="[]", notes="Some doubt."),
        minimal(expect="[retry_after_honoured, {recovered: null}, {failed_over: {from: openai, within: 10s}}]"),
    ],
)
def test_what_the_loader_takes_is_valid(text):
    """The forms that the language has."""
    loads(text)
    assert complaints(text) == []


@pytest.mark.parametrize(
    "text",
    [
        minimal(name="Bad Name"),
        minimal(name=None),
        minimal(nam="y"),
        minimal(inject=None),
        minimal(phases=PHASE),
        minimal(tags="outage"),
        minimal(tags="[5]"),
        minimal(title="''"),
        minimal(evidence="rumour"),
        minimal(date="soon"),
        minimal(date="1969-01-01"),
        minimal(inject="[]"),
        minimal(inject="{fault: outage}"),
        minimal(inject="[outage]"),
        minimal(inject="[{target: openai}]"),
        minimal(inject="[{fault: outge}]"),
        minimal(inject="[{fault: outage, satus: 500}]"),
        minimal(inject="[{fault: outage, status: 418}]"),
        minimal(inject="[{fault: outage, status: '503'}]"),
        minimal(inject="[{fault: outage, target: 'openai:chta'}]"),
        minimal(inject="[{fault: outage, target: []}]"),
        minimal(inject="[{fault: outage, target: 'a b'}]"),
        minimal(inject="[{fault: outage, rate: 2}]"),
        minimal(inject="[{fault: outage, rate: 0%}]"),
        minimal(inject="[{fault: outage, rate: 101%}]"),
        minimal(inject="[{fault: outage, rate: {from: 0%, upto: 1}}]"),
        minimal(inject="[{fault: outage, calls: 0}]"),
        minimal(inject="[{fault: outage, calls: 1..2}]"),
        minimal(inject="[{fault: outage, between: 10s}]"),
        minimal(inject="[{fault: outage, between: [10s]}]"),
        minimal(inject="[{fault: outage, above: 10}]"),
        minimal(inject="[{fault: outage, prompt_tokens: 13000}]"),
        minimal(inject="[{fault: outage, stream: 'yes'}]"),
        minimal(inject="[{fault: outage, where: premium}]"),
        minimal(inject="[{fault: outage, sticky: customer, rate: 0.5}]"),
        minimal(inject="[{fault: outage, sticky: key}]"),
        minimal(inject="[{fault: latency}]"),
        minimal(inject="[{fault: latency, delay: 5x}]"),
        minimal(inject="[{fault: latency, delay: '20'}]"),
        minimal(inject="[{fault: latency, delay: -1}]"),
        minimal(inject="[{fault: latency, delay: {distribution: lognorml, median: 1s, p99: 2s}}]"),
        minimal(inject="[{fault: latency, delay: {distribution: uniform, min: 1s}}]"),
        minimal(inject="[{fault: mix, of: [{fault: outage}]}]"),
        minimal(inject="[{fault: mix, of: [{fault: outage}, {fault: outage, rate: 0.5}]}]"),
        minimal(inject="[{fault: mix, of: [{fault: outage}, {fault: outage, weight: 0}]}]"),
        minimal(inject="[{fault: stream_cut, after: -1}]"),
        minimal(inject=None, phases="[]"),
        minimal(inject=None, phases="[{name: a}]"),
        minimal(inject=None, phases="[{inject: [{fault: outage}]}]"),
        minimal(inject=None, phases=PHASE.replace("1s", "0")),
        minimal(inject=None, phases=PHASE.replace("lasts: 1s", "jitter: 10%")),
        minimal(inject=None, phases=PHASE.replace("1s", "1s, jitter: 100%")),
        minimal(inject=None, phases=PHASE.replace("lasts", "last")),
        minimal(inject=None, phases=f"[{{repeat: 1, phases: {PHASE}}}]"),
        minimal(inject=None, phases=f"[{{repeat: 3, phases: {PHASE}}}]"),
        minimal(inject=None, phases="[{repeat: 3, phases: []}]"),
        minimal(expect="[]"),
        minimal(expect="[failed_ovr]"),
        minimal(expect="[attempts]"),
        minimal(expect="[{attempts: 3}]"),
        minimal(expect="[{attempts: {at_most: 0}}]"),
        minimal(expect="[{attempts: {at_most: 1, of: 1}}]"),
        minimal(expect="[{recovered: {}, failed_over: {}}]"),
    ],
)  # fmt: skip
def test_typical_mistakes_are_refused_by_both(text):
    """An editor marks what the loader would refuse."""
    with pytest.raises(ScenarioError):
        loads(text)
    assert complaints(text)


@settings(max_examples=10)
@pytest.mark.parametrize(("name", "key", "drawn"), PARAMETERS, ids=[f"{name} {key}" for name, key, _ in PARAMETERS])
@given(data=st.data())
def test_each_value_that_is_drawn_is_valid(data, name, key, drawn):
    """Every form in which a value may be typed, before it is read."""
    value = data.draw(drawn)
    own = {**schema._own(faults.find(name).fault, {})["properties"][key], "definitions": SCHEMA["definitions"]}
    assert not list(jsonschema.Draft7Validator(own).iter_errors(value))
