"""destinations."""

from __future__ import annotations

import contextvars
import threading

import openai
import pytest

from pytest_llmchaos import checks, faults
from pytest_llmchaos.core.errors import ParameterError

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


class Desk:
    """Asks OpenAI, and in an outage Anthropic from a thread of its own."""

    def __init__(self, handed_on: bool) -> None:
        self.handed_on = handed_on

    def ask(self, text: str) -> None:
        """Have an answer written."""
        try:
            ask(gpt(), text)
        except openai.APIError:
            run = contextvars.copy_context().run if self.handed_on else (lambda function, *args: function(*args))
            thread = threading.Thread(target=run, args=(ask_claude, claude(), text))
            thread.start()
            thread.join()


@pytest.mark.parametrize("handed_on", [True, False])
def test_the_app_that_fails_over_in_a_thread(handed_on):
    """A canary of the tagged request is found wherever it is sent, also where no request claims the call."""
    with under(faults.outage(target="openai")) as chaos:
        email = chaos.canary("email")
        with chaos.request("patient-7"):
            Desk(handed_on).ask(f"Write to {email}.")
        found = verdict(chaos, "destinations", ["openai"], tagged="patient-*")
        assert found.outcome == "violated"
        assert found.evidence == (chaos.calls[1],)
        assert ("with a canary of a tagged request" in found.reason) is not handed_on
        assert verdict(chaos, "destinations", ["openai", "anthropic"], tagged="patient-*").outcome == "held"


def test_a_call_that_no_request_claims():
    """Without a canary it may carry the data or not: that is no evidence; after the request it is another matter."""
    with under(faults.outage(target="openai")) as chaos:
        with chaos.request("patient-7"):
            Desk(handed_on=False).ask("Write to Ann.")
        found = verdict(chaos, "destinations", ["openai"], tagged="patient-*")
        assert found.outcome == "inconclusive"
        assert "copy_context" in found.reason
        assert verdict(chaos, "destinations", ["openai", "anthropic"], tagged="patient-*").outcome == "held"
    with under(faults.outage(target="openai", calls="1")) as chaos:
        with chaos.request("patient-7"), pytest.raises(openai.APIError):
            ask(gpt())
        chaos.advance("1s")
        ask_claude(claude(), "What is the weather like?")
        assert verdict(chaos, "destinations", ["openai"], tagged="patient-*").outcome == "held"


@pytest.mark.parametrize(
    ("model", "regions", "outcome"),
    [
        ("anthropic.claude-sonnet-5", "EU-*", "held"),
        ("eu.anthropic.claude-sonnet-5", "eu-*", "held"),
        ("eu.anthropic.claude-sonnet-5", "eu-west-1", "inconclusive"),
        ("global.anthropic.claude-sonnet-5", "eu-*", "inconclusive"),
        (
            "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/us.anthropic.claude-sonnet-5",
            "eu-*",
            "inconclusive",
        ),
        ("us.anthropic.claude-sonnet-5", "*", "held"),
    ],
)
def test_inference_profiles(model, regions, outcome):
    """A profile that may answer elsewhere than the address says is no proof of a region."""
    made = journal("0 bedrock 200")
    made.exchanges[0].host = "bedrock-runtime.eu-west-1.amazonaws.com"
    made.exchanges[0].model = model
    assert judge(made, "bedrock", regions=regions) == outcome
