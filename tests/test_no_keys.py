"""A key that stands where a name belongs is hidden in everything that is written or shown."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, replace

import openai
import pytest
from click.testing import CliRunner

from pytest_llmchaos import ChaosFailed, Phase, Scenario, faults, inject
from pytest_llmchaos.cli import cli
from pytest_llmchaos.gate.counting import latest
from pytest_llmchaos.gate.journal_file import append
from pytest_llmchaos.gate.record import record, to_json
from pytest_llmchaos.journal.timeline import timeline
from pytest_llmchaos.report.github import commands

from .report import records

SECRET = "a1B2c3D4e5F6g7H8i9J0" * 2
KEY = f"sk-proj-{SECRET}"
KEPT = ("type", "outcome", "kind", "operation")  # words that mean something


# Keys that have no form of their own are known by their value: these are Mistral's, Azure's and Together's.
FORMLESS = ["q7RtYpL2mXc9VbN4kJ8sHd3fGz6wTa1E", "9f3b2c7e5d1a48069f3b2c7e5d1a4806", "a4d09f3b2c7e5d1a4806" * 3 + "b7c1"]


def run(client_key="k"):
    """Have an app take a key for the name of a model, of a request and of a phase; return the failed run."""
    with suppress(ChaosFailed), inject(Scenario("own", (Phase(KEY, (faults.outage(),)),))) as chaos:
        with chaos.request(KEY), suppress(openai.APIError):
            openai.OpenAI(api_key=client_key, max_retries=0).responses.create(model=KEY, input="hi")
        with suppress(openai.APIError):
            openai.OpenAI(api_key=client_key, max_retries=0).responses.create(model=KEY, input="hi")
        chaos.effect(KEY, KEY)
        chaos.expect.answered_within("1s")
    return chaos


def test_what_a_run_shows_holds_no_key():
    """The failure's text, verdicts, the timeline, and what a failed assertion shows of calls."""
    chaos = run()
    assert chaos.calls[0].model == KEY  # for the test's own assertions
    told = [str(chaos.verdict_error()), *map(str, chaos.verdicts), timeline(chaos.journal), repr(chaos.calls)]
    told += [repr(chaos.calls[0]), *map(repr, chaos.journal.events), chaos.calls[0].label]
    assert [each for each in told if SECRET in each] == []
    assert "[hidden]" in repr(chaos.calls)


def test_the_record_of_a_run_holds_no_key():
    """Wherever it stood."""
    chaos = run()
    chaos.test, chaos.replay = f"test_x.py::test_it[{KEY}]", f"pytest 'test_x.py::test_it[{KEY}]'"
    written = to_json(record(chaos, outcome="failed"))
    assert SECRET not in written
    assert "[hidden]" in written


@pytest.mark.parametrize("where", ["header", "environment"])
@pytest.mark.parametrize("key", FORMLESS)
def test_a_key_without_a_form_is_known_by_its_value(key, where, monkeypatch, tmp_path):
    """The key that the requests came with, or that the environment names, is hidden in a name's place too."""
    key = key[::-1] if where == "environment" else key  # what is known stays known
    monkeypatch.setattr(f"{__name__}.KEY", key)
    if where == "environment":
        monkeypatch.setenv("MISTRAL_API_KEY", key)
    chaos = run(key if where == "header" else "k")
    chaos.test, chaos.replay = f"test_x.py::test_it[{key}]", f"pytest 'test_x.py::test_it[{key}]'"
    assert chaos.calls[0].model == key
    path = tmp_path / "j.jsonl"
    append(path, made := record(chaos, outcome="failed"))
    told = [str(chaos.verdict_error()), *map(str, chaos.verdicts), timeline(chaos.journal), repr(chaos.calls)]
    told += [repr(chaos.calls[0]), *map(repr, chaos.journal.events), path.read_text("utf-8"), *commands([made], {})]
    forms = {each: tmp_path / f"r.{each}" for each in ("html", "markdown", "junit")}
    options = [word for each, file in forms.items() for word in (f"--{each}", str(file))]
    told += [CliRunner().invoke(cli, ["report", str(path), *options, "--terminal", "--verbose"]).output]
    told += [each.read_text("utf-8") for each in forms.values()]
    assert [each for each in told if key[:20] in each] == []
    assert "[hidden]" in repr(chaos.calls)


@pytest.mark.parametrize("word", ["test-key", "your-api-key-goes-here", "gpt-5-mini", "k" * 40])
def test_a_word_that_stands_for_a_key_is_none(word):
    """A placeholder hides nothing."""
    with suppress(ChaosFailed), inject(faults.outage()) as chaos, suppress(openai.APIError):
        openai.OpenAI(api_key=word, max_retries=0).responses.create(model=word, input="hi")
    assert word in timeline(chaos.journal)
    assert word in chaos.calls[0].label


def test_tests_whose_ids_hold_keys_stay_apart():
    """The gate must not take the one that passed for the one that failed."""
    chaos = run()
    made = []
    for letter in "ab":
        chaos.test = f"test_x.py::test_it[{KEY}{letter}]"
        made.append(record(chaos, outcome="passed" if letter == "b" else "failed"))
    assert len(latest(made)) == 2


@pytest.fixture
def journal(tmp_path):
    """A journal that somebody else wrote, with a key in each of its texts."""

    def spoilt(value):
        if isinstance(value, dict):
            return {key: each if key in KEPT else spoilt(each) for key, each in value.items()}
        if isinstance(value, list):
            return [spoilt(each) for each in value]
        return f"{value} {KEY}" if isinstance(value, str) and value else value

    made = records.gave_up()
    given = {key: spoilt(value) for key, value in asdict(made).items() if key not in ("outcome", "llm", "clock")}
    append(tmp_path / "j.jsonl", spoilt_record := replace(made, **given))
    return tmp_path / "j.jsonl", spoilt_record


def test_no_report_shows_a_key_of_a_journal(journal, tmp_path):
    """HTML, Markdown, JUnit, the terminal, GitHub's annotations and the gate."""
    path, spoilt = journal
    forms = {each: tmp_path / f"r.{each}" for each in ("html", "markdown", "junit")}
    options = [word for each, file in forms.items() for word in (f"--{each}", str(file))]
    told = [CliRunner().invoke(cli, ["report", str(path), *options, "--terminal", "--verbose"]).output]
    told += [CliRunner().invoke(cli, ["gate", "--verbose", str(path)]).output]
    told += [each.read_text("utf-8") for each in forms.values()]
    told += commands([spoilt], {})
    assert [each for each in told if SECRET in each] == []
    assert len(told) == 6
