"""OpenAI's Agents SDK failing over.

It has no fallback of its own; its guide has other providers spoken to through an `OpenAIChatCompletionsModel` with a
client of theirs, and the model of a whole run set by its `RunConfig`. So an app catches the SDK's exception and runs
the same agent again.
"""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest
from pydantic import BaseModel

from pytest_llmchaos import ToolCall, faults, llmchaos

from ..needs import needs

agents = needs("agents", "frameworks")
openai = needs("openai", "frameworks")
agents.set_tracing_disabled(True)  # traces are sent to OpenAI otherwise

DOWN = faults.outage(target="openai")


class Order(BaseModel):
    """Where an order is."""

    number: int
    city: str


class Shop:
    """The app: an agent with a tool, and what it does when its provider fails."""

    def __init__(self, primary, secondary, output_type=None):
        self.found = []
        self.spare = agents.RunConfig(
            model=agents.OpenAIChatCompletionsModel(model="llama-3.3-70b-versatile", openai_client=secondary)
        )

        def find_order(number: int) -> str:
            """Find an order by its number."""
            self.found.append(number)
            return "Oslo"

        self.agent = agents.Agent(
            name="shop",
            instructions="Help the customer.",
            tools=[agents.function_tool(find_order)],
            model=agents.OpenAIResponsesModel(model="gpt-4.1", openai_client=primary),
            output_type=output_type,
        )

    async def ask(self, question):
        """Answer one question."""
        try:
            return (await agents.Runner.run(self.agent, question)).final_output
        except openai.APIError:
            return (await agents.Runner.run(self.agent, question, run_config=self.spare)).final_output

    async def ask_streamed(self, question):
        """Answer one question, told as it comes."""
        try:
            return await self._streamed(question, None)
        except openai.APIError:
            return await self._streamed(question, self.spare)

    async def _streamed(self, question, config):
        run = agents.Runner.run_streamed(self.agent, question, run_config=config)
        kinds = {event.type async for event in run.stream_events()}
        assert "raw_response_event" in kinds
        return run.final_output


@asynccontextmanager
async def shop(**options):
    """Make the app with its two clients."""
    async with (
        openai.AsyncOpenAI(api_key="no-key") as primary,
        openai.AsyncOpenAI(api_key="no-key", base_url="https://api.groq.com/openai/v1") as secondary,
    ):
        yield Shop(primary, secondary, **options)


@pytest.mark.asyncio
@llmchaos(DOWN)
async def test_a_tool_and_a_structured_answer(llmchaos):
    """The agent's tool is called and its answer has the asked type, at the provider that is left."""
    llmchaos.replies(ToolCall("find_order", {"number": 17}), {"number": 17, "city": "Oslo"})
    async with shop(output_type=Order) as app:
        assert await app.ask("Where is order 17?") == Order(number=17, city="Oslo")
    assert app.found == [17]
    assert [call.provider for call in llmchaos.calls] == ["openai"] * 3 + ["groq"] * 2
    llmchaos.expect.failed_over(to="groq", within="15s")


@pytest.mark.asyncio
async def test_the_healthy_primary(llmchaos):
    """The Responses API's form of all that satisfies the SDK as well."""
    llmchaos.replies(ToolCall("find_order", {"number": 17}), {"number": 17, "city": "Oslo"})
    async with shop(output_type=Order) as app:
        assert await app.ask("Where is order 17?") == Order(number=17, city="Oslo")
    assert app.found == [17]
    assert [call.provider for call in llmchaos.calls] == ["openai"] * 2


@pytest.mark.asyncio
@llmchaos(DOWN)
async def test_a_streamed_run(llmchaos):
    """The same with `run_streamed`."""
    async with shop() as app:
        assert await app.ask_streamed("Where is order 17?")
    llmchaos.expect.failed_over(to="groq", within="15s")


@pytest.mark.asyncio
@llmchaos(faults.model_retired(target="openai"))
async def test_a_retired_model(llmchaos):
    """What no retry mends goes to the other provider at once."""
    async with shop() as app:
        assert await app.ask("Where is order 17?")
    llmchaos.expect.failed_over(to="groq", within="8s")
