"""Bedrock under boto3 and the anthropic SDK, through real interception, and under botocore's own parsers."""

from __future__ import annotations

import json
from functools import cache
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos import faults, inject
from pytest_llmchaos.core.draw import Draw
from pytest_llmchaos.core.errors import FaultUnfit
from pytest_llmchaos.core.replies import Reply, ToolCall
from pytest_llmchaos.providers import ErrorKind
from pytest_llmchaos.providers._bedrock_frames import event_frame, exception_frame

from .sdk import UNHURRIED, WALL, post, recognised

boto3 = pytest.importorskip("boto3")
anthropic = pytest.importorskip("anthropic")

from botocore.config import Config  # noqa: E402
from botocore.eventstream import ChecksumMismatch, EventStreamBuffer  # noqa: E402
from botocore.exceptions import ClientError  # noqa: E402

CLAUDE = "anthropic.claude-sonnet-4-5-20250929-v1:0"
ASK = [{"role": "user", "content": [{"text": "Where is my order?"}]}]
SAY = [{"role": "user", "content": "Where is my order?"}]
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1, "maximum": 7}},
    "required": ["city", "days"],
}
TOOLS = {"tools": [{"toolSpec": {"name": "get_weather", "inputSchema": {"json": SCHEMA}}}], "toolChoice": {"any": {}}}
KEYS = {"aws_access_key_id": "AKIACANARY", "aws_secret_access_key": "canary"}


@cache
def client(retries="standard"):
    """Return one client for a whole test: the classes of its exceptions are its own."""
    config = Config(retries={"mode": retries})
    return boto3.client("bedrock-runtime", region_name="eu-west-1", config=config, **KEYS)


@pytest.fixture(autouse=True)
def _fresh_client():
    """A client gives up on retries once its quota is spent; no test may spend that of another."""
    client.cache_clear()


@cache
def claude():
    """Return Anthropic's own client of Bedrock."""
    return anthropic.AnthropicBedrock(aws_region="us-east-1", aws_access_key="AKIACANARY", aws_secret_key="canary")


def converse(stream=False, model=CLAUDE, **asked):
    """Converse once; return the answer, or a stream's events."""
    if stream:
        return list(client().converse_stream(modelId=model, messages=ASK, **asked)["stream"])
    return client().converse(modelId=model, messages=ASK, **asked)


def invoke(model, body, stream=False):
    """Invoke a model once; return its body, or the data of its stream."""
    asked = {"modelId": model, "body": json.dumps(body)}
    if stream:
        events = client().invoke_model_with_response_stream(**asked)["body"]
        return [json.loads(each["chunk"]["bytes"]) for each in events]
    return json.loads(client().invoke_model(**asked)["body"].read())


# --- healthy answers -----------------------------------------------------------------------------------------


def test_a_plain_answer():
    """Text, reason, a usage that adds up, and a request id; the model's name is decoded."""
    with inject() as chaos:
        answer = converse()
    assert 15 <= len(answer["output"]["message"]["content"][0]["text"].split()) <= 45
    assert answer["stopReason"] == "end_turn"
    assert answer["usage"]["totalTokens"] == answer["usage"]["inputTokens"] + answer["usage"]["outputTokens"]
    assert len(answer["ResponseMetadata"]["RequestId"]) == 36
    call = chaos.calls[0]
    assert (call.provider, call.operation, call.model, call.stream) == ("bedrock", "chat", CLAUDE, False)


def test_a_stream():
    """Frames in the service's order, the text whole, the usage in the last one."""
    with inject() as chaos:
        chaos.replies("Your order ships\n\ntomorrow.  ")
        events = converse(stream=True)
    kinds = [next(iter(each)) for each in events]
    expected = ["messageStart", *["contentBlockDelta"] * 6, "contentBlockStop", "messageStop", "metadata"]
    assert kinds == expected
    text = "".join(each["contentBlockDelta"]["delta"]["text"] for each in events[1:-3])
    assert text == "Your order ships\n\ntomorrow.  "
    assert events[-2]["messageStop"]["stopReason"] == "end_turn"
    assert events[-1]["metadata"]["usage"]["outputTokens"] == 6
    assert chaos.calls[0].stream
    assert chaos.calls[0].error is None


def test_tool_calls():
    """A tool that must be called gets arguments that fit, plain and in pieces; several can be scripted."""
    with inject():
        (block,) = converse(toolConfig=TOOLS)["output"]["message"]["content"]
    assert block["toolUse"]["name"] == "get_weather"
    assert 1 <= block["toolUse"]["input"]["days"] <= 7
    with inject() as chaos:
        chaos.replies([ToolCall("get_weather", {"city": "Oslo"}), ToolCall("get_weather", {"city": "Rome"})])
        events = converse(stream=True, toolConfig=TOOLS)
    told = ["", ""]
    for each in events:
        if delta := each.get("contentBlockDelta"):
            told[delta["contentBlockIndex"]] += delta["delta"]["toolUse"]["input"]
    assert [json.loads(each) for each in told] == [{"city": "Oslo"}, {"city": "Rome"}]
    assert events[-2]["messageStop"]["stopReason"] == "tool_use"


def test_structured_output():
    """The text satisfies the schema, which comes as a text itself."""
    shape = {"jsonSchema": {"name": "weather", "schema": json.dumps(SCHEMA)}}
    with inject():
        answer = converse(outputConfig={"textFormat": {"type": "json_schema", "structure": shape}})
    assert 1 <= json.loads(answer["output"]["message"]["content"][0]["text"])["days"] <= 7


@pytest.mark.parametrize(
    ("model", "body", "plain", "piece"),
    [
        (
            CLAUDE,
            {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": SAY},
            lambda body: body["content"][0]["text"],
            lambda data: data.get("delta", {}).get("text"),
        ),
        (
            "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/a1b2",
            {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": SAY},
            lambda body: body["content"][0]["text"],
            lambda data: data.get("delta", {}).get("text"),
        ),
        (
            "eu.amazon.nova-lite-v1:0",
            {"messages": ASK},
            lambda body: body["output"]["message"]["content"][0]["text"],
            lambda data: data.get("contentBlockDelta", {}).get("delta", {}).get("text"),
        ),
        (
            "us.meta.llama3-3-70b-instruct-v1:0",
            {"prompt": "Where is my order?", "max_gen_len": 9},
            lambda body: body["generation"],
            lambda data: data["generation"],
        ),
        (
            "cohere.command-r-plus-v1:0",
            {"message": "Where is my order?"},
            lambda body: body["text"],
            lambda data: data.get("text"),
        ),
        (
            "cohere.command-text-v14",
            {"prompt": "Where is my order?"},
            lambda body: body["generations"][0]["text"],
            lambda data: data["text"],
        ),
        (
            "mistral.mistral-7b-instruct-v0:2",
            {"prompt": "Where is my order?"},
            lambda body: body["outputs"][0]["text"],
            lambda data: data["outputs"][0]["text"],
        ),
        (
            "mistral.mistral-large-2407-v1:0",
            {"messages": SAY},
            lambda body: body["choices"][0]["message"]["content"],
            lambda data: (data["choices"] or [{"delta": {}}])[0]["delta"].get("content"),
        ),
    ],
)
def test_each_models_own_body(model, body, plain, piece):
    """Plain and streamed say the same; the stream ends with the service's metrics."""
    with inject() as chaos:
        chaos.replies("It ships tomorrow.")
        whole = invoke(model, body)
        data = invoke(model, body, stream=True)
    assert plain(whole) == "It ships tomorrow."
    assert "".join(piece(each) or "" for each in data) == "It ships tomorrow."
    assert data[-1]["amazon-bedrock-invocationMetrics"]["outputTokenCount"] == 4
    assert [(each.model, each.stream) for each in chaos.calls] == [(model, False), (model, True)]


def test_what_is_not_chat():
    """Embeddings of the asked size, reranking, and tokens as an answer counts them."""
    with inject() as chaos:
        titan = invoke("amazon.titan-embed-text-v2:0", {"inputText": "a", "dimensions": 256})
        embed = invoke("cohere.embed-english-v3", {"texts": ["a", "b"], "input_type": "search_query"})
        ranked = invoke("cohere.rerank-v3-5:0", {"query": "order", "documents": ["dog", "order"], "api_version": 2})
        count = client().count_tokens(modelId=CLAUDE, input={"converse": {"messages": ASK}})["inputTokens"]
        assert count == converse()["usage"]["inputTokens"]
    assert len(titan["embedding"]) == 256
    assert [len(each) for each in embed["embeddings"]] == [1024, 1024]
    assert ranked["results"][0]["index"] == 1
    kinds = [each.operation for each in chaos.calls]
    assert kinds == ["embeddings", "embeddings", "rerank", "models", "chat"]


# --- failures: what boto3 makes of them stands in tests/sdk, but for what depends on the model or the client -----


def test_a_model_that_is_not_loaded():
    """An imported model is not ready; boto3 takes that for retryable."""
    with inject(faults.overloaded()) as chaos, pytest.raises(client().exceptions.ModelNotReadyException):
        converse(model="arn:aws:bedrock:eu-west-1:123456789012:imported-model/a1b2")
    assert len(chaos.calls) == 3


def test_legacy_retries():
    """The older mode makes five attempts."""
    with inject(faults.rate_limit()) as chaos, pytest.raises(ClientError):
        client("legacy").converse(modelId=CLAUDE, messages=ASK)
    assert len(chaos.calls) == 5


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("form", "reason"), [("finish", "content_filtered"), ("refusal", "guardrail_intervened")])
def test_a_refusal_of_a_conversation(form, reason, stream):
    """The service's own filter, or a guardrail: a 200 with words of theirs."""
    with inject(faults.policy_refusal(form=form)) as chaos:
        answer = converse(stream)
    assert (answer[-2]["messageStop"] if stream else answer)["stopReason"] == reason
    assert chaos.calls[0].error == "policy_refusal"


@pytest.mark.parametrize("form", ["finish", "refusal"])
def test_a_refusal_of_an_invocation(form):
    """Claude says so itself, for another model a guardrail does."""
    with inject(faults.policy_refusal(form=form)):
        body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 9, "messages": SAY}
        assert invoke(CLAUDE, body)["stop_reason"] == "refusal"
        llama = invoke("meta.llama3-8b-instruct-v1:0", {"prompt": "hi"})
    assert llama["amazon-bedrock-guardrailAction"] == "INTERVENED"


# --- Anthropic's SDK -----------------------------------------------------------------------------------------


def test_claude_by_anthropics_sdk():
    """It leaves the colon of the model's version as it is, and reads the frames of the stream."""
    asked = {"model": CLAUDE, "max_tokens": 50, "messages": SAY}
    with inject() as chaos:
        chaos.replies("It ships tomorrow.")
        answer = claude().messages.create(**asked)
        with claude().messages.stream(**asked) as stream:
            final = stream.get_final_message()
    assert answer.content[0].text == final.content[0].text == "It ships tomorrow."
    assert final.usage.output_tokens == 4
    assert [(each.model, each.stream) for each in chaos.calls] == [(CLAUDE, False), (CLAUDE, True)]


# --- without an SDK ------------------------------------------------------------------------------------------


def read(data):
    """Return what botocore reads from the bytes: the headers and payload of each frame."""
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    return [(each.headers, json.loads(each.payload)) for each in buffer]


@UNHURRIED
@given(st.text(min_size=1, max_size=60), st.dictionaries(st.text(), st.text()))
def test_frames_are_botocores(kind, payload):
    """Lengths, checksums, headers and payload come back as they were; two frames are two."""
    found = read(event_frame(kind, payload) + exception_frame("throttlingException", {"message": "x"}))
    assert found[0][0] == {":event-type": kind, ":content-type": "application/json", ":message-type": "event"}
    assert found[0][1] == payload
    assert found[1][0][":exception-type"] == "throttlingException"


def test_a_broken_frame_is_noticed():
    """The checksum is a real one."""
    frame = bytearray(event_frame("chunk", {"a": "b"}))
    frame[-6] ^= 1
    with pytest.raises(ChecksumMismatch):
        read(bytes(frame))


RUNTIME = "https://bedrock-runtime.us-east-1.amazonaws.com"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{RUNTIME}/model/anthropic.c-v1%3A0/converse", ("bedrock", "chat", "anthropic.c-v1:0", False)),
        (f"{RUNTIME}/model/anthropic.c-v1:0/converse-stream", ("bedrock", "chat", "anthropic.c-v1:0", True)),
        (f"{RUNTIME}/model/cohere.embed-v4%3A0/invoke", ("bedrock", "embeddings", "cohere.embed-v4:0", False)),
        (
            f"{RUNTIME}/model/arn%3Aaws%3Abedrock%3A%3A1%3Aprompt-router%2Fx/invoke-with-response-stream",
            ("bedrock", "chat", "arn:aws:bedrock::1:prompt-router/x", True),
        ),
        (
            "https://bedrock-runtime-fips.us-gov-west-1.amazonaws.com/model/m/converse",
            ("bedrock", "chat", "m", False),
        ),
        (
            "https://vpce-1-2.bedrock-runtime.eu-west-1.vpce.amazonaws.com/model/m/converse",
            ("bedrock", "chat", "m", False),
        ),
        ("http://localhost:4566/model/m/converse", ("localhost:4566", "chat", "m", False)),
        ("http://localhost:4566/model/m/invoke", None),
        (f"{RUNTIME}/guardrail/g/version/1/apply", None),
        ("https://s3.us-east-1.amazonaws.com/model/m/converse-x", None),
    ],
)
def test_recognised(url, expected):
    """Provider, operation, model and stream, from host and path."""
    call = recognised(post(url, b'{"messages": []}'))
    assert (call and (call.provider, call.operation, call.model, call.stream)) == expected


@pytest.mark.parametrize("path", ["converse", "converse-stream", "invoke", "count-tokens"])
@pytest.mark.parametrize("kind", get_args(ErrorKind))
def test_every_failure_has_a_form(path, kind):
    """Equal draws give equal answers; only chat is refused."""
    call = recognised(post(f"{RUNTIME}/model/{CLAUDE}/{path}", b'{"messages": []}'))
    if kind == "policy_refusal" and path == "count-tokens":
        with pytest.raises(FaultUnfit):
            call.speaks.error(kind, call, Draw("k", WALL))
        return
    first, second = (call.speaks.error(kind, call, Draw("k", WALL)) for _ in range(2))
    assert (first.status, first.headers, list(first.chunks)) == (second.status, second.headers, list(second.chunks))
    assert first.status >= 400
    assert "x-amzn-errortype" in dict(first.headers)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"messages": 3, "toolConfig": [1], "prompt": {}, "input": 4}'])
@pytest.mark.parametrize("path", ["converse", "converse-stream", "invoke", "invoke-with-response-stream"])
@pytest.mark.parametrize("model", [CLAUDE, "meta.llama3-8b", "cohere.embed-v3", "amazon.nova-pro-v1:0", "x"])
def test_odd_bodies_are_answered(model, path, body):
    """At AWS's own host a body that makes no sense is still a call; a stream can be read twice."""
    call = recognised(post(f"{RUNTIME}/model/{model}/{path}", body))
    first, second = (call.speaks.answer(call, Reply(finish="length"), Draw("k", WALL)) for _ in range(2))
    assert list(first.chunks) == list(second.chunks) == list(first.chunks)
