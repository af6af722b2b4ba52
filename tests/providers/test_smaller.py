"""Smaller parts of the providers' APIs: arrays for streams, the control plane of Bedrock, reranking."""

from __future__ import annotations

import json

import httpx
import pytest

from pytest_llmchaos import faults, inject

from .reach import KEY, react, sdk
from .sdk import post, recognised

GEMINI = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:streamGenerateContent"
ASK = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}


def test_gemini_streams_an_array():
    """Without `alt=sse` the stream is one JSON array; joined, its texts are the scripted one."""
    with inject() as chaos:
        chaos.replies("one two three four five six seven eight nine ten")
        with httpx.stream("POST", GEMINI, json=ASK) as answer:
            parts = list(answer.iter_raw())
        events = httpx.post(f"{GEMINI}?alt=sse", json=ASK)
    assert answer.headers["content-type"].startswith("application/json")
    assert len(parts) > 2
    told = json.loads(b"".join(parts))
    texts = [part["text"] for each in told for part in each["candidates"][0]["content"]["parts"]]
    assert "".join(texts) == "one two three four five six seven eight nine ten"
    assert told[-1]["candidates"][0]["finishReason"] == "STOP"
    assert events.headers["content-type"] == "text/event-stream"
    assert [call.stream for call in chaos.calls] == [True, True]


@pytest.mark.parametrize("fault", [faults.outage(), faults.rate_limit(), faults.model_retired()], ids=str)
def test_gemini_fails_in_an_array(fault):
    """The error of such a stream is the array's only element."""
    with inject(fault):
        answer = httpx.post(GEMINI, json=ASK)
    (told,) = answer.json()
    assert told["error"]["code"] == answer.status_code


def test_gemini_breaks_off_an_array():
    """An error within is the last element; a truncated one is no JSON."""
    with inject(faults.stream_error(1)):
        told = httpx.post(GEMINI, json=ASK).json()
    assert told[-1]["error"]["status"] == "UNAVAILABLE"
    with inject(faults.stream_truncated(1)), pytest.raises(json.JSONDecodeError):
        httpx.post(GEMINI, json=ASK).json()


def control():
    """Return boto3's client of the control plane."""
    boto3, config = sdk("boto3"), sdk("botocore.config")
    keys = {"aws_access_key_id": "AKIACANARY0123456789", "aws_secret_access_key": KEY}
    options = config.Config(retries={"max_attempts": 1, "mode": "standard"})
    return boto3.client("bedrock", region_name="us-west-2", config=options, **keys)


def test_bedrock_lists_models():
    """Each model tells where it stands in its life, and when that ends."""
    client = control()
    outcome = react(client.list_foundation_models)
    (call,) = outcome.chaos.calls
    assert (call.provider, call.operation, call.model) == ("bedrock", "models", None)
    lives = [each["modelLifecycle"] for each in outcome.result["modelSummaries"]]
    assert {each["status"] for each in lives} == {"ACTIVE", "LEGACY"}
    assert [each["endOfLifeTime"].year for each in lives if each["status"] == "LEGACY"] == [2025]


def test_bedrock_describes_a_model():
    """Any model is there, until a scenario says that it is gone."""
    client = control()

    def ask():
        return client.get_foundation_model(modelIdentifier="meta.llama3-1-8b-instruct-v1:0")["modelDetails"]

    outcome = react(ask)
    assert outcome.chaos.calls[0].model == "meta.llama3-1-8b-instruct-v1:0"
    assert outcome.result["modelArn"].startswith("arn:aws:bedrock:us-west-2::")
    assert type(react(ask, faults.model_retired()).error) is client.exceptions.ResourceNotFoundException
    assert type(react(ask, faults.rate_limit()).error) is client.exceptions.ThrottlingException


def test_the_rest_of_the_control_plane_is_left_alone():
    """What is about no model is not ours."""
    assert recognised(post("https://bedrock.us-west-2.amazonaws.com/guardrails", b"{}")) is None


def test_together_reranks():
    """Together's SDK gets the documents, best first."""
    client = sdk("together").Together(api_key=KEY)
    outcome = react(
        lambda: client.rerank.create(
            model="Salesforce/Llama-Rank-V1", query="black cat", documents=["a dog", "a black cat"], top_n=1
        )
    )
    assert [(call.provider, call.operation) for call in outcome.chaos.calls] == [("together", "rerank")]
    (best,) = outcome.result.results
    assert (best.index, best.document.text) == (1, "a black cat")


def test_a_server_of_ones_own_reranks():
    """At a host that nobody named, a request with model, query and documents is one to rerank."""
    body = {"model": "bge-reranker", "query": "cat", "documents": ["a", "b"]}
    call = recognised(post("http://gpu.example:8000/v1/rerank", json.dumps(body).encode()))
    assert (call.provider, call.operation) == ("gpu.example:8000", "rerank")
    assert recognised(post("http://gpu.example:8000/v1/rerank", b'{"query": "cat"}')) is None
