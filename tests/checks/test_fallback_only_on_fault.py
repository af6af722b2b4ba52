"""fallback_only_on_fault."""

from __future__ import annotations

import openai
import pytest

from pytest_llmchaos import checks, faults
from pytest_llmchaos.core.errors import ParameterError

from .apps import ask, ask_claude, claude, first_of, gpt, said, under, verdict
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


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [
        (["0 openai 503", "1 gemini 200"], "violated"),
        (["0 openai 503", "1 anthropic 503", "2 gemini 200"], "held"),
        (["0 openai 503", "1 anthropic 503", "2 gemini 200", "3 openai 503", "4 gemini 200"], "held"),
        (["0 openai 503", "1 anthropic 200", "2 gemini 200"], "violated"),
        (["0 openai 503", "1 anthropic 200"], "held"),
    ],
)
def test_the_order_of_a_chain(lines, outcome):
    """The last of three is called when both before it have failed; as long as it is not needed, nothing is wrong."""
    found = checks.find("fallback_only_on_fault").build(("gemini",), {"after": ["openai", "anthropic"]})
    verdict = found.judge(journal(*lines))
    assert verdict.outcome == outcome
    if outcome == "violated":
        assert "and anthropic had not failed" in verdict.reason


def test_the_order_must_not_name_the_fallback_itself():
    """That is told when it is written."""
    with pytest.raises(ParameterError, match="'gemini' is the fallback itself"):
        checks.find("fallback_only_on_fault").build(("gemini",), {"after": ["openai", "gemini"]})


def chain(*order: str) -> str:
    """Ask these models of OpenAI in this order."""
    return first_of(*(lambda model=model: ask_model(model) for model in order))


def ask_model(model: str) -> str:
    """Ask one of OpenAI's models."""
    answer = gpt().chat.completions.create(model=model, messages=said())
    return answer.choices[0].message.content or ""


@pytest.mark.parametrize(
    ("order", "outcome"),
    [(("gpt-5", "gpt-4o", "gpt-4o-mini"), "held"), (("gpt-5", "gpt-4o-mini", "gpt-4o"), "violated")],
)
def test_the_app_that_goes_to_the_cheapest_first(order, outcome):
    """The cheap model is for when both better ones have failed."""
    with under(faults.outage(target="openai", calls="1-2")) as chaos:
        chain(*order)
        better = ["openai/gpt-5", "openai/gpt-4o"]
        assert verdict(chaos, "fallback_only_on_fault", "openai/gpt-4o-mini", after=better).outcome == outcome
