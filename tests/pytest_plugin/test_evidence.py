"""Evidence is whole and true: nothing lost, nothing doubled, and what cannot be written is told without a traceback."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from pytest_llmchaos.gate import baseline, journal_file
from pytest_llmchaos.gate.journal_file import read

from .conftest import NEEDS_SUBTESTS

OUTAGE = "--llmchaos=openai-outage"
MATRIX = "--llmchaos-matrix=openai-outage,anthropic-overloaded"
SURVIVES = "def test_survives():\n    assert ask_with_fallback()\n"
SUBTESTS = """
def test_parts(subtests):
    with subtests.test("calm"):
        assert 1 + 1 == 2
    with subtests.test("asks"):
        assert ask_with_fallback()
"""
TWICE = """
from _pytest.runner import runtestprotocol

def pytest_runtest_protocol(item, nextitem):
    for again in (False, True):
        if again:
            item._initrequest()
        runtestprotocol(item, nextitem=nextitem)
    return True
"""
"""As plugins that run flaky tests again do it."""


@NEEDS_SUBTESTS
def test_a_subtest_without_calls_does_not_speak_for_the_whole_test(run, tmp_path):
    """A matrix skips what makes no LLM call at all, not what makes its calls in a later part."""
    journal = tmp_path / "j.jsonl"
    run(SUBTESTS, MATRIX, f"--llmchaos-journal={journal}").assert_outcomes(passed=2)
    assert [(each.outcome, each.llm) for each in read([journal])] == [("passed", "calls")] * 2


@NEEDS_SUBTESTS
def test_properties_are_told_once(run, tmp_path):
    """Subtests and plugins that run a test again have more than one call phase in a test."""
    file = tmp_path / "junit.xml"
    run(SUBTESTS, OUTAGE, f"--junit-xml={file}")
    names = Counter(re.findall(r'<property name="([^"]*)"', file.read_text("utf-8")))
    assert names["llmchaos.seed"] == names["llmchaos.attempts"] == 1


def test_a_test_that_ran_again_counts_once(run, pytester, tmp_path):
    """Its last result stands in summary and report, as in the gate; the journal has both."""
    pytester.makeconftest(TWICE)
    code = (
        "runs = []\ndef test_flaky():\n    runs.append(1)\n    assert ask_with_fallback()\n    assert len(runs) > 1\n"
    )
    journal, report = tmp_path / "j.jsonl", tmp_path / "r.html"
    result = run(code, OUTAGE, f"--llmchaos-journal={journal}", f"--llmchaos-report={report}")
    result.shows("1 test under chaos: 1 held", "the report of 1 test")
    assert [each.outcome for each in read([journal])] == ["failed", "passed"]


def test_a_setup_that_fails_before_chaos_starts_is_evidence_that_is_missing(run, tmp_path):
    """A wider fixture that breaks leaves a record of what the test was to run under."""
    journal = tmp_path / "j.jsonl"
    code = SURVIVES + (
        "@pytest.fixture(scope='module')\ndef database():\n    raise OSError('down')\n"
        "def test_put_on(database): ask()\n"
        "@llmchaos('anthropic-overloaded')\ndef test_marked(database): ask_claude()\n"
        "@llmchaos('no-such-scenario')\ndef test_mistaken(): ask_claude()\n"
        "def test_healthy(database, llmchaos): ask()\n"
    )
    result = run(code, OUTAGE, "--llmchaos-gate", f"--llmchaos-journal={journal}")
    assert result.ret == 12
    result.shows("ERROR: 1 of 1 tests survived (100%), 3 could not run")
    made = {each.test.partition("::")[2]: each for each in read([journal])}
    assert {name: each.outcome for name, each in made.items()} == {
        "test_survives": "passed",
        "test_put_on": "error",
        "test_marked": "error",
        "test_mistaken": "error",
    }
    assert made["test_put_on"].scenarios == ["openai-outage"]
    assert made["test_put_on"].replay.endswith("--llmchaos=openai-outage --llmchaos-seed=0")
    assert made["test_marked"].scenarios == ["anthropic-overloaded"]


@pytest.mark.parametrize("quiet", [(), ("-q",), ("-qq",), ("-v",)])
def test_annotations_begin_a_line(run, monkeypatch, quiet):
    """Behind the dots of a quiet run GitHub would not see the first one, which tells the worst."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    result = run("def test_falls(): ask()\n", OUTAGE, *quiet)
    (line,) = [each for each in result.outlines if "::error " in each]
    assert line.startswith("::error file=")


def test_a_full_disk_is_told_and_loses_no_test(run, monkeypatch, tmp_path):
    """Once, also with `-q`; the tests go on and the exit code is not green."""

    def full(path, line):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal_file, "_write", full)
    journal = tmp_path / "j.jsonl"
    code = SURVIVES + "def test_more(): ask_with_fallback()\n"
    for quiet in ((), ("-q",)):
        result = run(code, OUTAGE, f"--llmchaos-journal={journal}", *quiet)
        result.assert_outcomes(passed=2)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        (line,) = [each for each in result.outlines if "No space" in each]
        assert line == f"llmchaos: {journal}: the journal cannot be written: No space left on device"


def test_a_baseline_that_cannot_be_written_is_told(run, monkeypatch, tmp_path):
    """In one line."""

    def full(path, text):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(baseline, "_replace", full)
    file = tmp_path / "b.json"
    result = run(SURVIVES, OUTAGE, f"--llmchaos-baseline={file}", "--llmchaos-update-baseline", "-q")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.shows(f"llmchaos: {file}: the baseline cannot be written: No space left on device")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--llmchaos="], "--llmchaos names no scenario"),
        (["--llmchaos-matrix= , "], "--llmchaos-matrix names no scenario"),
        ([OUTAGE, "--llmchaos-report=."], "--llmchaos-report: *is a directory"),
        ([OUTAGE, "--llmchaos-report=test_it.py/r.html"], "--llmchaos-report: *"),
        ([OUTAGE, "--llmchaos-baseline=test_it.py/b.json", "--llmchaos-update-baseline"], "--llmchaos-baseline: *"),
        (["--llmchaos-journal", "../j.jsonl"], "write --llmchaos-journal=../j.jsonl"),
        (["--llmchaos", "../own.yaml"], "write --llmchaos=../own.yaml"),
    ],
)
def test_mistakes_are_told_before_anything_runs(run, args, message):
    """By a usage error, not at the end of a long run."""
    result = run("def test_x(): pass\n", *args)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{message}*"])


def test_a_journal_outside_that_is_there_already_is_told_too(run, pytester):
    """That is when pytest has lost the project, and a conftest would fail before anything could be told."""
    pytester.makeconftest("raise OSError('not reached')")
    (pytester.path.parent / "j.jsonl").touch()
    result = run("def test_x(): pass\n", "--llmchaos-journal", "../j.jsonl")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*write --llmchaos-journal=../j.jsonl*"])


def test_no_file_is_written_where_the_name_is_empty(run):
    """As a pipeline's variable may be."""
    run(SURVIVES, OUTAGE, "--llmchaos-journal=", "--llmchaos-report=", "--llmchaos-baseline=").assert_outcomes(passed=1)


def test_a_path_outside_may_follow_the_tests(run, tmp_path):
    """Where the command names the tests, pytest looks there for the project."""
    run(SURVIVES, "test_it.py", OUTAGE, "--llmchaos-journal", str(tmp_path / "j.jsonl")).assert_outcomes(passed=1)
