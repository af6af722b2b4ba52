"""Cohere under its real SDK, through real interception."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from typing import get_args

import pytest

from pytest_llmchaos import faults, inject
from pytest_llmchaos.core.draw import Draw
from pytest_llmchaos.core.errors import FaultUnfit
from pytest_llmchaos.core.replies import Reply, ToolCall
from pytest_llmchaos.providers import ErrorKind

from .sdk import KEY, WALL, post, recognised

cohere = pytest.importorskip("cohere")


MODEL = "command-a-03-2025"
ASK = [{"role": "user", "content": "Where is my order?"}]
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1, "maximum": 7}},
    "required": ["city", "days"],
}
TOOLS = [{"type": "function", "function": {"name": "get_weather", "parameters": SCHEMA}}]


@cache
def client():
    """Return one client for all tests: most of a call's cost here is the TLS context of its client."""
    return cohere.ClientV2(api_key=KEY)


def chat(stream=False, **asked):
    """Send one chat; return the answer, or a stream's events."""
    asked = {"model": MODEL, "messages": ASK, **asked}
    return list(client().chat_stream(**asked)) if stream else client().chat(**asked)


def test_a_plain_answer():
    """Text, reason, id and usage."""
    with inject() as chaos:
        answer = chat(max_tokens=9)
    assert answer.finish_reason == "COMPLETE"
    assert answer.message.content[0].text
    assert answer.usage.billed_units.output_tokens == answer.usage.tokens.output_tokens == 9
    call = chaos.calls[0]
    assert (call.provider, call.operation, call.model, call.stream) == ("cohere", "chat", MODEL, False)


def test_a_stream():
    """Events in their order, the text whole, reason and usage in the last one."""
    with inject() as chaos:
        chaos.replies("Your order ships\n\ntomorrow.  ")
        events = chat(stream=True)
    kinds = [each.type for each in events]
    assert kinds == ["message-start", "content-start", *["content-delta"] * 6, "content-end", "message-end"]
    assert "".join(each.delta.message.content.text for each in events[2:-2]) == "Your order ships\n\ntomorrow.  "
    assert events[-1].delta.finish_reason == "COMPLETE"
    assert events[-1].delta.usage.billed_units.output_tokens == 6
    assert chaos.calls[0].error is None


def test_async():
    """The same through the SDK's async client."""

    async def main():
        asked = {"model": MODEL, "messages": ASK}
        api = cohere.AsyncClientV2(api_key=KEY)
        whole = await api.chat(**asked)
        return whole, [each.type async for each in api.chat_stream(**asked)]

    with inject():
        whole, kinds = asyncio.run(main())
    assert whole.message.content
    assert kinds[-1] == "message-end"


def test_structured_output():
    """The text satisfies the schema."""
    with inject():
        answer = chat(response_format={"type": "json_object", "json_schema": SCHEMA})
    assert 1 <= json.loads(answer.message.content[0].text)["days"] <= 7


def test_tool_calls():
    """A tool that must be called gets arguments that fit, plain and streamed; several can be scripted."""
    with inject():
        (made,) = chat(tools=TOOLS, tool_choice="REQUIRED").message.tool_calls
        assert made.function.name == "get_weather"
        assert 1 <= json.loads(made.function.arguments)["days"] <= 7
    with inject() as chaos:
        chaos.replies([ToolCall("get_weather", {"city": "Oslo"}), ToolCall("get_weather", {"city": "Rome"})])
        events = chat(stream=True, tools=TOOLS)
    told = ["", ""]
    for each in events:
        if each.type == "tool-call-delta":
            told[each.index] += each.delta.message.tool_calls.function.arguments
    assert [json.loads(each) for each in told] == [{"city": "Oslo"}, {"city": "Rome"}]
    assert events[-1].delta.finish_reason == "TOOL_CALL"


def test_embeddings():
    """All types at the asked size; equal texts are equal, whatever the call."""
    kinds = ["float", "int8", "uint8", "binary", "ubinary", "base64"]
    with inject() as chaos:
        asked = {"model": "embed-v4.0", "input_type": "search_query", "output_dimension": 256}
        made = client().embed(texts=["a", "b"], embedding_types=kinds, **asked).embeddings
        again = client().embed(texts=["b"], embedding_types=["float"], **asked).embeddings
    assert [len(each) for each in (made.float_[0], made.int8[0], made.uint8[0])] == [256] * 3
    assert [len(each) for each in (made.binary[0], made.ubinary[0])] == [32] * 2
    assert all(-128 <= each <= 127 for each in [*made.int8[0], *made.binary[0]])
    assert all(0 <= each <= 255 for each in [*made.uint8[0], *made.ubinary[0]])
    assert again.float_[0] == made.float_[1] != made.float_[0]
    assert {each.operation for each in chaos.calls} == {"embeddings"}


def test_rerank_and_models():
    """The best documents come first, and a model that is asked for exists."""
    with inject() as chaos:
        documents = ["a dog", "the lost order", "an order"]
        ranked = client().rerank(model="rerank-v3.5", query="lost order", documents=documents, top_n=2).results
        assert MODEL in [each.name for each in client().models.list().models]
        assert client().models.get("command-x").name == "command-x"
    assert [each.index for each in ranked] == [1, 2]
    assert 1 >= ranked[0].relevance_score > ranked[1].relevance_score > 0
    assert [each.operation for each in chaos.calls] == ["rerank", "models", "models"]


# --- failures: what the SDK makes of them stands in tests/sdk ------------------------------------------------


def test_what_the_errors_say():
    """The model by its name, in the API's own words."""
    with inject(faults.model_retired()), pytest.raises(cohere.NotFoundError) as caught:
        chat()
    assert caught.value.body["message"].startswith(f"model '{MODEL}' was removed on ")
    assert caught.value.body["id"]


@pytest.mark.parametrize("stream", [False, True])
def test_refusals_within_an_answer(stream):
    """A filter ends it in an error; the model that declines does so in words."""
    with inject(faults.policy_refusal(form="finish")):
        answer = chat(stream)
    assert (answer[-1].delta if stream else answer).finish_reason == "ERROR"
    with inject(faults.policy_refusal(form="refusal")) as chaos:
        answer = chat(stream)
    assert (answer[-1].delta if stream else answer).finish_reason == "COMPLETE"
    assert chaos.calls[0].error == "policy_refusal"


# --- without the SDK -----------------------------------------------------------------------------------------

API = "https://api.cohere.com"


@pytest.mark.parametrize(
    ("url", "body", "expected"),
    [
        (f"{API}/v2/chat", {"model": "m", "stream": True}, ("cohere", "chat", "m", True)),
        (f"{API}/v2/embed", {"model": "m"}, ("cohere", "embeddings", "m", False)),
        ("http://gw/cohere/v2/chat", {"model": "m", "messages": []}, ("gw", "chat", "m", False)),
        ("http://gw/v2/chat", {"messages": []}, None),
        (f"{API}/v2/datasets", {}, None),
    ],
)
def test_recognised(url, body, expected):
    """Provider, operation, model and stream."""
    call = recognised(post(url, json.dumps(body).encode()))
    assert (call and (call.provider, call.operation, call.model, call.stream)) == expected


@pytest.mark.parametrize("path", ["chat", "embed", "rerank"])
@pytest.mark.parametrize("kind", get_args(ErrorKind))
def test_every_failure_has_a_form(path, kind):
    """Equal draws give equal answers; only chat is refused."""
    call = recognised(post(f"{API}/v2/{path}", b'{"model": "m"}'))
    if kind == "policy_refusal" and path != "chat":
        with pytest.raises(FaultUnfit):
            call.speaks.error(kind, call, Draw("k", WALL))
        return
    first, second = (call.speaks.error(kind, call, Draw("k", WALL)) for _ in range(2))
    assert (first.status, first.headers, list(first.chunks)) == (second.status, second.headers, list(second.chunks))
    assert json.loads(b"".join(first.chunks)).keys() == {"id", "message"}


@pytest.mark.parametrize("body", [b"", b"[]", b'{"messages": 3, "texts": {"a": 1}, "documents": [1, {}], "query": 4}'])
@pytest.mark.parametrize("path", ["chat", "embed", "rerank"])
def test_odd_bodies_are_answered(path, body):
    """At Cohere's own host a body that makes no sense is still a call."""
    call = recognised(post(f"{API}/v2/{path}", body))
    first, second = (call.speaks.answer(call, Reply(finish="length"), Draw("k", WALL)) for _ in range(2))
    assert list(first.chunks) == list(second.chunks)
