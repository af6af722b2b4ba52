"""Mistral through its own SDK, which is strict about bodies and retries nothing of itself."""

from __future__ import annotations

import asyncio
import json
from functools import cache

import pytest

from pytest_llmchaos import faults
from pytest_llmchaos.core.draw import Draw

from .reach import KEY, MESSAGES, react, sdk
from .sdk import post, recognised

mistral = sdk("mistralai.client")
TOOL = {
    "type": "function",
    "function": {
        "name": "find_order",
        "parameters": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
    },
}


@cache
def client(**options):
    """Return the SDK's client."""
    return mistral.Mistral(api_key=KEY, **options)


def ask(stream=False, **options):
    """Ask for a chat answer."""
    chat = client(**options).chat
    return (chat.stream if stream else chat.complete)(model="mistral-large-latest", messages=MESSAGES)


def test_healthy():
    """The strict models of the SDK accept the answer."""
    outcome = react(ask)
    (call,) = outcome.chaos.calls
    assert (call.provider, call.model, call.operation) == ("mistral", "mistral-large-latest", "chat")
    assert outcome.result.choices[0].message.content
    assert outcome.result.usage.total_tokens > 0


def test_healthy_stream():
    """The last chunk holds the usage, asked for or not."""
    pieces = react(lambda: ask(stream=True)).result
    assert "".join(each.data.choices[0].delta.content for each in pieces)
    assert pieces[-1].data.usage.total_tokens > 0
    assert pieces[-1].data.choices[0].finish_reason == "stop"


@pytest.mark.parametrize("stream", [False, True])
def test_tool_calls_come_in_one_piece(stream):
    """The SDK has no place for half of a tool call, and the API sends none."""
    chat = client().chat
    result = react(
        lambda: (chat.stream if stream else chat.complete)(
            model="m", messages=MESSAGES, tools=[TOOL], tool_choice="any"
        )
    ).result
    said = result[-1].data.choices[0].delta if stream else result.choices[0].message
    (call,) = said.tool_calls
    assert call.function.name == "find_order"
    assert set(json.loads(call.function.arguments)) == {"id"}


def test_fill_in_the_middle():
    """Its answers are messages, not texts."""
    outcome = react(lambda: client().fim.complete(model="codestral-latest", prompt="def f(", suffix="return a"))
    assert outcome.chaos.calls[0].operation == "completions"
    assert outcome.result.choices[0].message.content
    assert [each.data for each in react(lambda: client().fim.stream(model="c", prompt="def f(")).result]


def test_embeddings_and_models():
    """Embeddings are lists of numbers; models tell of their end."""
    assert len(react(lambda: client().embeddings.create(model="mistral-embed", inputs=["a"])).result.data) == 1
    model = react(lambda: client().models.list()).result.data[0]
    assert (model.deprecation, model.deprecation_replacement_model) == (None, None)


def test_async():
    """The async client streams and fails in the same way."""

    async def talk():
        stream = await client().chat.stream_async(model="m", messages=MESSAGES)
        return [each async for each in stream]

    assert react(lambda: asyncio.run(talk())).result[-1].data.usage
    assert type(react(lambda: asyncio.run(talk()), faults.outage()).error) is mistral.errors.SDKError


def test_no_retry_after_of_its_own():
    """The API tells no time to wait; one is sent only where the fault asks for it."""
    call = recognised(post("https://api.mistral.ai/v1/chat/completions", b'{"model": "m"}'))
    plain = dict(call.speaks.error("rate_limit", call, Draw("k", 0)).headers)
    assert "retry-after" not in plain
    assert plain["x-ratelimit-remaining-req-minute"] == "0"
    assert dict(call.speaks.error("rate_limit", call, Draw("k", 0), retry_after=7).headers)["retry-after"] == "7"
