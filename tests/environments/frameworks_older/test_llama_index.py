"""LlamaIndex failing over.

It has no fallback of its own: an app goes through its `LLM`s in order. What the framework adds is its retries, which
multiply those of the SDK beneath.
"""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from pytest_llmchaos import ToolCall, faults, llmchaos

from ..needs import needs

SESSION = "frameworks_older"
openai = needs("openai", SESSION)
OpenAI = needs("llama_index.llms.openai", SESSION).OpenAI
Anthropic = needs("llama_index.llms.anthropic", SESSION).Anthropic
FunctionAgent = needs("llama_index.core.agent.workflow", SESSION).FunctionAgent

DOWN = faults.outage(target="openai")


class Order(BaseModel):
    """Where an order is."""

    number: int
    city: str


def llms(**options):
    """Return the app's models, the first choice first."""
    options = {"api_key": "no-key", "max_retries": 0, **options}
    return OpenAI(model="gpt-4.1", **options), Anthropic(model="claude-sonnet-4-5", **options)


def first_that_answers(ask, **options):
    """Ask one model after the other, as an app does it."""
    for llm in llms(**options):
        try:
            return ask(llm)
        except openai.APIError as error:
            failed = error
    raise failed


@llmchaos(DOWN)
def test_completion(llmchaos):
    """One try at the broken provider, then the other."""
    assert first_that_answers(lambda llm: llm.complete("Where is my order?").text)
    assert [call.provider for call in llmchaos.calls] == ["openai", "anthropic"]
    llmchaos.expect.failed_over(to="anthropic", within="8s")


@llmchaos(DOWN)
def test_stream(llmchaos):
    """The same of a stream."""
    assert first_that_answers(lambda llm: "".join(each.delta for each in llm.stream_complete("Where is my order?")))
    llmchaos.expect.failed_over(to="anthropic", within="8s")


@llmchaos(DOWN)
def test_structured_output(llmchaos):
    """The answer of the model that is left is validated."""
    order = first_that_answers(lambda llm: llm.as_structured_llm(Order).complete("Where is order 17?").raw)
    assert isinstance(order, Order)
    llmchaos.expect.failed_over(to="anthropic", within="8s")


def test_structured_output_of_the_healthy_primary(llmchaos):
    """And OpenAI's form of it satisfies the framework too."""
    order = first_that_answers(lambda llm: llm.as_structured_llm(Order).complete("Where is order 17?").raw)
    assert isinstance(order, Order)
    assert [call.provider for call in llmchaos.calls] == ["openai"]


@pytest.mark.asyncio
@pytest.mark.parametrize("streaming", [False, True])
@llmchaos(DOWN)
async def test_an_agent_with_a_tool(streaming, llmchaos):
    """The agent runs again on the other model: its tool is called, and its answer is built on the result."""
    found = []

    def find_order(number: int) -> str:
        """Find an order by its number."""
        found.append(number)
        return "Oslo"

    llmchaos.replies(ToolCall("find_order", {"number": 17}), "Order 17 is in Oslo.")
    answer = None
    for llm in llms():
        agent = FunctionAgent(tools=[find_order], llm=llm, streaming=streaming)
        try:
            answer = await agent.run("Where is order 17?")
            break
        except openai.APIError:
            continue
    assert str(answer) == "Order 17 is in Oslo."
    assert found == [17]
    llmchaos.expect.failed_over(to="anthropic", within="8s")


@llmchaos(DOWN)
def test_its_retries_multiply_the_sdks(llmchaos):
    """Its default is three tries, and each of them has the SDK try four times before the app may go elsewhere."""
    assert first_that_answers(lambda llm: llm.complete("Where is my order?").text, max_retries=3)
    assert [call.provider for call in llmchaos.calls] == ["openai"] * 12 + ["anthropic"]
    assert [call.retry for call in llmchaos.calls.to("openai")] == [0, 1, 2, 3] * 3
    llmchaos.expect.failed_over(to="anthropic", within="30s")
