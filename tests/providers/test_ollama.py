"""Ollama through its own SDK, and its OpenAI dialect through that of OpenAI."""

from __future__ import annotations

import asyncio
import json
from functools import cache

import openai
import pytest

from pytest_llmchaos import faults
from pytest_llmchaos.core.call import HttpRequest
from pytest_llmchaos.core.replies import ToolCall
from pytest_llmchaos.intercept import active_runs
from pytest_llmchaos.run.chaos import Chaos

from .reach import KEY, MESSAGES, react, sdk
from .sdk import post, recognised

ollama = sdk("ollama")


@cache
def client(host="http://127.0.0.1:11434", **options):
    """Return the SDK's client."""
    return ollama.Client(host=host, **options)


@cache
def compatible():
    """Return OpenAI's client on Ollama's dialect of it."""
    return openai.OpenAI(api_key="ollama", base_url="http://localhost:11434/v1")


def ask(stream=False, **options):
    """Ask for a chat answer."""
    return client(**options).chat(model="llama3.2:3b", messages=MESSAGES, stream=stream)


def test_healthy():
    """The answer tells when and why it ended."""
    outcome = react(ask)
    (call,) = outcome.chaos.calls
    assert (call.provider, call.model, call.operation, call.stream) == ("ollama", "llama3.2:3b", "chat", False)
    assert outcome.result.message.content
    assert (outcome.result.done, outcome.result.done_reason) == (True, "stop")


def test_healthy_stream():
    """Only the last line is done."""
    pieces = react(lambda: ask(stream=True)).result
    assert "".join(each.message.content for each in pieces)
    assert [each.done for each in pieces] == [False] * (len(pieces) - 1) + [True]


TOOL = {
    "type": "function",
    "function": {"name": "find", "parameters": {"type": "object", "properties": {"id": {"type": "string"}}}},
}


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_is_called(stream):
    """The arguments are an object there, not a text."""
    chaos = Chaos()
    chaos.replies(ToolCall("find", {"id": "A1"}))
    active_runs.start(chaos)
    try:
        result = client().chat(model="m", messages=MESSAGES, tools=[TOOL], stream=stream)
        messages = [each.message for each in result] if stream else [result.message]
    finally:
        active_runs.stop(chaos)
    (called,) = [call for each in messages for call in each.tool_calls or ()]
    assert (called.function.name, called.function.arguments) == ("find", {"id": "A1"})


def test_a_schema_is_satisfied():
    """What `format` describes is what the text holds."""
    schema = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}
    outcome = react(lambda: client().chat(model="m", messages=MESSAGES, format=schema))
    assert set(json.loads(outcome.result.message.content)) == {"id"}


def test_the_other_endpoints():
    """Generation, embeddings and the lists of models answer too."""
    assert react(lambda: client().generate(model="m", prompt="x")).result.response
    assert "".join(each.response for each in react(lambda: client().generate("m", "x", stream=True)).result)
    vectors = react(lambda: client().embed(model="nomic-embed-text", input=["a", "b"])).result.embeddings
    assert [len(each) for each in vectors] == [768, 768]
    assert len(react(lambda: client().embeddings(model="all-minilm", prompt="a")).result.embedding) == 384
    assert react(lambda: client().list()).result.models[0].model == "llama3.2:latest"
    assert react(lambda: client().ps()).result.models[0].expires_at
    outcome = react(lambda: client().show("llama3.2"))
    assert outcome.result.capabilities == ["completion"]
    assert outcome.chaos.calls[0].model == "llama3.2"


def test_async():
    """The async client streams and fails in the same way."""

    async def talk():
        stream = await ollama.AsyncClient().chat(model="m", messages=MESSAGES, stream=True)
        return [each async for each in stream]

    assert react(lambda: asyncio.run(talk())).result[-1].done
    assert type(react(lambda: asyncio.run(talk()), faults.stream_error()).error) is ollama.ResponseError


def test_openais_dialect_of_ollama():
    """It answers and fails in OpenAI's shape with Ollama's words."""
    chat = compatible().chat.completions
    assert react(lambda: chat.create(model="llama3.2", messages=MESSAGES)).result.choices[0].message.content
    error = react(lambda: chat.create(model="llama3.2", messages=MESSAGES), faults.model_retired()).error
    assert (error.status_code, error.type, error.code) == (404, "not_found_error", None)
    assert "model 'llama3.2' not found" in str(error)
    broken = react(lambda: chat.create(model="llama3.2", messages=MESSAGES, stream=True), faults.stream_error())
    assert type(broken.error) is openai.APIError
    assert "CUDA error" in str(broken.error)


def test_it_streams_unless_told_not_to():
    """The server's default is a stream, whatever its clients' is."""
    url = "http://localhost:11434/api/chat"
    assert recognised(post(url, b'{"model": "m", "messages": []}')).stream
    assert not recognised(post(url, b'{"model": "m", "messages": [], "stream": false}')).stream
    assert not recognised(post("http://localhost:11434/v1/chat/completions", b'{"model": "m"}')).stream


def test_on_another_host_it_shows_by_path_and_body():
    """An `/api/chat` of somebody else's has other members, and is left alone."""
    own = post("http://gpu-3:8080/api/chat", b'{"model": "m", "messages": []}')
    assert (recognised(own).provider, recognised(own).speaks.dialect) == ("gpu-3:8080", "ollama")
    assert recognised(post("http://shop.example/api/chat", b'{"text": "hello", "model": "m"}')) is None
    assert recognised(HttpRequest("GET", "http://shop.example/api/tags", ())) is None


def test_a_host_may_speak_two_dialects():
    """Which one a call speaks is told by its path, not by the first call seen there."""
    from pytest_llmchaos.providers import Providers

    known = Providers()
    body = b'{"model": "m", "messages": []}'
    seen = [
        recognised(post(f"http://gpu-3:8080{path}", body), known).speaks.dialect
        for path in ("/v1/chat/completions", "/api/chat", "/v1/chat/completions")
    ]
    assert seen == ["openai", "ollama", "openai"]


def test_the_cloud():
    """Ollama's cloud is the same provider."""
    cloud = ollama.Client("https://ollama.com", headers={"Authorization": f"Bearer {KEY}"})
    outcome = react(lambda: cloud.chat(model="gpt-oss:120b", messages=MESSAGES))
    assert outcome.chaos.calls[0].provider == "ollama"
