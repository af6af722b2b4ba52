"""A skip hides no verdict, and a part that fails is a failure of the whole."""

from __future__ import annotations

import pytest

from pytest_llmchaos.gate.journal_file import read
from pytest_llmchaos.gate.outcome import outcome_of

from .conftest import NEEDS_SUBTESTS

OUTAGE = "--llmchaos=o.yaml"
APP = """
import unittest

class TestCase(unittest.TestCase):
    pass

def gives_up(skip):
    try:
        ask()
    except openai.APIError:
        skip()
"""
SKIPS = {
    "pytest": "def test_it(): gives_up(lambda: pytest.skip('down'))\n",
    "unittest": "def test_it():\n    try: ask()\n    except openai.APIError: raise unittest.SkipTest('down')\n",
    "importorskip": "def test_it(): gives_up(lambda: pytest.importorskip('nothing_of_that_name'))\n",
    "method": "class TestIt(TestCase):\n    def test_it(self): gives_up(lambda: self.skipTest('down'))\n",
    "setup": "@pytest.fixture\ndef index(): gives_up(lambda: pytest.skip('down'))\ndef test_it(index): pass\n",
    "subtest": "def test_it(subtests):\n    with subtests.test('a'): gives_up(lambda: pytest.skip('down'))\n",
    "part": "class TestIt(TestCase):\n    def test_it(self):\n        with self.subTest('a'):"
    " gives_up(lambda: self.skipTest('down'))\n",
}


def ways(codes):
    """Return the names as parameters; pytest's own subtests are not in every version."""
    return [pytest.param(name, marks=NEEDS_SUBTESTS if "(subtests)" in code else ()) for name, code in codes.items()]


@pytest.fixture
def chaos(run, pytester):
    """Run code under an outage without expectations, or with them, and return its result and records."""

    def chaos(code, *args, expect="", option=OUTAGE):
        text = "name: o\ninject:\n  - {fault: outage, target: openai}\n"
        (pytester.path / "o.yaml").write_text(text + (f"expect: [{expect}]\n" if expect else ""), "utf-8")
        (pytester.path / "j.jsonl").unlink(missing_ok=True)
        result = run(APP + code, *([option] if option else []), "--llmchaos-journal=j.jsonl", *args)
        return result, read([pytester.path / "j.jsonl"])

    return chaos


@pytest.mark.parametrize("how", ways(SKIPS))
def test_a_test_that_was_hit_and_skipped_shows_nothing(chaos, how):
    """By whatever way it skipped itself: pytest's outcome stays, and the gate does not pass over it."""
    result, (made, _) = chaos(SKIPS[how] + "def test_zz_copes(): ask_with_fallback()\n", "--llmchaos-gate")
    assert "failed" not in result.parseoutcomes()
    assert outcome_of(made) == "inconclusive"
    assert result.ret == 11
    result.shows("INCONCLUSIVE", "1 test was hit and then skipped itself, such as")


@pytest.mark.parametrize("how", ways(SKIPS))
def test_a_violated_verdict_wins_over_a_skip(chaos, how):
    """The expectation of the scenario is judged, and what it finds fails the test."""
    result, (made,) = chaos(SKIPS[how], "--llmchaos-gate", expect="failed_over: {from: openai}")
    assert result.parseoutcomes().keys() & {"failed", "errors"}
    result.shows("failed_over", "violated")
    assert outcome_of(made) == "violated"
    assert result.ret == 10


def test_a_check_that_was_swallowed_and_skipped_over(chaos):
    """Also in a marked test; an expected failure stays expected."""
    code = """
def skips_over(chaos):
    ask_swallowing()
    try:
        chaos.expect.attempts(at_most=1)
    except AssertionError:
        pytest.skip("down")

@llmchaos(faults.outage())
def test_it(llmchaos): skips_over(llmchaos)

@pytest.mark.xfail(reason="known")
@llmchaos(faults.outage())
def test_known(llmchaos): skips_over(llmchaos)
"""
    result, made = chaos(code, option="")
    result.assert_outcomes(failed=1, xfailed=1)
    result.shows("attempts(at_most=1) violated")
    assert [outcome_of(each) for each in made] == ["violated", "xfailed"]


def test_a_skip_before_anything_was_hit_stays_a_skip(chaos):
    """No expectation is judged, and what hit nothing is not asked for."""
    code = """
def test_first(): pytest.skip("not today")

class TestIt(TestCase):
    @llmchaos("openai-outage")
    def test_method(self): self.skipTest("not today")

@llmchaos("openai-outage")
def test_marked(): pytest.skip("not today")
"""
    result, made = chaos(code, expect="failed_over: {from: openai}")
    assert "failed" not in result.parseoutcomes()
    assert [outcome_of(each) for each in made] == ["skipped", "skipped", "skipped"]


@NEEDS_SUBTESTS
def test_a_subtest_that_was_skipped_before_anything_was_hit_does_not_speak_for_the_next(chaos):
    """The whole test is judged by what comes after it."""
    code = """
def test_part(subtests):
    with subtests.test("a"):
        pytest.skip("not today")
    with subtests.test("b"):
        ask_with_fallback()
"""
    result, (made,) = chaos(code, expect="failed_over: {from: openai}")
    assert "failed" not in result.parseoutcomes()
    assert outcome_of(made) == "held"


PARTS = {
    "subtests": "def test_it(subtests):\n    for bad in (True, False):\n        with subtests.test(bad=bad):\n"
    "            assert (ask if bad else ask_with_fallback)()\n",
    "subTest": "class TestIt(TestCase):\n    def test_it(self):\n        for bad in (True, False):\n"
    "            with self.subTest(bad=bad):\n                assert (ask if bad else ask_with_fallback)()\n",
}


@pytest.mark.parametrize("how", ways(PARTS))
def test_a_failed_subtest_is_a_failure_everywhere(chaos, how):
    """The first of them, too, before one that holds; in the run, and later from the journal."""
    result, (made,) = chaos(PARTS[how], "--llmchaos-gate")
    assert result.ret == 10
    result.shows("BLOCK: 0 of 1 tests survived (0%)")
    assert (made.outcome, made.raised, outcome_of(made)) == ("failed", True, "failed")


def test_what_a_method_raises_is_its_own_failure(chaos):
    """A `TestCase` keeps it for its report; an expectation without evidence does not explain it."""
    code = (
        "class TestIt(TestCase):\n    def test_it(self):\n        ask_with_fallback()\n        assert False, 'mine'\n"
    )
    _, (made,) = chaos(code, expect="breaker: {opens_after: 9, half_opens_after: 30s}")
    assert (made.raised, outcome_of(made)) == (True, "failed")
