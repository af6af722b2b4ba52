"""Pydantic AI failing over: `FallbackModel`, and the capability that does the same within an agent."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import BaseModel

from pytest_llmchaos import ToolCall, faults, llmchaos

from ..needs import needs

pydantic_ai = needs("pydantic_ai", "frameworks")
capabilities = needs("pydantic_ai.capabilities", "frameworks")
fallback = needs("pydantic_ai.models.fallback", "frameworks")
models = {
    "openai": needs("pydantic_ai.models.openai", "frameworks").OpenAIChatModel,
    "responses": needs("pydantic_ai.models.openai", "frameworks").OpenAIResponsesModel,
    "anthropic": needs("pydantic_ai.models.anthropic", "frameworks").AnthropicModel,
}
providers = {
    "openai": needs("pydantic_ai.providers.openai", "frameworks").OpenAIProvider,
    "anthropic": needs("pydantic_ai.providers.anthropic", "frameworks").AnthropicProvider,
}

DOWN = faults.outage(target="openai")


@pytest.fixture
def loop():
    """Give `run_sync` an event loop: it would make one for the thread and leave it open."""
    made = asyncio.new_event_loop()
    asyncio.set_event_loop(made)
    yield
    asyncio.set_event_loop(None)
    made.close()


class Order(BaseModel):
    """Where an order is."""

    number: int
    city: str


def primary(kind="openai"):
    """Return the model that breaks; its SDK tries three times."""
    return models[kind]("gpt-4.1", provider=providers["openai"](api_key="no-key"))


def secondary():
    """Return the model that stands in."""
    return models["anthropic"]("claude-sonnet-5", provider=providers["anthropic"](api_key="no-key"))


@pytest.mark.parametrize("kind", ["openai", "responses"])
@llmchaos(DOWN)
def test_fallback_model(kind, loop, llmchaos):
    """The SDK's tries, then the other provider; the structured result is validated."""
    agent = pydantic_ai.Agent(fallback.FallbackModel(primary(kind), secondary()), output_type=Order)
    assert isinstance(agent.run_sync("Where is order 17?").output, Order)
    assert [call.provider for call in llmchaos.calls] == ["openai"] * 3 + ["anthropic"]
    llmchaos.expect.failed_over(to="anthropic", within="15s")


@pytest.mark.asyncio
@llmchaos(DOWN)
async def test_fallback_model_in_async(llmchaos):
    """The same with `run`."""
    agent = pydantic_ai.Agent(fallback.FallbackModel(primary(), secondary()))
    assert (await agent.run("Where is order 17?")).output
    llmchaos.expect.failed_over(to="anthropic", within="15s")


@pytest.mark.asyncio
@llmchaos(DOWN)
async def test_fallback_model_of_a_stream(llmchaos):
    """And with `run_stream`."""
    agent = pydantic_ai.Agent(fallback.FallbackModel(primary(), secondary()))
    async with agent.run_stream("Where is order 17?") as result:
        assert await result.get_output()
    llmchaos.expect.failed_over(to="anthropic", within="15s")


@llmchaos(faults.auth_revoked(target="openai"))
def test_fallback_model_of_a_revoked_key(loop, llmchaos):
    """What no retry mends falls back at once."""
    agent = pydantic_ai.Agent(fallback.FallbackModel(primary(), secondary()))
    assert agent.run_sync("Where is order 17?").output
    assert [call.provider for call in llmchaos.calls] == ["openai", "anthropic"]
    llmchaos.expect.failed_over(to="anthropic", within="8s")


@llmchaos(DOWN)
def test_an_agent_with_a_tool_and_the_fallback_capability(loop, llmchaos):
    """The tool is called, its result goes back, and the answer has the asked type, all at the other provider."""
    found = []
    agent = pydantic_ai.Agent(primary(), output_type=Order, capabilities=[capabilities.ModelFallback(secondary())])

    @agent.tool_plain
    def find_order(number: int) -> str:
        """Find an order by its number."""
        found.append(number)
        return "Oslo"

    llmchaos.replies(ToolCall("find_order", {"number": 17}), {"number": 17, "city": "Oslo"})
    assert agent.run_sync("Where is order 17?").output == Order(number=17, city="Oslo")
    assert found == [17]
    llmchaos.expect.failed_over(to="anthropic", within="15s")


@llmchaos(faults.outage())
def test_with_both_down_the_app_is_told(loop, llmchaos):
    """All the models' errors come in one group."""
    agent = pydantic_ai.Agent(fallback.FallbackModel(primary(), secondary()))
    with pytest.raises(pydantic_ai.exceptions.FallbackExceptionGroup) as failed:
        agent.run_sync("Where is order 17?")
    assert [error.status_code for error in failed.value.exceptions] == [503, 503]
    assert {call.provider for call in llmchaos.calls} == {"openai", "anthropic"}
