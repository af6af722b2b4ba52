"""Existing suites, unmarked and unchanged, under scenarios from the command line."""

from __future__ import annotations

import json
import shlex

import pytest

from pytest_llmchaos.gate.journal_file import read
from pytest_llmchaos.report._survival import short_reason

SUITE = """
import time

def test_survives():
    assert ask_with_fallback()

def test_falls():
    assert ask()

def test_calm():
    assert 1 + 1 == 2
"""


def outcomes(path):
    """Return what a journal says of each test: its outcome, whether it made calls, what it ran under."""
    return {each.test.partition("::")[2]: (each.outcome, each.llm, each.scenarios) for each in read([path])}


def test_an_unmarked_suite_runs_under_a_scenario(run, tmp_path):
    """Each test gets the run as if marked; what makes no LLM call is told apart."""
    journal = tmp_path / "j.jsonl"
    run(SUITE, "--llmchaos=openai-outage", f"--llmchaos-journal={journal}").assert_outcomes(passed=2, failed=1)
    assert outcomes(journal) == {
        "test_survives": ("passed", "calls", ["openai-outage"]),
        "test_falls": ("failed", "calls", ["openai-outage"]),
        "test_calm": ("passed", "none", ["openai-outage"]),
    }
    survives = read([journal])[0]
    assert survives.applied
    assert survives.hit == ["openai-outage"]
    assert survives.replay == "pytest test_it.py::test_survives --llmchaos=openai-outage --llmchaos-seed=0"
    assert [each["outcome"] for each in survives.verdicts if not each["always"]] == ["held"] * 2


MOCKED = """
import requests
from unittest import mock

CANNED = requests.Response()
CANNED.status_code, CANNED._content = 200, b'{"choices": []}'

def ask_mocked():
    with mock.patch("requests.adapters.HTTPAdapter.send", return_value=CANNED):
        return requests.post("https://api.openai.com/v1/chat/completions", json={"model": "m", "messages": []}).json()

def test_mocked():
    assert ask_mocked() == {"choices": []}

def test_both():
    assert ask_mocked()
    assert ask_with_fallback()
"""


def test_mocks_above_the_interception_can_be_accepted(run, tmp_path):
    """They fail a test unless the suite accepts them, and then it counts as making no call; what fails tells so."""
    journal = tmp_path / "j.jsonl"
    options = ("--llmchaos=openai-outage", f"--llmchaos-journal={journal}")
    result = run(MOCKED, *options)
    result.assert_outcomes(failed=2)
    result.shows("--llmchaos-allow-escapes")
    journal.unlink()
    result = run(MOCKED, *options, "--llmchaos-allow-escapes", "--llmchaos-gate")
    assert result.ret == 0
    result.shows("PASS: 1 of 1 tests survived (100%), 1 without LLM calls")
    mocked, both = read([journal])
    assert (mocked.llm, both.llm) == ("none", "calls")
    assert short_reason(mocked) == "its LLM calls were answered where no fault could reach them"
    assert mocked.replay.endswith(" --llmchaos-allow-escapes")


def test_wall_time_is_real_time(run, tmp_path):
    """Seconds that passed in virtual time alone are none on the wall."""
    journal = tmp_path / "j.jsonl"
    code = "@llmchaos(faults.latency('20m'))\ndef test_slow():\n    ask(timeout=3600)\n"
    run(code, f"--llmchaos-journal={journal}").assert_outcomes(passed=1)
    (made,) = read([journal])
    assert made.virtual >= 1200 > made.wall
    assert made.cost > 0
    assert made.unpriced == 0


def test_expectations_of_the_scenario_are_judged(run):
    """A test that passes by itself fails when the app did not do what the scenario expects."""
    result = run("def test_swallows():\n    assert ask_swallowing()\n", "--llmchaos=openai-outage")
    result.assert_outcomes(failed=1)
    result.shows("failed_over", "violated")


def test_what_hits_nothing_is_told_and_not_failed(run, tmp_path):
    """A scenario for another provider proves nothing: inconclusive, not survived, not failed."""
    journal = tmp_path / "j.jsonl"
    result = run("def test_ask():\n    ask()\n", "--llmchaos=anthropic-overloaded", f"--llmchaos-journal={journal}")
    result.assert_outcomes(passed=1)
    (made,) = read([journal])
    assert made.hit == []
    (verdict,) = [each for each in made.verdicts if not each["always"]]
    assert (verdict["check"], verdict["outcome"]) == ("unused", "inconclusive")
    assert "openai/gpt-5:chat" in verdict["reason"]


def test_an_expectation_without_evidence_is_told_and_not_failed(run, tmp_path, pytester):
    """A test that ends before the provider is back cannot show a recovery, and is not blamed for it."""
    pytester.makefile(
        ".yaml",
        own="name: own\nphases:\n- {name: gone, lasts: 10m, inject: [{fault: outage, target: openai}]}\n"
        "- {name: back, inject: []}\nexpect:\n- {recovered: {to: openai, within: 5m}}\n",
    )
    journal = tmp_path / "j.jsonl"
    result = run(
        "def test_ask():\n    assert ask_with_fallback()\n", "--llmchaos=./own.yaml", f"--llmchaos-journal={journal}"
    )
    result.assert_outcomes(passed=1)
    (made,) = read([journal])
    assert [each["outcome"] for each in made.verdicts if not each["always"]] == ["inconclusive"]
    assert "--llmchaos=./own.yaml" in made.replay


def test_marked_tests_keep_their_own(run, tmp_path):
    """What a test says itself stands: it gets nothing more, and in a matrix it runs once."""
    code = """
@llmchaos(faults.overloaded(target="anthropic"))
def test_marked(llmchaos):
    assert not llmchaos.scenarios
    with pytest.raises(anthropic.APIStatusError):
        ask_claude()

def test_asks_for_the_fixture(llmchaos):
    assert ask()
"""
    run(code, "--llmchaos=openai-outage").assert_outcomes(passed=2)
    run(code, "--llmchaos-matrix=openai-outage,anthropic-overloaded").assert_outcomes(passed=2)


def test_a_matrix_gives_each_scenario_its_own_result(run):
    """Ids are stable and stand behind the test's own parameters; tests without calls run once."""
    code = """
@pytest.mark.parametrize("n", [1, 2])
def test_ask(n):
    assert ask_with_fallback()

class TestIt:
    def test_in_class(self):
        ask_swallowing()

def test_calm():
    pass
"""
    result = run(code, "--llmchaos-matrix=openai-outage,anthropic-overloaded", "-vrs")
    for line in (
        "*::test_ask[[]1-llmchaos:openai-outage[]] PASSED*",
        "*::test_ask[[]2-llmchaos:anthropic-overloaded[]] PASSED*",
        "*::TestIt::test_in_class[[]llmchaos:openai-outage[]] FAILED*",
        "*::TestIt::test_in_class[[]llmchaos:anthropic-overloaded[]] PASSED*",
    ):
        result.stdout.fnmatch_lines([line])
    result.assert_outcomes(passed=6, failed=1, skipped=1)
    result.shows("this test makes no LLM call")


def test_the_command_of_a_record_plays_it_again(run, tmp_path):
    """One result of a matrix can be had by its id."""
    journal = tmp_path / "j.jsonl"
    run(SUITE, "--llmchaos-matrix=tag:model-retired,openai-outage", f"--llmchaos-journal={journal}", "-k", "falls")
    made = next(each for each in read([journal]) if each.scenarios == ["openai-outage"])
    assert made.replay.split()[1].strip("'") == "test_it.py::test_falls[llmchaos:openai-outage]"
    args = [each.strip("'") for each in made.replay.split()[1:]]
    run(SUITE, *args).assert_outcomes(failed=1)


def test_methods_of_unittest_are_taken_along(run, tmp_path):
    """Alone and in a matrix; the id tells the scenario, and the command plays it again."""
    code = """
import unittest

class TestIt(unittest.TestCase):
    def setUp(self):
        self.name = "gpt-5"

    def test_ask(self):
        self.assertTrue(ask(self.name))

    def test_over(self):
        self.assertTrue(ask_with_fallback())

class TestAsync(unittest.IsolatedAsyncioTestCase):
    async def test_ask(self):
        self.assertTrue(await ask_async())
"""
    run(code, "--llmchaos=openai-outage").assert_outcomes(failed=2, passed=1)
    journal = tmp_path / "j.jsonl"
    result = run(code, "--llmchaos-matrix=openai-outage,anthropic-overloaded", f"--llmchaos-journal={journal}", "-v")
    result.assert_outcomes(failed=2, passed=4)
    result.stdout.fnmatch_lines(["*TestIt::test_ask[[]llmchaos:openai-outage[]] FAILED*"])
    made = next(each for each in read([journal]) if each.test.endswith("test_over[llmchaos:openai-outage]"))
    args = [each.strip("'") for each in made.replay.split()[1:]]
    run(code, *args).assert_outcomes(passed=1)


def test_doctests_are_taken_along(run, tmp_path, pytester):
    """In modules and in text files; what one run of them defines is not there in the next."""
    pytester.maketxtfile(guide=">>> from app import *\n>>> ask()[:0]\n''\n")
    code = '''
def answer():
    """
    >>> "again" in globals()
    False
    >>> again = ask_with_fallback()
    >>> bool(again)
    True
    """
'''
    args = ["--doctest-modules", "--doctest-glob=*.txt"]
    run(code, *args, "--llmchaos=openai-outage").assert_outcomes(passed=1, failed=1)
    journal = tmp_path / "j.jsonl"
    matrix = "--llmchaos-matrix=openai-outage,anthropic-overloaded"
    run(code, *args, matrix, f"--llmchaos-journal={journal}").assert_outcomes(passed=3, failed=1)
    made = {each.test: each for each in read([journal])}
    for test, count in (("test_it.py::test_it.answer", "passed"), ("guide.txt::guide.txt", "failed")):
        one = made[f"{test}[llmchaos:openai-outage]"]
        assert one.hit == ["openai-outage"]
        run(code, *shlex.split(one.replay)[1:]).assert_outcomes(**{count: 1})


def test_async_tests_are_taken_along(run):
    """pytest-asyncio's and anyio's, on asyncio; trio does not know virtual time, so that is a clear skip."""
    code = """
async def falls_over():
    try:
        return await ask_async()
    except openai.APIError:
        return ask_claude()

@pytest.mark.asyncio
async def test_asyncio():
    assert await falls_over()

@pytest.mark.anyio
async def test_anyio(anyio_backend):
    assert await falls_over()
"""
    result = run(code, "--llmchaos-matrix=openai-outage,anthropic-overloaded", "-rs")
    result.assert_outcomes(passed=4, skipped=2)
    result.shows("run the suite with --llmchaos-clock=real")


def test_wider_fixtures_run_before_and_are_not_touched(run):
    """A call in a session's or module's fixture is none of the test's."""
    code = """
@pytest.fixture(scope="module")
def greeting():
    with inject():
        return ask()

@pytest.fixture
def answer():
    return ask_with_fallback()

def test_uses_it(greeting, answer):
    assert greeting and answer
"""
    run(code, "--llmchaos=openai-outage").assert_outcomes(passed=1)


def test_each_test_starts_anew(run):
    """Faults, time and counts begin with every test."""
    code = """
import time

def first():
    began = time.monotonic()
    time.sleep(3600)
    assert ask_with_fallback()

def test_one(): first()
def test_two(): first()
"""
    run(code, "--llmchaos=openai-outage").assert_outcomes(passed=2)


def test_expected_failures_and_skips_are_told(run, tmp_path):
    """xfail turns a violation round; what skips itself is skipped."""
    journal = tmp_path / "j.jsonl"
    code = """
@pytest.mark.xfail(reason="no fallback yet")
def test_known():
    ask()

def test_skips():
    pytest.skip("not today")

@pytest.fixture
def broken():
    ask()

def test_in_setup(broken):
    pass

@pytest.fixture
def late():
    yield
    ask()

def test_in_teardown(late):
    ask_with_fallback()
"""
    run(code, "--llmchaos=openai-outage", f"--llmchaos-journal={journal}")
    found = outcomes(journal)
    assert {name: outcome for name, (outcome, _, _) in found.items()} == {
        "test_known": "xfailed",
        "test_skips": "skipped",
        "test_in_setup": "error",
        "test_in_teardown": "error",
    }


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--llmchaos=openai-outag"], "no scenario 'openai-outag'*did you mean 'openai-outage'"),
        (["--llmchaos=tag:outag"], "no scenario has the tag 'outag'*did you mean 'outage'"),
        (["--llmchaos=./none.yaml"], "none.yaml"),
        (["--llmchaos=openai-outage", "--llmchaos-matrix=tag:outage"], "cannot be used together"),
    ],
)
def test_mistakes_are_told_before_anything_runs(run, args, message):
    """By a usage error."""
    result = run("def test_x(): pass\n", *args)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{message}*"])


def test_xdist_loses_nothing_even_when_a_worker_dies(run, tmp_path):
    """Records come with the reports, so what a worker did before it died is there, and the crash is told.

    The setup's report, which came before, tells the scenario and the command.
    """
    journal = tmp_path / "j.jsonl"
    code = SUITE + "\ndef test_zz_dies():\n    import os\n    ask_with_fallback()\n    os._exit(3)\n"
    result = run(
        code,
        "--llmchaos-matrix=openai-outage,anthropic-overloaded",
        f"--llmchaos-journal={journal}",
        "--llmchaos-gate",
        "-n1",
        "-pxdist",
        "--max-worker-restart=1",
        subprocess=True,
    )
    found = outcomes(journal)
    commands = [each.replay.partition(" --")[0] for each in read([journal])]
    for name in ("openai-outage", "anthropic-overloaded"):
        assert found[f"test_survives[llmchaos:{name}]"][0] == "passed"
        assert found[f"test_zz_dies[llmchaos:{name}]"][0] == "error"
        assert found[f"test_zz_dies[llmchaos:{name}]"][2] == [name]
        assert f"pytest 'test_it.py::test_zz_dies[llmchaos:{name}]'" in commands
    assert result.ret == 10
    result.shows("BLOCK", "could not run")


def test_the_journal_is_plain_json(run, tmp_path):
    """One object a line, two more for each run; a second run adds to it."""
    journal = tmp_path / "deep" / "j.jsonl"
    for _ in range(2):
        run(SUITE, "--llmchaos=openai-outage", f"--llmchaos-journal={journal}")
    lines = journal.read_text().splitlines()
    assert len(lines) == 10
    assert {json.loads(line)["schema"] for line in lines} == {1}
