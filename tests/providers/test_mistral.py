"""Mistral through its own SDK, which is strict about bodies and retries nothing of itself."""

from __future__ import annotations

import asyncio
import json
from functools import cache

import pytest

from pytest_llmchaos import faults
from pytest_llmchaos.draw import Draw

from .reach import KEY, LATE, MESSAGES, WAIT, Row, react, rows, sdk
from .sdk import post, recognised

mistral = sdk("mistralai.client")
ERROR = "mistralai.client.errors.SDKError"
INVALID = "mistralai.client.errors.ResponseValidationError"
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


@pytest.mark.parametrize("stream", [False, True])
@rows(
    Row(faults.outage(), ERROR, "Service unavailable.", has=(("status_code", 503),)),
    Row(faults.outage(502, page="html"), ERROR, 'Status 502 Content-Type "text/html; charset=UTF-8"'),
    Row(faults.overloaded(), ERROR, '"code":"3505"', has=(("status_code", 429),)),
    Row(WAIT, ERROR, '"type":"rate_limited","param":null,"code":"1300"', has=(("status_code", 429),)),
    Row(faults.model_retired(), ERROR, "Invalid model: mistral-large-latest", has=(("status_code", 400),)),
    Row(faults.auth_revoked(), ERROR, '{"detail":"Unauthorized"}', has=(("status_code", 401),)),
    Row(faults.quota_exhausted(), ERROR, has=(("status_code", 402),)),
    Row(faults.policy_refusal(), ERROR, has=(("status_code", 403),)),
    Row(faults.malformed(), INVALID),
    Row(faults.malformed("html"), ERROR, "Unexpected response received"),
)
def test_reaction(row, stream):
    """Every HTTP error is an SDKError, and none is retried."""
    row.check(lambda: ask(stream), "mistral")


def test_async():
    """The async client streams and fails in the same way."""

    async def talk():
        stream = await client().chat.stream_async(model="m", messages=MESSAGES)
        return [each async for each in stream]

    assert react(lambda: asyncio.run(talk())).result[-1].data.usage
    assert type(react(lambda: asyncio.run(talk()), faults.outage()).error) is mistral.errors.SDKError


@rows(
    Row(LATE, "httpx2.ReadTimeout", "timed out", lasts=(5, 5)),
    Row(faults.connection_reset(), "httpx2.ReadError"),
)
def test_transport(row):
    """Errors of the HTTP library come through as they are."""
    row.check(lambda: ask(timeout_ms=5000), "mistral")


@rows(
    Row(faults.stream_cut(2), "httpx2.RemoteProtocolError", "peer closed connection", pieces=2),
    Row(faults.stream_truncated(2), None, pieces=2),
    Row(faults.stream_error(2), INVALID, "Response validation failed", has=(("status_code", 200),), pieces=2),
)
def test_broken_stream(row):
    """An error within a stream fails the SDK's validation."""
    row.check(lambda: ask(stream=True), "mistral")


def test_no_retry_after_of_its_own():
    """The API tells no time to wait; one is sent only where the fault asks for it."""
    call = recognised(post("https://api.mistral.ai/v1/chat/completions", b'{"model": "m"}'))
    plain = dict(call.speaks.error("rate_limit", call, Draw("k", 0)).headers)
    assert "retry-after" not in plain
    assert plain["x-ratelimit-remaining-req-minute"] == "0"
    assert dict(call.speaks.error("rate_limit", call, Draw("k", 0), retry_after=7).headers)["retry-after"] == "7"
