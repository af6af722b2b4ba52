"""`@llmchaos.off("why")`: a test keeps out of the scenarios of a whole suite, and is counted."""

from __future__ import annotations

import pytest

from pytest_llmchaos.gate.journal_file import read

SUITE = """
@llmchaos.off("it pins the real provider")
def test_out(): assert True

def test_in(): ask_with_fallback()
"""
OUTAGE = "--llmchaos=openai-outage"
MATRIX = "--llmchaos-matrix=openai-outage,anthropic-overloaded"


@pytest.mark.parametrize("option", [OUTAGE, MATRIX])
def test_it_is_left_alone_and_counted(run, tmp_path, option):
    """Once, whatever the number of scenarios; the reason is told with -v; the gate tells it too."""
    journal = tmp_path / "j.jsonl"
    result = run(SUITE, option, "-v", "--llmchaos-gate", f"--llmchaos-journal={journal}")
    result.assert_outcomes(passed=2 if option == OUTAGE else 3)
    result.shows("1 kept out by llmchaos.off", "test_it.py::test_out: it pins the real provider", "1 kept out")
    (out,) = [each for each in read([journal]) if each.test == "test_it.py::test_out"]
    assert (out.off, out.outcome, out.llm) == ("it pins the real provider", "passed", "none")


def test_without_chaos_it_says_nothing(run):
    """The word costs nothing in an ordinary run."""
    assert "kept out" not in run(SUITE).stdout.str()


def test_a_failure_of_it_stays_a_failure(run):
    """What keeps out is not judged: nobody takes its failure back, and nobody blocks for it."""
    result = run(SUITE.replace("assert True", "assert False"), OUTAGE, "--llmchaos-gate")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.shows("PASS: 1 of 1 tests survived (100%), 1 kept out", "does not judge what else failed", "test_out")


def test_the_nearest_marker_wins(run):
    """`off` hides chaos around it, and chaos within `off` is there."""
    code = """
@llmchaos("openai-outage")
class TestUnder:
    def test_hit(self): ask_with_fallback()
    @llmchaos.off("no call here")
    def test_out(self): assert True

@llmchaos.off("on the whole")
class TestOut:
    @llmchaos("openai-outage")
    def test_hit(self): ask_with_fallback()
    def test_out(self): assert True

@llmchaos.each(tag="outage", provider="openai")
class TestEach:
    @llmchaos.off("once is enough")
    def test_out(self): assert True
"""
    run(code).assert_outcomes(passed=5)
    run(code, MATRIX).shows("2 held", "3 kept out by llmchaos.off")


def test_one_set_of_parameters(run):
    """It is known when the tests are made already, and runs once without chaos."""
    code = """
@pytest.mark.parametrize("ask_it", [ask_with_fallback, pytest.param(str, marks=llmchaos.off("asks nobody"))])
def test_it(ask_it):
    assert ask_it() or ask_it is str
"""
    result = run(code, MATRIX, "-v")
    result.assert_outcomes(passed=3)
    result.shows("1 kept out by llmchaos.off")


@pytest.mark.parametrize("option", [(), (OUTAGE,), (MATRIX,)])
def test_mistakes_are_told(run, option):
    """A reason is needed; what says two things at once says nothing."""
    code = """
@pytest.mark.llmchaos(off=" ")
def test_no_reason(): pass

@llmchaos.off("out")
@llmchaos("openai-outage")
def test_both(): pass

@pytest.mark.llmchaos("openai-outage", off="out")
def test_both_in_one(): pass
"""
    result = run(code, *option)
    result.assert_outcomes(errors=3)
    result.shows(
        "llmchaos.off needs the reason why", "a marker beside it asks for it", "a marker beside it asks for it"
    )
    result = run("@llmchaos.off\ndef test_bare(): pass\n", *option)
    result.shows("llmchaos.off needs the reason why")
