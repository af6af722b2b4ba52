"""JUnit: properties of one test, and a whole file."""

from __future__ import annotations

import xml.etree.ElementTree as xml

from pytest_llmchaos.report import junit

from . import records


def test_properties():
    """Scenario, seed, verdicts, attempts and virtual seconds."""
    assert junit.properties(records.fallback()) == [
        ("llmchaos.scenario", "openai-outage"),
        ("llmchaos.seed", "0"),
        ("llmchaos.clock", "virtual"),
        ("llmchaos.verdict.failed_over(to='anthropic', within='5s')", "held"),
        ("llmchaos.verdict.no_lockstep", "inconclusive"),
        ("llmchaos.attempts", "5"),
        ("llmchaos.attempts.openai", "4"),
        ("llmchaos.attempts.anthropic", "1"),
        ("llmchaos.virtual_seconds", "9.800"),
        ("llmchaos.replay", "pytest tests/test_bot.py::test_asks --llmchaos-seed=0"),
    ]


def test_a_whole_file():
    """It parses, whatever the texts; inconclusive is a failure, and what proves nothing is skipped."""
    key = "sk-proj-abcdefghijklmnop1234567890"
    made = [
        records.fallback(),
        records.gave_up(),
        records.hostile(),
        records.fallback(verdicts=[records.verdict("x", "inconclusive", f"no evidence {key}")]),
        records.untouched(),
        records.record("0 openai 200"),
        records.record(outcome="error"),
    ]
    text = junit.document(made)
    assert key not in text
    suite = xml.fromstring(text.encode()).find("testsuite")  # noqa: S314 - our own
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "7",
        "failures": "3",
        "errors": "1",
        "skipped": "2",
    }
    cases = suite.findall("testcase")
    assert [[child.tag for child in case if child.tag != "properties"] for case in cases] == [
        *([], ["failure"], ["failure"], ["failure"], ["skipped"], ["skipped"], ["error"]),
    ]
    assert (cases[0].get("classname"), cases[0].get("name")) == ("tests.test_bot", "test_asks")
    assert cases[1].find("failure").get("message").startswith("failed_over(to='anthropic', within='5s') violated: exp")
    assert cases[1].find("failure").text == "play it again with: pytest tests/test_bot.py::test_asks --llmchaos-seed=0"


def test_parameters_may_hold_anything():
    """A parameter with `::` in it is no class."""
    text = junit.document([records.fallback(test="a/t.py::T::f[x::y.py/z]")])
    (case,) = xml.fromstring(text).iter("testcase")  # noqa: S314 - our own
    assert (case.get("classname"), case.get("name")) == ("a.t.T", "f[x::y.py/z]")
