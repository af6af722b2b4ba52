"""Scenario files: what is read, and what is refused and where."""

# ruff: noqa: E501 - a case of one line reads best on one line
from __future__ import annotations

import json
import os
import random
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_llmchaos import checks, faults
from pytest_llmchaos.providers import Providers
from pytest_llmchaos.scenarios.scenario import Phase, Scenario
from pytest_llmchaos.scenarios.scenario_file import ScenarioError, load, loads

from .whole_file import WHOLE


def problems(text):
    """Every problem of a text as `line:column message`."""
    with pytest.raises(ScenarioError) as caught:
        loads(text, "x.yaml")
    lines = str(caught.value).splitlines()
    assert len(lines) == len(caught.value.problems)
    assert all(line.startswith("x.yaml:") for line in lines)
    return [line.removeprefix("x.yaml:") for line in lines]


def minimal(**changes):
    """The text of a small good scenario, with keys changed, added or (None) left out."""
    parts = {"name": "x", "inject": "[{fault: outage}]"} | changes
    return "".join(f"{key}: {value}\n" for key, value in parts.items() if value is not None)


def test_a_whole_file_is_read():
    """Everything that the documentation shows arrives as the same thing written in Python."""
    assert loads(WHOLE) == Scenario(
        name="a-bad-day",
        title="The provider has a bad day",
        tags=("outage", "on", "no"),
        sources=("https://example.org/status",),
        hypothesis="Users keep getting answers.",
        evidence="modelled",
        notes="The numbers are made up.",
        phases=(
            Phase(
                "rumours",
                (
                    faults.latency(faults.lognormal("6s", "20s"), target="openai"),
                    faults.overloaded(target="openai/gpt-4*:chat", rate=0.1, calls="2-", between=("10s", "2m")),
                ),
                "10m",
            ),
            Phase("back"),
        ),
        expect=(
            checks.find("failed_over").build((), {"from": "openai", "within": "10s"}),
            checks.find("attempts").build((), {"at_most": 3, "per": "provider"}),
            checks.find("retry_after_honoured").build(),
        ),
    )


def test_the_short_form_is_one_endless_phase():
    """`inject` at the top is what a list of faults in a test is."""
    assert loads(minimal()) == Scenario("x", (Phase("", (faults.outage(),)),))


def test_anchors_may_be_used():
    """What is said twice may be written once."""
    text = "name: x\nphases:\n- {name: a, lasts: 1s, inject: &i [{fault: outage}]}\n- {name: b, inject: *i}\n"
    first, second = loads(text).phases
    assert first.inject == second.inject == (faults.outage(),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # the whole file
        ("", ["1:1: is empty; a scenario needs at least name and phases"]),
        ("# nothing\n", ["1:1: is empty; a scenario needs at least name and phases"]),
        ("null", ["1:1: is empty; a scenario needs at least name and phases"]),
        ("[a]", ["1:1: a scenario must be a mapping with name, title, .*, not a list"]),
        ("just text", ["1:1: a scenario must be a mapping .*, not the text 'just text'"]),
        ("{}", ["1:1: name is missing", "1:1: phases is missing"]),
        ("name: x\n", ["1:1: phases is missing"]),
        (minimal() + "--- \nname: y\n", ["3:1: has a second document; write each scenario to a file of its own"]),
        ("\tname: x\n", ["1:1: is not YAML: a tab cannot indent it or start a value; use spaces"]),
        ("name: x\nphases:\n\t- a\n", [r"3:\d: is not YAML: a tab cannot.*"]),
        ("name: 'x\n", [r"2:1: is not YAML: .+"]),
        ("name: [x\n", [r"2:1: is not YAML: .*"]),
        ("name: a\x00b\n", [r"1:8: the character '\\x00' is not allowed in YAML"]),
        # keys
        (minimal(nam="y"), ["3:1: 'nam' is not known here; did you mean 'name'.*"]),
        (minimal() + "name: y\n", ["3:1: 'name' stands here twice; first in line 1"]),
        (minimal() + "5: y\n", ["3:1: a key must be text, not the number 5; put it in quotes"]),
        (minimal() + "true: y\n", ["3:1: a key must be text, not true; put it in quotes"]),
        (minimal(name="!!str x"), ["1:7: the tag 'tag:yaml.org,2002:str' is not allowed; plain values need none"]),
        (minimal(name="!x/y x"), ["1:7: the tag '!x/y' is not allowed; plain values need none"]),
        # values
        (minimal(name="Bad Name"), ["1:7: name must be lower-case words with hyphens such as openai-outage, not 'Bad Name'"]),
        (minimal(name="2023"), ["1:7: name must be a text, not the number 2023; put it in quotes"]),
        (minimal(name=""), [r"1:\d: name must be a text, not nothing"]),
        (minimal(title="[a]"), ["3:8: title must be a text, not a list"]),
        (minimal(tags="outage"), ["3:7: tags must be a list of texts, not the text 'outage'"]),
        (minimal(tags="[a, 5, true]"), [
            "3:11: each of tags must be a text, not the number 5; put it in quotes",
            "3:14: each of tags must be a text, not true; put it in quotes",
        ]),
        (minimal(evidence="2023"), ["3:11: evidence: 2023 is not one of 'provider', 'second-hand', 'modelled'"]),
        (minimal(evidence="modeled"), ["3:11: evidence: 'modeled' is not one of .*; did you mean 'modelled'.*"]),
        (minimal(notes="2023"), ["3:8: notes must be a text, not the number 2023; put it in quotes"]),
        (minimal(date="soon"), ["3:7: date: 'soon' is not a date such as '2024-01-04' .*"]),
        (minimal(date="0001-01-01"), ["3:7: date: '0001-01-01' is not a date that clocks can tell"]),
        # phases
        (minimal(phases="[]"), ["2:1: inject stands beside phases; .*"]),
        (minimal(inject=None, phases="[]"), ["2:9: phases must be a list with at least a phase, not an empty one"]),
        (minimal(inject=None, phases="{}"), ["2:9: phases must be a list with at least a phase, not a mapping"]),
        (minimal(inject=None, phases="[5]"), ["2:10: a phase must be a mapping with name, lasts, jitter, inject, not the number 5"]),
        (minimal(inject=None, phases="[{}]"), ["2:10: name is missing", "2:10: inject is missing"]),
        (minimal(inject="[]"), ["2:1: nothing is injected at all; a scenario needs at least one fault"]),
        (minimal(inject=""), [r"2:\d: inject must be a list, not nothing; \[\] injects nothing"]),
        (minimal(inject="{fault: outage}"), ["2:9: inject must be a list, not a mapping; .*"]),
        (
            "name: x\nphases:\n  - {name: a, inject: [{fault: outage}]}\n  - {name: a, lasts: 0s, inject: []}\n",
            ["3:5: a phase without lasts never ends; only the last one may do without", "4:22: lasts: a phase must last longer.*"],
        ),
        (
            "name: x\nphases:\n  - {name: a, lasts: 1s, inject: [{fault: outage}]}\n  - {name: a, inject: []}\n",
            ["4:5: a phase named 'a' stands in line 3 already"],
        ),
        (
            "name: x\nphases:\n  - {name: a, lasts: soon, inject: [{fault: outage}], lats: 5}\n",
            ["3:22: lasts: 'soon' is not a duration .*", "3:55: 'lats' is not known here; did you mean 'lasts'.*"],
        ),
        # repetitions
        (minimal(inject=None, phases="[{repeat: 2}]"), ["2:10: phases is missing"]),
        (minimal(inject=None, phases="[{repeat: 2, phases: []}]"), ["2:30: phases must be a list with at least a phase, not an empty one"]),
        (minimal(inject=None, phases="[{repeat: 1, phases: [{name: a, lasts: 1s, inject: [{fault: outage}]}]}]"), ["2:19: repeat: 1 is not a whole number of times from 2 to 1000"]),
        (minimal(inject=None, phases="[{repeat: 2, phases: [{name: a, inject: [{fault: outage}]}]}]"), ["2:31: a phase without lasts never ends; .*"]),
        (
            minimal(inject=None, phases="[{repeat: 2, phases: [{repeat: 2, phases: [{name: a, lasts: 1s, inject: []}]}]}]"),
            ["2:32: a repetition cannot stand in another one"],
        ),
        (
            minimal(inject=None, phases="[{repeat: 2, phases: [{name: a, lasts: 1s, inject: [{fault: outage}]}]}, {name: a 2, inject: []}]"),
            ["2:1: phases: the scenario 'x' has two phases named 'a 2'"],
        ),
        (
            minimal(inject=None, phases="[{name: a, jitter: 10%, inject: [{fault: outage}]}]"),
            ["2:28: jitter: is a share below 100% of how long the phase lasts, and needs lasts"],
        ),
        # injections
        (minimal(inject="[outage]"), ["2:10: an injection is a mapping such as {fault: outage}, not the text 'outage'"]),
        (minimal(inject="[{target: openai}]"), ["2:10: fault is missing"]),
        (minimal(inject="[{fault: 5}]"), ["2:18: fault must be a text, not the number 5; put it in quotes"]),
        (minimal(inject="[{fault: outge}]"), ["2:18: 'outge' is not a fault; did you mean 'outage'.*"]),
        (minimal(inject="[{fault: latency}]"), ["2:18: delay: latency needs it"]),
        (minimal(inject="[{fault: outage, satus: 500}]"), ["2:26: satus: outage has no such parameter; .*did you mean 'status'.*"]),
        (minimal(inject="[{fault: outage, self: 1}]"), ["2:26: self: outage has no such parameter.*"]),
        (minimal(inject="[{fault: outage, target: 'openai:chta'}]"), ["2:34: target: 'chta' in 'openai:chta' is not an operation.*"]),
        (
            minimal(inject="[{fault: latency, delay: 5x, first_token: [], rate: 2, calls: 0, between: [2s, 1s]}]"),
            [
                "2:34: delay: '5x' is not a duration .*",
                r"2:51: first_token: \[\] is not a duration .*",
                "2:61: rate: 2 is not a rate: .*",
                "2:71: calls: 0 is an empty range: .*",
                "2:83: between: .* is an empty window: .*",
            ],
        ),
        (
            minimal(inject="[{fault: latency, delay: {distribution: uniform, min: 1, 5: 2}}]"),
            ["2:66: a key must be text, not the number 5; put it in quotes", r"2:34: delay: .* 'max' is missing.*"],
        ),
        # expectations
        (minimal(expect="[]"), ["3:9: expect must be a list with at least an expectation, not an empty one"]),
        (minimal(expect="[failed_ovr]"), ["3:10: 'failed_ovr' is not a check; did you mean 'failed_over'.*"]),
        (minimal(expect="[attempts]"), ["3:10: at_most: attempts needs it"]),
        (minimal(expect="[5]"), ["3:10: an expectation is a check's name, or one name with its parameters, not the number 5"]),
        (minimal(expect="[{a: 1, b: 2}]"), ["3:10: an expectation is .*, not a mapping of several"]),
        (minimal(expect="[{attempts: 3}]"), [r"3:21: the parameters of attempts must be a mapping such as \{at_most: ...\}, not the number 3"]),
        (
            minimal(expect="[{attempts: {at_most: x, per: providr, of: 1}}]"),
            [
                "3:31: at_most: 'x' is not a whole number.*",
                "3:39: per: 'providr' is not one of .*did you mean 'provider'.*",
                "3:48: of: attempts has no such parameter; .*",
            ],
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(text, expected):
    """Each problem has its line and column, what was expected, and the near name."""
    found = sorted(problems(text))
    assert len(found) == len(expected), found
    for each, pattern in zip(found, sorted(expected), strict=True):
        assert re.fullmatch(pattern, each), (pattern, each)


def test_all_problems_are_told_at_once_in_order():
    """Nobody has to run the validation five times to find five slips."""
    text = (
        WHOLE.replace("name: a-bad-day", "name: A")
        .replace("6s", "6x")
        .replace("10%", "0")
        .replace("at_most: 3", "at_mst: 3")
    )
    found = problems(text)
    assert [line.split(" ")[0] for line in found] == ["2:7:", "14:49:", "17:15:", "24:5:", "24:16:"]


def test_values_are_those_of_yaml_1_2():
    """`on`, `no`, dates and times of day are texts; numbers are numbers only where YAML 1.2 says so."""
    tags = "[on, off, yes, no, y, 12:30:45, 2023-11-17, 1_000, 0b11, '5', =, <<]"
    assert loads(minimal(tags=tags)).tags == (
        "on", "off", "yes", "no", "y", "12:30:45", "2023-11-17", "1_000", "0b11", "5", "=", "<<",
    )  # fmt: skip
    assert loads(minimal(inject="[{fault: stream_cut, after: 0o17}]")).injections == (faults.stream_cut(15),)
    assert loads(minimal(inject="[{fault: stream_cut, after: 08}]")).injections == (faults.stream_cut(8),)
    assert loads(minimal(inject="[{fault: latency, delay: 1e3}]")).injections == (faults.latency(1000),)


def test_the_problem_of_a_bad_encoding_has_its_place():
    """Bytes that are no UTF-8 are told where they stand."""
    with pytest.raises(ScenarioError, match=r"x\.yaml:2:8: is not UTF-8"):
        loads(b"name: x\ntitle: \xff\n", "x.yaml")


def test_a_byte_order_mark_is_no_problem():
    """Some editors write one."""
    assert loads(b"\xef\xbb\xbf" + minimal().encode()).name == "x"


def test_windows_line_ends_are_no_problem():
    """Nor do they move a column."""
    assert loads(WHOLE.replace("\n", "\r\n")) == loads(WHOLE)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a: &a [x, x]\n" + "".join(f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 9)}]\n" for n in range(9)), "aliases counted"),
        ("[" * 500, "nested more than 32 levels deep"),
        ("[" * 5000, "^<scenario>:1:"),  # newer versions of PyYAML refuse it in their own words
        ("{a: " * 5000, "nested more than 32 levels deep"),
        ("- " * 5000, "nested more than 32 levels deep"),
        ("x: " + "a" * 300_000, "is larger than 256 KiB"),
        ("&a [*a]", r"the alias \*a stands for something that it is a part of"),
        ("[*a]", r"the alias \*a stands for nothing before it"),
        ("x: [" + "a, " * 30_000 + "]", "has more than 20000 values"),
    ],
    ids=["laughs", "lists", "many lists", "mappings", "dashes", "size", "recursion", "unknown alias", "values"],
)  # fmt: skip
def test_a_hostile_file_is_refused(text, says):
    """No file can take the reader's time, memory or stack."""
    with pytest.raises(ScenarioError, match=says):
        loads(text)


def test_reading_from_files(tmp_path, monkeypatch):
    """The path stands in the message as it was given."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.yaml").write_text(WHOLE)
    (tmp_path / "bad.yaml").write_text("name: X\n")
    assert load("good.yaml") == load(tmp_path / "good.yaml") == loads(WHOLE)
    with pytest.raises(ScenarioError, match=r"^bad\.yaml:1:1: phases is missing\nbad\.yaml:1:7: name must be"):
        load("bad.yaml")


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("godo.yaml", r"^godo\.yaml: no such file; did you mean 'good\.yaml'\?$"),
        ("nowhere/x.yaml", r"^nowhere/x\.yaml: no such file$"),
        ("folder", r"^folder: is a folder, not a scenario file$"),
        ("pipe", r"^pipe: is not a regular file$"),
        ("a\0b", "cannot be the name of a file"),
        ("x" * 20_000 + "\0", "cannot be the name of a file"),
        ("\ud800.yaml", "cannot be the name of a file"),
        ("x" * 5000, "cannot be read: File name too long"),
    ],
)
def test_what_is_no_file_is_told(path, says, tmp_path, monkeypatch):
    """A missing file, a folder and a pipe are problems of the file as a whole."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.yaml").write_text(WHOLE)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ScenarioError, match=says):
        load(path)


# --- fuzzing ---


def survives(data):
    """Load it; anything but a scenario or an error with problems in it fails the test."""
    told = None
    try:
        found = loads(data, "x.yaml")
    except ScenarioError as problem:
        told = [str(each) for each in problem.problems]
    if told is None:
        assert isinstance(found, Scenario)
    else:
        assert told
        assert all(each.startswith("x.yaml") for each in told)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_scenario_or_its_problems(data):
    """Never a traceback."""
    survives(data)


@given(st.text(st.sampled_from("ab:,-[]{}&*!|>'\"#%@` \n\t\\?~<=0.5") | st.characters(), max_size=80))
def test_any_text_gives_a_scenario_or_its_problems(text):
    """Text with YAML's own signs in all orders."""
    survives(text)


WORDS = ["&a ", "*a", "!!int ", "[", "]", "{", "}", ": ", "- ", "\n", "  ", "\t", "'", '"', "\\uD800", '"\\U00110000"', "null",
         "true", "5", ".inf", ".nan", "<<: ", "? ", "|\n", ">\n", "%TAG", "---\n", "...", "\x07", "\u2028", "🙂", "self", "from",
         "name", "fault", "calls", "-1", "1e999", "0x", "9" * 40, "#"]  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.randoms(use_true_random=False), st.integers(1, 8))
def test_a_valid_file_with_changes_gives_a_scenario_or_its_problems(rng: random.Random, changes):
    """A good file, a few pieces of which were cut, doubled, replaced or moved."""
    text = WHOLE
    for _ in range(changes):
        start = rng.randrange(len(text) + 1)
        end = min(start + rng.choice([0, 1, 2, 5, 20, 80]), len(text))
        piece = rng.choice([rng.choice(WORDS), text[start:end] * 2, "", text[rng.randrange(len(text) + 1) :][:15]])
        text = text[:start] + piece + text[end:]
    survives(text)


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["outage", "latency", "5s", "openai", "x"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["name", "phases", "inject", "fault", "delay", "target", "expect", "attempts", "self"]), inner, max_size=4),
    max_leaves=20,
))  # fmt: skip
def test_any_structure_gives_a_scenario_or_its_problems(data):
    """Known words at the wrong places, with values of the wrong kind."""
    survives(json.dumps(data))


LATE = """\
name: late
phases:
  - {name: a, lasts: 10m, inject: []}
  - name: b
    lasts: 10m
    inject:
      - {fault: outage, target: openai, between: [0s, 5m]}
      - {fault: overloaded, target: openai, between: [0s, 11m]}
"""


def test_a_window_outside_of_its_phase_is_told():
    """Who thinks that it counts from the start of the phase would have a fault that never strikes."""
    (found,) = problems(LATE)
    assert found == "7:50: between: 0s..5m is never while 'b' lasts (10m to 20m of the scenario's time)"


def test_unknown_providers_are_told_with_their_places():
    """In faults and in expectations, all in one go, where somebody knows the providers."""
    text = """\
name: typos
inject:
  - {fault: outage, target: [openai, opnai]}
expect:
  - failed_over: {from: openai, to: antropic}
  - not_called: {target: "gpt-4*"}
"""
    with pytest.raises(ScenarioError) as raised:
        loads(text, "x", Providers().check_name)
    places = [(each.spot.line, each.text.partition(" is not")[0]) for each in raised.value.problems]
    assert places == [(3, "target: 'opnai'"), (5, "to: 'antropic'"), (6, "target: 'gpt-4*'")]
    assert loads(text).name == "typos"
