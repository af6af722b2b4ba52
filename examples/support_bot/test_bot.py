"""How the support bot is tested: each test is a bad day at a provider."""

from __future__ import annotations

import pytest

from pytest_llmchaos import Chaos, faults, llmchaos

from .bot import SORRY, NaiveBot, ResilientBot

# That a model is about to go is told by `llmchaos calendar`, and by the SDK: it fails no test of how the app holds.
pytestmark = pytest.mark.filterwarnings(r"default:(?s).*\bmodel\b:DeprecationWarning")


@pytest.fixture
def bot() -> ResilientBot:
    """The bot under test; no real key is needed."""
    return ResilientBot(openai_key="no-key", anthropic_key="no-key")


@llmchaos("openai-outage")
def test_customers_are_answered_during_an_outage(bot: ResilientBot, llmchaos: Chaos) -> None:
    """An outage of the primary is answered by the fallback, within the deadline."""
    assert bot.ask("Where is my order?").source == "anthropic"
    llmchaos.expect.failed_over(to="anthropic", within="5s")
    llmchaos.expect.answered_within("9s")


@llmchaos(faults.latency("20s", target="openai/gpt-4*"))
def test_twenty_second_answers_are_not_waited_for(bot: ResilientBot, llmchaos: Chaos) -> None:
    """A 20-second answer is given up at the bot's own limit; the test itself takes milliseconds."""
    assert bot.ask("Can I return shoes?").source == "anthropic"
    llmchaos.expect.answered_within("9s")


@llmchaos(faults.outage(target="openai"), faults.overloaded(target="anthropic"))
def test_with_both_providers_down_the_customer_is_told(bot: ResilientBot) -> None:
    """When nobody answers, the bot says so instead of failing."""
    assert bot.ask("Hello?").text == SORRY


@llmchaos(faults.outage(target="openai", between=("0s", "10m")))
def test_the_primary_comes_back(bot: ResilientBot, llmchaos: Chaos) -> None:
    """A broken provider is left alone, then asked again."""
    with llmchaos.request("during the outage"):
        bot.ask("Do you ship to Norway?")
    with llmchaos.request("a moment later"):
        assert bot.ask("And to Sweden?").source == "anthropic"
    llmchaos.advance("11m")
    with llmchaos.request("after it"):
        assert bot.ask("And to Denmark?").source == "openai"
    llmchaos.expect.recovered(to="openai", within="2m")
    assert len(llmchaos.calls.to("openai")) == 2


@pytest.mark.xfail(reason="the naive build has no fallback", raises=Exception)
@llmchaos("openai-outage")
def test_the_naive_build_does_not_hold(llmchaos: Chaos) -> None:
    """What happens without any of it."""
    NaiveBot(api_key="no-key").ask("Where is my order?")
