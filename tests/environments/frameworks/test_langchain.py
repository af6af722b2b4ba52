"""LangChain failing over: `with_fallbacks` on a model, a chain's structured output, and an agent's middleware."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from pytest_llmchaos import ToolCall, faults, llmchaos

from ..needs import needs

needs("langchain", "frameworks")
ChatOpenAI = needs("langchain_openai", "frameworks").ChatOpenAI
ChatAnthropic = needs("langchain_anthropic", "frameworks").ChatAnthropic
agents = needs("langchain.agents", "frameworks")
middleware = needs("langchain.agents.middleware", "frameworks")

DOWN = faults.outage(target="openai")


class Order(BaseModel):
    """Where an order is."""

    number: int
    city: str


@pytest.fixture
def primary():
    """The model that breaks. LangChain's guide says to switch off the retries of a model that has a fallback."""
    return ChatOpenAI(model="gpt-4.1", api_key="no-key", max_retries=0)


@pytest.fixture
def secondary():
    """The model that stands in."""
    return ChatAnthropic(model="claude-sonnet-5", api_key="no-key")


@llmchaos(DOWN)
def test_with_fallbacks(primary, secondary, llmchaos):
    """One try at the broken provider, and the answer of the other."""
    answer = primary.with_fallbacks([secondary]).invoke("Where is my order?")
    assert answer.response_metadata["model_provider"] == "anthropic"
    assert answer.text
    assert [call.provider for call in llmchaos.calls] == ["openai", "anthropic"]
    llmchaos.expect.failed_over(to="anthropic", within="8s")


@pytest.mark.asyncio
@llmchaos(DOWN)
async def test_with_fallbacks_in_async(primary, secondary, llmchaos):
    """The same with `ainvoke`."""
    assert (await primary.with_fallbacks([secondary]).ainvoke("Where is my order?")).text
    llmchaos.expect.failed_over(to="anthropic", within="8s")


@llmchaos(DOWN)
def test_with_fallbacks_of_a_stream(primary, secondary, llmchaos):
    """A stream that never begins is replaced by the other provider's."""
    pieces = [each.text for each in primary.with_fallbacks([secondary]).stream("Where is my order?")]
    assert len(pieces) > 3
    llmchaos.expect.failed_over(to="anthropic", within="8s")


@llmchaos(faults.latency("20s", target="openai"))
def test_a_slow_model_is_given_up(secondary, llmchaos):
    """The model's own timeout ends the wait, and the fallback answers."""
    slow = ChatOpenAI(model="gpt-4.1", api_key="no-key", max_retries=0, timeout=5)
    assert slow.with_fallbacks([secondary]).invoke("Where is my order?").text
    llmchaos.expect.failed_over(to="anthropic", within="12s")


@llmchaos(DOWN)
def test_with_fallbacks_of_structured_output(primary, secondary, llmchaos):
    """Each model has its own way to a structured answer; the one that came through is validated."""
    ask = primary.with_structured_output(Order).with_fallbacks([secondary.with_structured_output(Order)])
    assert isinstance(ask.invoke("Where is order 17?"), Order)
    llmchaos.expect.failed_over(to="anthropic", within="8s")


def structured(model):
    """Ask one model for a structured answer."""
    return model.with_structured_output(Order).invoke("Where is order 17?")


def test_structured_output_of_the_healthy_primary(primary, llmchaos):
    """And OpenAI's own form of it satisfies LangChain too."""
    assert isinstance(structured(primary), Order)
    assert [call.provider for call in llmchaos.calls] == ["openai"]


@llmchaos(DOWN)
def test_an_agents_fallback_middleware(primary, secondary, llmchaos):
    """The agent's tool is called, and both of its turns are answered by the other provider."""
    found = []

    def find_order(number: int) -> str:
        """Find an order by its number."""
        found.append(number)
        return "It is in Oslo."

    llmchaos.replies(ToolCall("find_order", {"number": 17}), "Order 17 is in Oslo.")
    agent = agents.create_agent(
        model=primary, tools=[find_order], middleware=[middleware.ModelFallbackMiddleware(secondary)]
    )
    said = agent.invoke({"messages": [{"role": "user", "content": "Where is order 17?"}]})["messages"]
    assert found == [17]
    assert said[-1].text == "Order 17 is in Oslo."
    assert [call.provider for call in llmchaos.calls] == ["openai", "anthropic"] * 2
    llmchaos.expect.failed_over(to="anthropic", within="8s")


@llmchaos(DOWN)
def test_without_a_fallback_nothing_is_hidden(primary, llmchaos):
    """The model alone raises its SDK's exception."""
    openai = needs("openai", "frameworks")
    with pytest.raises(openai.InternalServerError):
        primary.invoke("Where is my order?")
    assert [call.status for call in llmchaos.calls] == [503]
