"""Valid input of each kind, changed thousands of times: it is read, or refused by a clear error of ours.

A few of each kind run here; LLMCHAOS_MUTATIONS says how many, and `.ci/run` runs 10,000 of each.
"""

# ruff: noqa: E501 - a case of one line reads best on one line
from __future__ import annotations

import json
import os
import random
import warnings
from pathlib import Path

import pytest
from click.testing import CliRunner

from pytest_llmchaos import faults
from pytest_llmchaos.checks.prices import own_prices
from pytest_llmchaos.cli import cli
from pytest_llmchaos.core import config
from pytest_llmchaos.core.errors import ChaosError, UsageProblem
from pytest_llmchaos.core.yaml_nodes import MAX_BYTES
from pytest_llmchaos.gate import baseline, journal_file
from pytest_llmchaos.gate.policy import Policy
from pytest_llmchaos.gate.record import to_json
from pytest_llmchaos.gate.verdict import judge
from pytest_llmchaos.providers import Providers
from pytest_llmchaos.pytest_plugin import chaos_tests
from pytest_llmchaos.run.chaos import Chaos
from pytest_llmchaos.scenarios.scenario import Scenario
from pytest_llmchaos.scenarios.scenario_file import ScenarioError, loads

from .mutations import ODD, as_json, bytes_of, structure
from .report import records

MANY = int(os.environ.get("LLMCHAOS_MUTATIONS", "150"))


def changed(kind, texts, data=()):
    """Yield changed inputs: of texts in their bytes, of data in its structure, half of each; every one by its number."""
    for number in range(MANY):
        chance = random.Random(f"{kind}|{number}")
        if data and number % 2:
            yield as_json(structure(chance.choice(data), chance))
        else:
            yield bytes_of(chance.choice(texts), chance)


def refused(read, *where, kind=UsageProblem):
    """Read it. Returns what it gave, or None where it was refused by one error of ours that names one of the places."""
    told = ""
    try:
        return read()
    except kind as problem:
        told = str(problem)
    assert not where or any(each in told for each in where), told[:500]
    assert "Traceback" not in told
    assert 0 < len(told.strip()) < 200_000
    return None


SCENARIOS = [
    {
        "name": "own", "title": "A bad day", "tags": ["outage", "mine"], "sources": ["https://example.org/"], "date": "2024-01-04",
        "hypothesis": "h", "evidence": "modelled", "notes": "n",
        "phases": [
            {"name": "a", "lasts": "10m", "jitter": "10%", "inject": [
                {"fault": "latency", "delay": {"distribution": "lognormal", "median": "6s", "p99": "20s"}, "target": "openai"},
                {"fault": "outage", "status": 503, "target": ["openai/gpt-4*:chat", "anthropic"], "rate": 0.1, "calls": "2-", "between": ["10s", "2m"]},
            ]},
            {"repeat": 3, "phases": [{"name": "b", "lasts": "1s", "inject": [{"fault": "rate_limit", "retry_after": "20s", "form": "ms"}]}]},
            {"name": "c", "inject": []},
        ],
        "expect": [{"failed_over": {"from": "openai", "within": "10s"}}, {"attempts": {"at_most": 3, "per": "provider"}}, "recovered"],
    },
    {"name": "x", "inject": [{"fault": "mix", "of": [{"fault": "overloaded", "weight": 2}, {"fault": "stream_cut", "after": 3}]}]},
    {"name": "y", "inject": [{"fault": "wrong_output", "kind": "empty"}, {"fault": "token_bucket", "tokens": "100/1m"}]},
]  # fmt: skip
YAML = b"""name: own
tags: [outage, mine]
phases:
  - name: a
    lasts: 10m
    inject: &both
      - {fault: latency, delay: 6s, target: openai}
      - fault: outage
        status: 503
        rate: 10%
        between: [10s, 2m]
  - {name: b, inject: *both}
expect:
  - attempts: {at_most: 3}
"""


def test_scenarios():
    """Each problem is a line with the file's name."""
    taken = 0
    for data in changed("scenario", [YAML, *map(as_json, SCENARIOS)], SCENARIOS):
        made = refused(lambda data=data: loads(data[:MAX_BYTES], "x.yaml"), "x.yaml", kind=ScenarioError)
        assert made is None or isinstance(made, Scenario)
        taken += made is not None
    assert 0 < taken < MANY


PYPROJECT = b"""[project]
name = "app"
[tool.llmchaos]
scenarios = ["chaos"]
[tool.llmchaos.providers.acme]
hosts = ["llm.acme.example", "localhost:8000"]
dialect = "openai"
[tool.llmchaos.prices]
"openai/gpt-5" = {input = 1.25, output = 10, currency = "EUR"}
[tool.llmchaos.suppress]
leaked_key = "a test's own"
[tool.llmchaos.gate]
require = ["tag:outage", "model-retired"]
survival = "95%"
attempts = 6
added_latency = "30s"
cost = 0.5
regressions = 0
baseline = "baseline.json"
"""
TOML = ("{}", "[]", "''", "'x'", "-1", "0", "true", "1e400", "nan", "-inf", "9" * 4000, "1979-05-27", "12:00:00", "[[]]", "{x = {}}",
        '"\\u001b]0;x"', "[1, 'a', {}]", "'" + "x" * 3000 + "'")  # fmt: skip


def test_pyproject_tables(tmp_path):
    """What is read at once, and what is read when it is needed."""
    path, taken = tmp_path / "pyproject.toml", 0

    def read():
        found = config._read.__wrapped__(path, 0)
        Providers(found.providers)
        own_prices(found)
        return found

    for number, data in enumerate(changed("pyproject", [PYPROJECT])):
        if number % 2:  # another value at one place, or another name
            chance = random.Random(number)
            lines = PYPROJECT.decode().splitlines()
            at = chance.choice([i for i, line in enumerate(lines) if "llmchaos" in line or "=" in line])
            name, equal, value = lines[at].partition(" = ")
            lines[at] = (
                f"{name}{chance.choice('xs')} = {value}" if chance.random() < 0.2 else f"{name} = {chance.choice(TOML)}"
            )
            lines[at] = lines[at] if equal else bytes_of(name.encode(), chance).decode(errors="replace")
            data = "\n".join(lines).encode()
        path.write_bytes(data)
        taken += refused(read, "pyproject.toml", "[tool.llmchaos") is not None
    assert 0 < taken < MANY


JOURNAL = [records.fallback(), records.gave_up(), records.untouched()]
RUNS = [{"schema": 1, "run": "a", "command": "b"}, {"schema": 1, "run": "a", "ended": True, "problem": ""}]


def test_journals(tmp_path):
    """Read, judged by a gate that looks at everything, and now and then shown in every form."""
    path, taken = tmp_path / "j.jsonl", 0
    policy = Policy(require=("tag:outage", "o*"), survival=0.5, attempts=2, added_latency=1.0, cost=0.1)
    lines = [json.loads(to_json(each)) for each in JOURNAL] + RUNS
    for number, data in enumerate(changed("journal", list(map(as_json, lines)), lines)):
        path.write_bytes(as_json(RUNS[0]) + b"\n" + data + b"\n")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = refused(lambda: journal_file.read([path]), "j.jsonl:")
        if found is None:
            continue
        taken += 1
        assert judge(found, policy, {}).lines()
        if number % 50 == 1 and found:
            forms = [word for form in ("html", "markdown", "junit") for word in (f"--{form}", str(tmp_path / form))]
            shown = CliRunner().invoke(cli, ["report", str(path), *forms, "--terminal", "--verbose"])
            assert shown.exception is None or isinstance(shown.exception, SystemExit), data
    assert 0 < taken < MANY


def test_baselines(tmp_path):
    """Read, and compared with."""
    path, taken = tmp_path / "b.json", 0
    known = {
        "schema": 1,
        "tests": {"t.py::a": {"openai-outage": "survived"}, "t.py::b": {"x + y": "failed", "z": "inconclusive"}},
    }
    for data in changed("baseline", [as_json(known)], [known]):
        path.write_bytes(data)
        found = refused(lambda: baseline.read(path), "b.json: ")
        if found is not None:
            taken += 1
            assert judge(JOURNAL, Policy(), found).lines()
    assert 0 < taken < MANY


MARKS = [
    {"args": ["openai-outage"], "kwargs": {"seed": 7, "clock": "virtual", "upstream": "simulated", "allow_unused": True}},
    {"args": [faults.outage(target="openai"), ["model-retired"]], "kwargs": {"checks": [], "suppress": {"leaked_key": "why"}}},
    {"args": [Path("none.yaml"), "./none.yaml"], "kwargs": {"allow_escapes": False, "checks": ["failed_over"]}},
    {"args": [], "kwargs": {"each": {"names": ["openai-*"], "tag": "outage", "provider": "openai", "kind": "outage"}}},
    {"args": [], "kwargs": {"off": "why"}},
]  # fmt: skip
ARGUMENTS = (
    *ODD,
    b"x",
    (),
    set(),
    object(),
    len,
    faults.outage,
    faults.outage(),
    Path("x"),
    Path("\0"),
    10**5000,
    range(3),
)


def test_markers(pytester):
    """Names, files, faults and options of the marker, each checked before the test runs."""
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
    item, taken = pytester.getitem("def test_it(): pass", "test_it"), 0
    for number in range(MANY):
        chance = random.Random(f"marker|{number}")
        given = structure(chance.choice(MARKS), chance, ARGUMENTS)
        args, kwargs = (given.get("args"), given.get("kwargs")) if isinstance(given, dict) else (None, None)
        if (
            not isinstance(args, list)
            or not isinstance(kwargs, dict)
            or not all(isinstance(each, str) for each in kwargs)
        ):
            continue  # Python itself refuses it
        item.own_markers[:] = [pytest.Mark("llmchaos", tuple(args), kwargs, _ispytest=True)]
        made = refused(lambda: chaos_tests.of_test(item, None), kind=ChaosError)
        assert made is None or isinstance(made.chaos, Chaos)
        taken += made is not None
    assert 0 < taken < MANY
