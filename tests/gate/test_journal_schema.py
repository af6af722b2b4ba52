"""The published schema of the journal: it describes what is written, and takes what the reader takes."""

from __future__ import annotations

import json
from pathlib import Path

import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos import UsageProblem, faults, inject
from pytest_llmchaos.gate.journal_file import begin, end, read
from pytest_llmchaos.gate.journal_schema import journal_schema, text
from pytest_llmchaos.gate.outcome import outcome_of
from pytest_llmchaos.gate.record import from_json, record, to_json

jsonschema = pytest.importorskip("jsonschema")

ROOT = Path(__file__).parents[2]
FIRST = ROOT / "tests" / "data" / "journal-1.jsonl"
VALIDATOR = jsonschema.Draft7Validator(journal_schema())
LINES = [json.loads(line) for line in FIRST.read_bytes().splitlines()]
JSON = st.none() | st.booleans() | st.text(max_size=5) | st.lists(st.text(max_size=3), max_size=2) | st.just({})


def closed(schema):
    """Return the schema with no members but those that it tells of."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    more = {"additionalProperties": False} if "properties" in schema else {}
    return {key: closed(each) for key, each in schema.items()} | more


def test_the_published_file_is_fresh():
    """To make it anew: llmchaos schema --journal > docs/journal.schema.json."""
    told = "stale; run: llmchaos schema --journal > docs/journal.schema.json"
    assert (ROOT / "docs" / "journal.schema.json").read_text(encoding="utf-8") == text(), told


def test_all_that_is_written_is_described():
    """A run with calls, events, phases and verdicts has no member of which the schema says nothing."""
    jsonschema.Draft7Validator.check_schema(journal_schema())
    with inject("openai-outage", faults.latency("50ms", target="openai"), checks=[]) as chaos:
        client = openai.OpenAI(api_key="no-key", timeout=5, max_retries=1)
        messages = [{"role": "user", "content": "x"}]
        with chaos.request("one"), pytest.raises(openai.APIError):
            list(client.chat.completions.create(model="m", messages=messages, stream=True))
        chaos.advance("1h")
        chaos.expect.attempts(at_most=6)
    line = json.loads(to_json(record(chaos, outcome="passed", wall=0.1)))
    assert {each["type"] for each in line["entries"]} == {"exchange", "event"}
    assert line["phases"]
    assert line["verdicts"]
    assert [each.message for each in jsonschema.Draft7Validator(closed(journal_schema())).iter_errors(line)] == []


def test_the_first_version_is_read_for_ever():
    """Journals that were written before members came are valid, and mean what they meant."""
    assert [each.message for line in LINES for each in VALIDATOR.iter_errors(line)] == []
    assert [outcome_of(each) for each in read([FIRST])] == ["inconclusive", "failed", "held", "no calls", "held"]


def test_the_lines_of_a_run(tmp_path):
    """What tells of a run is described too."""
    path = tmp_path / "journal.jsonl"
    end(path, begin(path, ["tests"]), "the run was interrupted")
    for line in path.read_bytes().splitlines():
        assert [
            each.message for each in jsonschema.Draft7Validator(closed(journal_schema())).iter_errors(json.loads(line))
        ] == []
        assert not VALIDATOR.is_valid(json.loads(line) | {"run": 1})


def test_members_to_come_are_passed_over():
    """A reader of today takes what a later release adds, at every level."""
    line = LINES[0] | {"new": [1]}
    line["entries"] = [each | {"new": {}} for each in line["entries"]]
    assert VALIDATOR.is_valid(line)
    assert from_json(json.dumps(line)).test == line["test"]


@given(st.data())
def test_the_schema_takes_what_the_reader_takes(data):
    """One member changed to anything else, or left out: both refuse it or both take it."""
    line = json.loads(json.dumps(data.draw(st.sampled_from(LINES))))
    for verdict in line["verdicts"]:
        verdict["evidence"] = []  # that its places exist is more than a schema can say
    place = line
    if many := data.draw(st.sampled_from([[], line["entries"], line["verdicts"], line["phases"]])):
        place = data.draw(st.sampled_from(many))
    member = data.draw(st.sampled_from(sorted(place)))
    if data.draw(st.booleans()):
        del place[member]
    else:
        place[member] = data.draw(JSON)
    assert VALIDATOR.is_valid(line) == taken(line)


def taken(line):
    """Tell whether the reader takes a line."""
    try:
        from_json(json.dumps(line))
    except UsageProblem:
        return False
    return True
