"""fallback_only_on_fault."""

from __future__ import annotations

import openai
import pytest

from pytest_llmchaos import checks, faults

from .apps import ask, ask_claude, claude, gpt, under, verdict
from .journals import journal

CHECK = checks.find("fallback_only_on_fault").build(("anthropic",))


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [
        (["0 openai 503 +1s", "2 anthropic 200"], "held"),
        (["0 openai 503 +1s", "1 anthropic 200"], "held"),
        (["0 openai 200 +20s by=latency", "5 anthropic 200"], "held"),
        (["0 openai 200 +1s by=wrong_output", "1 anthropic 200"], "held"),
        (["0 openai 503 +1s", "2 anthropic 200", "9 anthropic 200"], "held"),
        (["0 openai 200 +1s"], "held"),
        (["0 openai 200 +20s", "5 anthropic 200"], "violated"),
        (["0 openai 503 +3s", "0 anthropic 200"], "violated"),
        (["0 openai 200 +20s by=latency", "0 anthropic 200"], "violated"),
        (["0 openai cancelled +1s", "2 anthropic 200"], "violated"),
        (["0 anthropic 200", "2 openai 503"], "violated"),
        (["0 anthropic 200"], "inconclusive"),
        ([], "inconclusive"),
    ],
)
def test_before_and_after(lines, outcome):
    """What counts is what could be seen when the call to the fallback began."""
    assert CHECK.judge(journal(*lines)).outcome == outcome


def answer(careless: bool) -> str:
    """Ask OpenAI and, if that fails, Anthropic; the careless app asks both each time."""
    spare = ask_claude(claude()) if careless else ""
    try:
        return ask(gpt())
    except openai.APIError:
        return spare or ask_claude(claude())


@pytest.mark.parametrize(("careless", "outcome"), [(True, "violated"), (False, "held")])
def test_the_app_that_always_asks_both(careless, outcome):
    """On a good day the fallback must not be called, on a bad one only after the failure."""
    with under(faults.outage(target="openai", calls=2)) as chaos:
        answer(careless)
        answer(careless)
        assert verdict(chaos, "fallback_only_on_fault", "anthropic").outcome == outcome
