"""Pydantic AI: a fallback model that knows status errors only."""

from __future__ import annotations

from typing import Any

import httpx
import openai
from pydantic_ai import Agent, ModelHTTPError
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.fallback import FallbackModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

KEY = "zoo-key"


async def buggy_refused_connection(question: str) -> str:
    """Take the fallback model as it comes: a connection that is refused has no status, and ends the run."""
    return (await Agent(FallbackModel(*_models())).run(question)).output


async def fixed_refused_connection(question: str) -> str:
    """Tell it to fall back on that error too."""
    model = FallbackModel(*_models(), fallback_on=(ModelHTTPError, openai.APIConnectionError))
    return (await Agent(model).run(question)).output


async def buggy_broken_stream(question: str) -> str:
    """Stream through the fallback model, which is done with its choice when the stream is open."""
    return await _streamed(FallbackModel(*_models(), fallback_on=(openai.APIError, httpx.HTTPError)), question)


async def fixed_broken_stream(question: str) -> str:
    """Guard the reading, and begin anew with the other model."""
    try:
        return await _streamed(_models()[0], question)
    except (openai.APIError, httpx.HTTPError):
        return await _streamed(_models()[1], question)


async def _streamed(model: Any, question: str) -> str:
    async with Agent(model).run_stream(question) as answer:
        return await answer.get_output()


def _models() -> tuple[OpenAIChatModel, AnthropicModel]:
    client = openai.AsyncOpenAI(api_key=KEY, max_retries=0)
    first = OpenAIChatModel("gpt-5", provider=OpenAIProvider(openai_client=client))
    return first, AnthropicModel("claude-sonnet-5", provider=AnthropicProvider(api_key=KEY))
