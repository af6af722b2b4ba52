"""`checks=`, options of the wrong kind, and markers that break nothing: errors that say what was meant."""

from __future__ import annotations

import pytest

from pytest_llmchaos import ChaosFailed, UsageProblem, faults, inject

STORY = "name: march\ninject:\n  - {fault: outage, target: openai}\nexpect:\n  - attempts: {at_most: 9}\n"


def test_checks_that_cannot_be_judged_are_refused(run, pytester):
    """A misspelt name, a text in place of a list, a name that no scenario of the test expects."""
    pytester.makefile(".yaml", march=STORY)
    result = run("""
@llmchaos("march.yaml", checks=["attemptss"])
def test_misspelt(): ask_swallowing()

@llmchaos("march.yaml", checks="attempts")
def test_text(): ask_swallowing()

@llmchaos("march.yaml", checks=["attempts", 5])
def test_number(): ask_swallowing()

@llmchaos("march.yaml", checks=["attempts", "recovered"])
def test_not_expected(): ask_swallowing()

@llmchaos.each("openai-outage", "model-retired", checks=["cost_at_most"])
def test_expected_by_none(): ask_swallowing()

@llmchaos("march.yaml", checks=["attempts"])
def test_right(): ask_swallowing()
""")
    result.assert_outcomes(errors=5, passed=1)
    result.stdout.no_fnmatch_line("*Traceback*")
    result.shows(
        "test_it.py::test_misspelt: 'attemptss' is not a check; did you mean 'attempts'?",
        "test_it.py::test_text: checks: 'attempts' is not a list of names of checks",
        "test_it.py::test_number: checks: 5 is not a check's name",
        "test_it.py::test_not_expected: checks: nothing expects 'recovered' here (march expects attempts;",
        "test_it.py::test_expected_by_none: checks: nothing expects 'cost_at_most' here",
    )


def test_each_judges_a_check_where_it_is_expected(run, pytester):
    """A name that one of the scenarios expects is no mistake for the others."""
    plain = STORY.partition("expect")[0]
    pytester.makefile(".yaml", one=STORY.replace("march", "one"), two=plain.replace("march", "two"))
    pytester.makepyprojecttoml('[tool.llmchaos]\nscenarios = ["."]\n')
    run("""
@llmchaos.each("one", "two", checks=["attempts"])
def test_every(): ask_swallowing()
""").assert_outcomes(passed=2)


def test_a_check_may_be_named_for_a_scenario_that_comes_later(run, pytester):
    """Who injects in the test may name the checks on the marker; what nothing expected in the end is told."""
    pytester.makefile(".yaml", march=STORY)
    run("""
@llmchaos(checks=["attempts"])
def test_later(llmchaos):
    llmchaos.inject("./march.yaml")
    ask_swallowing()

@llmchaos(faults.outage(), checks=["attempts"])
def test_never(): ask_swallowing()
""").assert_outcomes(passed=1, failed=1)


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ({"allow_unused": "no"}, "allow_unused: 'no' is neither True nor False"),
        ({"allow_escapes": 1}, "allow_escapes: 1 is neither True nor False"),
        ({"seed": "x"}, "seed: 'x' is not a whole number"),
        ({"seed": True}, "seed: True is not a whole number"),
        ({"seed": 10**1000}, "seed: .* is too long for a seed"),
        ({"clock": True}, "clock: True is not one of 'virtual', 'real'"),
        ({"clock": "virtaul"}, "did you mean 'virtual'"),
        ({"upstream": "simulate"}, "did you mean 'simulated'"),
        ({"suppress": ["leaked_key"]}, "suppress: .* is not names with reasons"),
        ({"checks": {"attempts": 1}}, "checks: .* is not a list"),
        ({"check": ["attempts"]}, "takes no 'check' .*did you mean 'checks'"),
    ],
)
def test_an_option_of_the_wrong_kind_is_told(run, option, told):
    """By `inject` where it is written; by the marker and `each` when the test is set up."""
    with pytest.raises(UsageProblem, match=told):
        inject("openai-outage", **option)
    result = run(f"""
@llmchaos("openai-outage", **{option})
def test_marker(): pass

@llmchaos.each("openai-outage", **{option})
def test_each(): pass

@llmchaos("openai-outage", checks=[], allow_unused=True)
def test_right(): pass
""")
    result.assert_outcomes(errors=2, passed=1)
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.re_match_lines([f".*{told}"])


def test_a_marker_that_breaks_nothing_is_told(run):
    """Bare, with an empty list, or with options alone, where the test takes no fixture to inject by itself."""
    result = run("""
@llmchaos
def test_bare(): ask()

@llmchaos()
def test_empty(): ask()

@pytest.mark.llmchaos
class TestIt:
    def test_in_class(self): ask()

@llmchaos([], seed=3)
def test_options_alone(): ask()

@llmchaos.each
def test_each(): ask()

@llmchaos.each("openai-outtage")
def test_no_match(): ask()

@llmchaos(faults.outage())
class TestStacked:
    @llmchaos(seed=7)
    def test_right(self): ask_swallowing()

@llmchaos(clock="real")
def test_healthy(llmchaos): ask()

@pytest.fixture
def broken(llmchaos):
    llmchaos.inject(faults.outage())

@llmchaos(seed=2)
def test_by_a_fixture(broken): ask_swallowing()
""")
    result.assert_outcomes(errors=6, passed=3)
    result.stdout.no_fnmatch_line("*Traceback*")
    result.shows(
        "test_it.py::test_bare: nothing is to go wrong: @llmchaos needs a scenario or a fault",
        "test_each: llmchaos.each: it needs parentheses",
        "test_no_match: llmchaos.each: no scenario has a name like 'openai-outtage'",
    )


def test_a_whole_module_marked_bare_is_told(run):
    """`pytestmark = llmchaos` too."""
    result = run("pytestmark = llmchaos\n\ndef test_one(): ask()\n")
    result.assert_outcomes(errors=1)
    result.shows("test_it.py::test_one: nothing is to go wrong")


def test_what_is_of_the_fixture_is_told_on_the_marker(run):
    """Who forgets the fixture reads its name."""
    result = run("""
@llmchaos(faults.outage())
def test_it():
    ask_swallowing()
    llmchaos.expect.attempts(at_most=1)
""")
    result.assert_outcomes(failed=1)
    result.shows("llmchaos.expect belongs to the fixture", "def test_it(llmchaos)")


def test_a_check_that_is_not_called_is_told(run):
    """Like a mock's assertion without parentheses, it would be green whatever happened."""
    result = run("""
@llmchaos(faults.outage())
def test_not_called(llmchaos):
    ask_swallowing()
    llmchaos.expect.attempts

@llmchaos(faults.outage())
def test_called_later(llmchaos):
    few = llmchaos.expect.attempts
    ask_swallowing()
    few(at_most=3)
    few(at_most=4)
""")
    result.assert_outcomes(failed=1, passed=1)
    result.shows("attempts violated", "named but not called", "llmchaos.expect.attempts(...)")


def test_a_failure_tells_who_asked(run, pytester):
    """The scenario, the test, or nobody where the check is always on."""
    pytester.makefile(".yaml", march=STORY.replace("9", "1"))
    with pytest.raises(ChaosFailed) as caught, inject(faults.outage()) as chaos:
        chaos.expect.failed_over()
    assert "asked by  the test" in str(caught.value)
    result = run("""
@llmchaos("march.yaml")
def test_scenario(): ask_swallowing()

@llmchaos(faults.rate_limit(retry_after="7s"))
def test_always(llmchaos):
    with llmchaos.request("one"):
        for _ in range(3):
            try:
                client.with_options(max_retries=0).models.list()
            except openai.APIError:
                pass
""")
    result.shows("asked by the scenario march; @llmchaos(..., checks=[...])", "asked by nobody: it is always on")
