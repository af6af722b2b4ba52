"""How the help desk is tested: each test is something that happened to others."""

from __future__ import annotations

import pytest

from pytest_llmchaos import Chaos, ToolCall, faults, llmchaos

from .desk import DECLINED, SORRY, HelpDesk
from .work import Work

# That a model is about to go is told by `llmchaos calendar`, and by the SDK: it fails no test of how the app holds.
pytestmark = pytest.mark.filterwarnings(r"default:(?s).*\bmodel\b:DeprecationWarning")


@pytest.fixture
def desk() -> HelpDesk:
    """The app under test: OpenAI, then Anthropic, then an open model of its own. No real key is needed."""
    return HelpDesk(allowed={"eu": ["openai", "ollama"]})


@llmchaos("openai-outage")
def test_a_customer_is_answered_during_an_outage(desk: HelpDesk, llmchaos: Chaos) -> None:
    """One retry, then the next provider."""
    assert desk.ask(Work("Where is my order?")).source == "anthropic/claude-sonnet-5"
    assert len(llmchaos.calls.to("openai")) == 2


@llmchaos("board-crisis-data-may-not-leave")
def test_data_that_may_not_leave_stays(desk: HelpDesk, llmchaos: Chaos) -> None:
    """The next provider would answer, but it may not have the data."""
    llmchaos.enter("gone")
    assert desk.ask(Work("Where is my order?", tag="eu")).source == "ollama/llama3.1:8b"
    llmchaos.expect.not_called("anthropic")


@llmchaos("stream-heartbeats-only")
def test_signs_of_life_are_no_answer() -> None:
    """A stream of heartbeats ends at the desk's own deadline."""
    desk = HelpDesk(["anthropic/claude-sonnet-5", "openai/gpt-4.1"])
    assert desk.ask(Work("Where is my order?", kind="stream")).source == "openai/gpt-4.1"


@llmchaos(faults.wrong_output("unknown_tool", target="openai"))
def test_no_tool_runs_that_does_not_exist(desk: HelpDesk, llmchaos: Chaos) -> None:
    """What the model wants to run is checked first."""
    llmchaos.replies(ToolCall("order_status", {"order": "4711"}), target="anthropic")
    assert desk.ask(Work("Where is 4711?", kind="tools")).text == "Order 4711 is on its way."


@llmchaos(faults.policy_refusal(target="openai"))
def test_a_refusal_is_not_taken_elsewhere(desk: HelpDesk, llmchaos: Chaos) -> None:
    """Another provider might let it pass, and that is not for the app to try."""
    assert desk.ask(Work("Where is my order?")).text == DECLINED
    llmchaos.expect.attempts(at_most=1)


@llmchaos(faults.rate_limit(retry_after="2s", target="openai", calls=1))
def test_a_short_wait_is_waited(desk: HelpDesk, llmchaos: Chaos) -> None:
    """The provider's word is taken where it fits the deadline."""
    assert desk.ask(Work("Where is my order?")).source == "openai/gpt-4.1"
    llmchaos.expect.retry_after_honoured()


@llmchaos(faults.outage())
def test_with_everybody_down_the_customer_is_told(desk: HelpDesk, llmchaos: Chaos) -> None:
    """The first customer waits for three providers, the second for none of them."""
    with llmchaos.request("first"):
        assert desk.ask(Work("Where is my order?")).text == SORRY
    before = len(llmchaos.calls)
    with llmchaos.request("second"):
        assert desk.ask(Work("Where is my order?")).text == SORRY
    assert len(llmchaos.calls) == before
    llmchaos.expect.attempts(at_most=2, per="provider")
