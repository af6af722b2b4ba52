"""What passes is read while it passes: content, reasoning, errors and ends, in every dialect, in whatever pieces."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest

from pytest_llmchaos.draw import Draw
from pytest_llmchaos.errors import FaultUnfit
from pytest_llmchaos.reading import Reading, Says
from pytest_llmchaos.replies import Reply

from .faults.vendors import CHATS, call_to, chat

WALL = 1_800_000_000.0
STREAMS = [
    *CHATS,
    "gemini array",
    "bedrock cohere",
    "bedrock mistral",
    "watsonx",
    "replicate",
    "tgi",
]


def streamed(name):
    """A streamed call to that provider."""
    bedrock = "https://bedrock-runtime.us-east-1.amazonaws.com/model/{}/invoke-with-response-stream"
    said = [{"role": "user", "content": "Where?"}]
    if name == "gemini array":
        url = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:streamGenerateContent"
        return call_to(url, {"contents": [{"role": "user", "parts": [{"text": "Where?"}]}]})
    if name == "bedrock cohere":
        return call_to(bedrock.format("cohere.command-r-v1%3A0"), {"message": "x"})
    if name == "bedrock mistral":
        return call_to(bedrock.format("mistral.mistral-large-2402-v1%3A0"), {"prompt": "x"})
    if name == "watsonx":
        url = "https://us-south.ml.cloud.ibm.com/ml/v1/text/{}?version=2024-05-31"
        return call_to(url.format("generation_stream"), {"model_id": "ibm/granite", "project_id": "p", "input": "x"})
    if name == "tgi":
        url = "https://router.huggingface.co/hf-inference/models/meta/llama"
        return call_to(url, {"inputs": "x", "stream": True})
    if name == "replicate":
        made = call_to("https://api.replicate.com/v1/models/meta/llama-3/predictions", {"input": {"prompt": "x"}})
        plain = made.speaks.answer(made, Reply(text="one two three"), Draw("x", WALL))
        told = json.loads(b"".join(plain.chunks))
        return call_to(told["urls"]["stream"])
    return chat(name, stream=True, messages=said) if name in ("openai",) else chat(name, stream=True)


def answer(name, text="one two three four " * 20):
    call = streamed(name)
    return call.speaks.answer(call, Reply(text=text), Draw("read", WALL))


@pytest.mark.parametrize("name", STREAMS)
def test_a_good_stream_has_content_and_an_end(name):
    """Whatever pieces it comes in; without its last third it has none."""
    made = answer(name)
    body = list(made.chunks)
    for size in (None, 1, 7, 100_000):
        reading = Reading(made.headers, stream=True)
        data = b"".join(body)
        pieces = body if size is None else [data[at : at + size] for at in range(0, len(data), size)]
        says = Says.NOTHING
        for piece in pieces:
            says |= reading.feed(piece)
        says |= reading.finish()
        assert Says.CONTENT in says
        assert not reading.error
        assert reading.done
        assert not reading.unfinished
    reading = Reading(made.headers, stream=True)
    for piece in body[: len(body) // 2]:
        reading.feed(piece)
    reading.finish()
    assert reading.unfinished


@pytest.mark.parametrize("name", STREAMS)
def test_an_error_within_a_stream_is_heard(name):
    """In the provider's own words."""
    call = streamed(name)
    try:
        told = call.speaks.stream_error(call, Draw("read", WALL))
    except FaultUnfit as unfit:
        pytest.skip(str(unfit))
    made = answer(name)
    reading = Reading(made.headers, stream=True)
    for piece in list(made.chunks)[:2]:
        reading.feed(piece)
    assert not reading.error
    assert Says.ERROR in reading.feed(told) | reading.finish()
    assert reading.error
