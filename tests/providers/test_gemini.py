"""Gemini and Vertex AI under the real google-genai and anthropic SDKs, through real interception."""

from __future__ import annotations

import asyncio
import json
from functools import cache
from typing import Literal

import pytest
from pydantic import BaseModel

from pytest_llmchaos import faults, inject
from pytest_llmchaos.core.draw import Draw
from pytest_llmchaos.core.errors import FaultUnfit
from pytest_llmchaos.core.replies import Reply, ToolCall

from .sdk import KEY, WALL, post, recognised

genai = pytest.importorskip("google.genai")
httpx2 = pytest.importorskip("httpx2")
anthropic = pytest.importorskip("anthropic")

from google.genai import errors, types  # noqa: E402
from google.oauth2.credentials import Credentials  # noqa: E402

MODEL = "gemini-2.5-flash"
CLAUDE = "claude-sonnet-4-5@20250929"
ASK = [{"role": "user", "content": "Where is my order?"}]


class Ticket(BaseModel):
    """What a support bot extracts."""

    subject: str
    priority: Literal["low", "high"]
    steps: list[str]


@cache
def client(dialect="gemini"):
    """Return one client for all tests: most of a call's cost here is the TLS context of its client."""
    given = {"api_key": KEY, "vertexai": False}
    if dialect == "vertex":
        credentials = Credentials(token="ya29.canary")
        given = {"vertexai": True, "project": "shop", "location": "us-central1", "credentials": credentials}
    options = types.HttpOptions(httpx_client=httpx2.Client(), httpx_async_client=httpx2.AsyncClient())
    return genai.Client(**given, http_options=options)


@cache
def claude():
    """Return the client of Claude's models at Vertex AI."""
    return anthropic.AnthropicVertex(region="us-east5", project_id="shop", access_token="ya29.canary")


def say(dialect="gemini", stream=False, model=MODEL, **config):
    """Ask for content; return the answer, or a stream's events."""
    asked = {"model": model, "contents": "Where is my order?"}
    if config:
        asked["config"] = types.GenerateContentConfig(**config)
    if stream:
        return list(client(dialect).models.generate_content_stream(**asked))
    return client(dialect).models.generate_content(**asked)


@pytest.mark.parametrize("dialect", ["gemini", "vertex"])
def test_a_plain_answer(dialect):
    """Text, reason, model and a usage that adds up."""
    with inject() as chaos:
        answer = say(dialect)
    assert 15 <= len(answer.text.split()) <= 45
    assert answer.candidates[0].finish_reason == "STOP"
    assert answer.model_version == MODEL
    usage = answer.usage_metadata
    assert usage.total_token_count == usage.prompt_token_count + usage.candidates_token_count
    call = chaos.calls[0]
    assert (call.provider, call.operation, call.model, call.stream) == (dialect, "chat", MODEL, False)


@pytest.mark.parametrize("dialect", ["gemini", "vertex"])
def test_a_stream(dialect):
    """Some words an event; the reason and the whole usage come with the last one."""
    text = "Your order ships\n\ntomorrow, and it takes two days to reach you by bicycle.  "
    with inject() as chaos:
        chaos.replies(text)
        *early, last = say(dialect, stream=True)
    assert "".join(each.text for each in [*early, last]) == text
    assert len(early) >= 1
    assert {each.candidates[0].finish_reason for each in early} == {None}
    assert last.candidates[0].finish_reason == "STOP"
    assert last.usage_metadata.candidates_token_count >= len(text.split())
    assert chaos.calls[0].stream
    assert chaos.calls[0].error is None


def test_async():
    """The same through the SDK's async client over httpx2."""

    async def main():
        models = client().aio.models
        whole = await models.generate_content(model=MODEL, contents="hi")
        stream = await models.generate_content_stream(model=MODEL, contents="hi")
        return whole.text, "".join([each.text async for each in stream])

    with inject():
        whole, streamed = asyncio.run(main())
    assert whole
    assert streamed


@pytest.mark.parametrize("key", ["response_schema", "response_json_schema"])
@pytest.mark.parametrize("stream", [False, True])
def test_structured_output(key, stream):
    """Both spellings of a schema are honoured."""
    schema = Ticket if key == "response_schema" else Ticket.model_json_schema()
    with inject():
        answer = say(stream=stream, response_mime_type="application/json", **{key: schema})
    text = "".join(each.text for each in answer) if stream else answer.text
    ticket = Ticket.model_validate_json(text)
    assert ticket.steps


def test_an_enumeration_comes_without_quotes():
    """`text/x.enum` is one of the words, not JSON."""
    with inject():
        schema = {"type": "STRING", "enum": ["low", "high"]}
        answer = say(response_mime_type="text/x.enum", response_schema=schema)
    assert answer.text in ("low", "high")


def find_order(number: int, city: str) -> str:
    """Find an order."""
    return f"{number} {city}"


@pytest.mark.parametrize("stream", [False, True])
def test_a_tool_that_must_be_called(stream):
    """Its arguments satisfy the function's signature."""
    calling = types.FunctionCallingConfig(mode="ANY")
    with inject():
        answer = say(
            stream=stream,
            tools=[find_order],
            tool_config=types.ToolConfig(function_calling_config=calling),
            automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        )
    (call,) = (answer[-1] if stream else answer).function_calls
    assert call.name == "find_order"
    assert isinstance(call.args["number"], int)
    assert isinstance(call.args["city"], str)


def test_the_sdk_calls_a_scripted_tool_itself():
    """Automatic function calling: the model asks, the SDK runs the function and asks again."""
    with inject() as chaos:
        chaos.replies(ToolCall("find_order", {"number": 7, "city": "Oslo"}), "It is in Oslo.")
        assert say(tools=[find_order]).text == "It is in Oslo."
    assert len(chaos.calls) == 2


@pytest.mark.parametrize("dialect", ["gemini", "vertex"])
def test_what_is_not_chat(dialect):
    """Embeddings have the size that is asked for, tokens count as in an answer, models have names."""
    with inject() as chaos:
        models = client(dialect).models
        small = types.EmbedContentConfig(output_dimensionality=8)
        embedded = models.embed_content(model="gemini-embedding-001", contents=["a", "b"], config=small).embeddings
        again = models.embed_content(model="gemini-embedding-001", contents=["b"], config=small).embeddings
        single = models.embed_content(model="text-embedding-005", contents="a").embeddings
        count = models.count_tokens(model=MODEL, contents="Where is my order?").total_tokens
        assert count == say(dialect).usage_metadata.prompt_token_count
        assert any(each.name.endswith(MODEL) for each in models.list())
        assert models.get(model="gemini-9").name.endswith("models/gemini-9")
    assert [len(each.values) for each in embedded] == [8, 8]
    assert again[0].values == embedded[1].values != embedded[0].values
    assert len(single[0].values) == 768
    kinds = [each.operation for each in chaos.calls]
    assert kinds == ["embeddings"] * 3 + ["models", "chat", "models", "models"]


# --- failures: what the SDK makes of them stands in tests/sdk ------------------------------------------------


def test_retry_options_are_exercised():
    """With retries switched on, the fault sits below them: five attempts (1 s x2 with up to 1 s of jitter)."""
    retrying = types.HttpOptions(
        retry_options=types.HttpRetryOptions(), httpx_client=client()._api_client._httpx_client
    )
    again = genai.Client(api_key=KEY, vertexai=False, http_options=retrying)
    with inject(faults.outage()) as chaos, pytest.raises(errors.ServerError):
        again.models.generate_content(model=MODEL, contents="hi")
    assert len(chaos.calls) == 5
    assert 15 <= chaos.now <= 19.1


def test_what_the_errors_say():
    """The details of Google's errors: quota, waiting time and reason; and the model by its name."""

    def details(fault):
        with inject(fault), pytest.raises(errors.APIError) as caught:
            say()
        return caught.value.message, {each["@type"]: each for each in caught.value.details["error"].get("details", ())}

    text, limited = details(faults.rate_limit(retry_after="33.5s"))
    assert text.endswith("Please retry in 33.5s.")
    assert limited["type.googleapis.com/google.rpc.RetryInfo"]["retryDelay"] == "34s"
    violation = limited["type.googleapis.com/google.rpc.QuotaFailure"]["violations"][0]
    assert violation["quotaDimensions"]["model"] == MODEL
    _, revoked = details(faults.auth_revoked())
    assert revoked["type.googleapis.com/google.rpc.ErrorInfo"]["reason"] == "API_KEY_INVALID"
    text, _ = details(faults.model_retired())
    assert text.startswith(f"models/{MODEL} is not found for API version v1")
    assert "generateContent" in text
    with inject(faults.model_retired()), pytest.raises(errors.ClientError) as caught:
        say("vertex")
    path = f"projects/shop/locations/us-central1/publishers/google/models/{MODEL}"
    assert f"`{path}` was not found" in caught.value.message


@pytest.mark.parametrize("dialect", ["gemini", "vertex"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_prompt_that_is_blocked(stream, dialect):
    """A 200 without candidates, and no exception: `text` is None."""
    with inject(faults.policy_refusal(form="refusal")) as chaos:
        answer = say(dialect, stream)
    answer = answer[-1] if stream else answer
    assert answer.text is None
    assert answer.candidates is None
    assert answer.prompt_feedback.block_reason == "PROHIBITED_CONTENT"
    assert (chaos.calls[0].status, chaos.calls[0].error) == (200, "policy_refusal")


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_is_blocked(stream):
    """`finishReason: SAFETY`, at once or after some words of a stream."""
    with inject(faults.policy_refusal(form="finish")) as chaos:
        answer = say(stream=stream)
    last = answer[-1] if stream else answer
    assert last.candidates[0].finish_reason == "SAFETY"
    assert bool("".join(each.text or "" for each in answer) if stream else answer.text) == stream
    assert chaos.calls[0].error == "policy_refusal"


# --- Claude at Vertex AI -------------------------------------------------------------------------------------


def test_claude_at_vertex():
    """Messages, a stream and the count of tokens, in Anthropic's form; model and stream stand in the path."""
    with inject() as chaos:
        chaos.replies("Tomorrow.")
        asked = {"model": CLAUDE, "max_tokens": 50, "messages": ASK}
        answer = claude().messages.create(**asked)
        with claude().messages.stream(**asked) as stream:
            final = stream.get_final_message()
        count = claude().messages.count_tokens(model=CLAUDE, messages=ASK)
    assert answer.content[0].text == final.content[0].text == "Tomorrow."
    assert answer.model == CLAUDE
    assert answer.usage.input_tokens == final.usage.input_tokens == count.input_tokens
    told = [(each.provider, each.operation, each.model, each.stream) for each in chaos.calls]
    assert told[:2] == [("vertex", "chat", CLAUDE, False), ("vertex", "chat", CLAUDE, True)]
    assert told[2][:2] == ("vertex", "models")


def test_claude_refuses_in_anthropics_form():
    """A refusal within the answer is that of the model's maker."""
    with inject(faults.policy_refusal(form="refusal")):
        answer = claude().messages.create(model=CLAUDE, max_tokens=50, messages=ASK)
    assert answer.stop_reason == "refusal"


# --- without an SDK ------------------------------------------------------------------------------------------

GEMINI = "https://generativelanguage.googleapis.com"
VERTEX = "https://europe-west4-aiplatform.googleapis.com/v1/projects/p/locations/l"
CONTENTS = b'{"contents": [{"parts": [{"text": "hi"}]}]}'


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{GEMINI}/v1beta/models/gemini-3:generateContent", ("gemini", "chat", "gemini-3", False)),
        (f"{GEMINI}/v1/models/gemini-3:streamGenerateContent?alt=sse", ("gemini", "chat", "gemini-3", True)),
        (f"{GEMINI}/v1beta/tunedModels/t-1:generateContent", ("gemini", "chat", "t-1", False)),
        (f"{VERTEX}/publishers/google/models/gemini-3:streamGenerateContent", ("vertex", "chat", "gemini-3", True)),
        (f"{VERTEX}/endpoints/123:generateContent", ("vertex", "chat", "123", False)),
        (
            "https://aiplatform.eu.rep.googleapis.com/v1/publishers/google/models/g:countTokens",
            ("vertex", "models", "g", False),
        ),
        ("http://localhost:9/v1beta/models/g:generateContent", ("localhost:9", "chat", "g", False)),
        ("http://localhost:9/v1/publishers/google/models/g:generateContent", ("localhost:9", "chat", "g", False)),
        (f"{GEMINI}/v1beta/files", None),
        (f"{GEMINI}/v1beta/models/veo-3:predictLongRunning", None),
        (f"{VERTEX}/publishers/google/models/imagen-4:predict", None),
        ("http://localhost:9/v1beta/models/g:countTokens", None),
    ],
)
def test_recognised(url, expected):
    """Provider, operation, model and stream, from the path alone."""
    call = recognised(post(url, CONTENTS))
    found = call and (call.provider, call.operation, call.model, call.stream)
    assert found == expected


@pytest.mark.parametrize("snake", [False, True])
def test_members_may_be_spelled_either_way(snake):
    """The API reads proto JSON: camel case or snake case."""
    config, mime, schema = (
        ("generation_config", "response_mime_type", "response_schema")
        if snake
        else (
            "generationConfig",
            "responseMimeType",
            "responseSchema",
        )
    )
    wanted = {"type": "OBJECT", "properties": {"n": {"type": "ARRAY", "items": {"type": "STRING"}, "minItems": "3"}}}
    body = {"contents": [], config: {mime: "application/json", schema: wanted, "candidateCount": 2}}
    call = recognised(post(f"{GEMINI}/v1/models/g:generateContent", json.dumps(body).encode()))
    (chunk,) = call.speaks.answer(call, None, Draw("k", WALL)).chunks
    first = json.loads(chunk)["candidates"][0]["content"]["parts"][0]["text"]
    assert len(json.loads(first)["n"]) == 3


@pytest.mark.parametrize("body", [b"", b"[]", b'{"contents": "hi", "generationConfig": 3, "tools": {"a": 1}}'])
@pytest.mark.parametrize("path", ["generateContent", "streamGenerateContent", "batchEmbedContents", "countTokens"])
def test_odd_bodies_are_answered(path, body):
    """At Google's own host a body that makes no sense is still a call."""
    call = recognised(post(f"{GEMINI}/v1/models/g:{path}", body))
    assert b"".join(call.speaks.answer(call, None, Draw("k", WALL)).chunks)


def test_only_content_is_refused():
    """A call that generates nothing has no answer that ends in a refusal."""
    call = recognised(post(f"{GEMINI}/v1/models/g:embedContent", b"{}"))
    with pytest.raises(FaultUnfit):
        call.speaks.error("policy_refusal", call, Draw("k", WALL))


def test_equal_draws_give_equal_answers():
    """Plain and streamed, and each reading of a stream starts anew."""
    for path in ("generateContent", "streamGenerateContent?alt=sse"):
        call = recognised(post(f"{GEMINI}/v1/models/g:{path}", CONTENTS))
        first, second = (call.speaks.answer(call, Reply(finish="length"), Draw("k", WALL)) for _ in range(2))
        assert list(first.chunks) == list(second.chunks) == list(first.chunks)
        assert first.headers == second.headers
        assert b"MAX_TOKENS" in list(first.chunks)[-1]
