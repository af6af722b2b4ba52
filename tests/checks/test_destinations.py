"""destinations."""

from __future__ import annotations

import pytest

from pytest_llmchaos import checks, faults
from pytest_llmchaos.errors import ParameterError

from .apps import ask, ask_claude, claude, first_of, gpt, under, verdict
from .journals import journal


def judge(made, only, **given):
    """Return the outcome of the check."""
    return checks.find("destinations").build((only,), given).judge(made).outcome


def test_targets():
    """One target or several, models included; a call under way is sent already."""
    made = journal("0 openai 503", "1 anthropic open")
    assert judge(made, ["openai", "anthropic"]) == "held"
    assert judge(made, "openai") == "violated"
    assert judge(made, ["openai/gpt-4*", "anthropic"]) == "violated"
    assert judge(journal("0 !clear"), "openai") == "inconclusive"


def test_tagged_requests():
    """Only the requests that hold the data are judged."""
    made = journal("0 openai 200 request=patient-1", "1 anthropic 200 request=weather")
    assert judge(made, "openai", tagged="patient-*") == "held"
    assert judge(made, "openai", tagged=["patient-*", "weather"]) == "violated"
    assert judge(made, "openai", tagged="invoice") == "inconclusive"


def test_regions():
    """The region is the one that the address names; an address that names none proves nothing."""
    made = journal("0 bedrock 200", "1 bedrock 200")
    assert judge(made, "bedrock", regions="eu-*") == "inconclusive"
    for each in made.exchanges:
        each.host = "bedrock-runtime.eu-west-1.amazonaws.com"
    assert judge(made, "bedrock", regions="eu-*") == "held"
    made.exchanges[1].host = "bedrock-runtime.us-east-1.amazonaws.com"
    verdict = checks.find("destinations").build(("bedrock",), {"regions": ["eu-*"]}).judge(made)
    assert verdict.outcome == "violated"
    assert "in us-east-1 at 1s" in verdict.reason


@pytest.mark.parametrize("only", [[], "", 5, ["openai:chatt"]])
def test_bad_targets(only):
    """What is no target is told."""
    with pytest.raises(ParameterError, match="only"):
        checks.find("destinations").build((only,))


@pytest.mark.parametrize("tagged", [[], "", 5, ["a", 1]])
def test_bad_tags(tagged):
    """So is what is no name."""
    with pytest.raises(ParameterError, match="tagged"):
        checks.find("destinations").build(("openai",), {"tagged": tagged})


@pytest.mark.parametrize(("careless", "outcome"), [(True, "violated"), (False, "held")])
def test_the_app_that_fails_over_with_data_that_must_stay(careless, outcome):
    """Under an outage the careless app sends everything to the fallback, the careful one to its own provider only."""
    with under(faults.outage(target="openai", calls=1)) as chaos, chaos.request("patient-7"):
        elsewhere = (lambda: ask_claude(claude())) if careless else (lambda: ask(gpt()))
        first_of(lambda: ask(gpt()), elsewhere)
        assert verdict(chaos, "destinations", ["openai"], tagged="patient-*").outcome == outcome
