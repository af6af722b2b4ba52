"""What passes is read while it passes: content, reasoning, errors and ends, in every dialect, in whatever pieces."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest

from pytest_llmchaos.core.draw import Draw
from pytest_llmchaos.core.errors import FaultUnfit
from pytest_llmchaos.core.replies import Reply
from pytest_llmchaos.journal.answers import read_answer
from pytest_llmchaos.providers._bedrock_frames import event_frame
from pytest_llmchaos.run.answer_reader import Reading, Says

from ..faults.vendors import CHATS, call_to, chat

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
    """The provider's whole answer."""
    call = streamed(name)
    return call.speaks.answer(call, Reply(text=text), Draw("read", WALL))


@pytest.mark.parametrize("name", STREAMS)
def test_a_good_stream_has_content_and_an_end(name):
    """Whatever pieces it comes in; without its last third it has none."""
    made = answer(name)
    body = list(made.chunks)
    for size in (None, 1, 7, 100_000):
        reading = Reading(dict(made.headers), stream=True)
        data = b"".join(body)
        pieces = body if size is None else [data[at : at + size] for at in range(0, len(data), size)]
        says = Says.NOTHING
        for piece in pieces:
            says |= reading.feed(piece)
        says |= reading.finish()
        assert says & Says.CONTENT
        assert not reading.error
        assert reading.done
        assert not reading.unfinished
    reading = Reading(dict(made.headers), stream=True)
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
    reading = Reading(dict(made.headers), stream=True)
    for piece in list(made.chunks)[:2]:
        reading.feed(piece)
    assert not reading.error
    assert (reading.feed(told) | reading.finish()) & Says.ERROR
    assert reading.error


THOUGHTS = {
    "reasoning_content": [b'data: {"choices":[{"index":0,"delta":{"reasoning_content":"hm"}}]}\n\n'],
    "reasoning": [b'data: {"choices":[{"index":0,"delta":{"content":"","reasoning":"hm"}}]}\n\n'],
    "reasoning_details": [
        b'data: {"choices":[{"index":0,"delta":{"reasoning_details":[{"type":"reasoning.text","text":"hm"}]}}]}\n\n'
    ],
    "anthropic": [
        b'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":'
        b'{"type":"thinking","thinking":""}}\n\n',
        b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":'
        b'{"type":"thinking_delta","thinking":"hm"}}\n\n',
    ],
    "gemini": [b'data: {"candidates":[{"content":{"role":"model","parts":[{"text":"hm","thought":true}]}}]}\n\n'],
    "responses": [
        b"event: response.reasoning_summary_text.delta\n"
        b'data: {"type":"response.reasoning_summary_text.delta","item_id":"r","output_index":0,"delta":"hm"}\n\n'
    ],
    "mistral": [
        b'data: {"choices":[{"index":0,"delta":{"content":[{"type":"thinking","thinking":'
        b'[{"type":"text","text":"hm"}]}]}}]}\n\n'
    ],
    "cohere": [b'data: {"type":"content-delta","index":0,"delta":{"message":{"content":{"thinking":"hm"}}}}\n\n'],
    "ollama": [b'{"model":"m","message":{"role":"assistant","content":"","thinking":"hm"},"done":false}\n'],
    "ollama generate": [b'{"model":"m","response":"","thinking":"hm","done":false}\n'],
    "converse": [
        event_frame(
            "contentBlockDelta",
            {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "hm"}}, "p": "abc"},
        )
    ],
}


@pytest.mark.parametrize("name", THOUGHTS)
def test_reasoning_is_no_content(name):
    """Under every name that providers have for it; and it is no text of the answer."""
    kind = "application/vnd.amazon.eventstream" if name == "converse" else "text/event-stream"
    kind = "application/x-ndjson" if name.startswith("ollama") else kind
    reading, says = Reading({"content-type": kind}, stream=True), Says.NOTHING
    for piece in THOUGHTS[name]:
        says |= reading.feed(piece)
    assert says == Says.SIGN | Says.THOUGHT
    answer = read_answer(THOUGHTS[name])
    assert (answer.text, answer.thought) == ("", "hm")


@pytest.mark.parametrize(
    ("event", "says"),
    [
        (b": keep-alive\n\n", Says.NOTHING),
        (b'event: ping\ndata: {"type": "ping"}\n\n', Says.NOTHING),
        (b'data: {"choices":[{"index":0,"delta":{"role":"assistant"}}]}\n\n', Says.SIGN),
        (b'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n', Says.SIGN),
        (b'data: {"choices":[{"index":0,"delta":{"content":""}}]}\n\n', Says.SIGN),
        (b'data: {"choices":[],"usage":{"prompt_tokens":3}}\n\n', Says.SIGN),
        (b'data: {"choices":[{"index":0,"text":""}]}\n\n', Says.SIGN),
        (b'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n', Says.SIGN | Says.CONTENT),
        (b'data: {"choices":[{"index":0,"delta":{"refusal":"No."}}]}\n\n', Says.SIGN | Says.CONTENT),
        (
            b'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"name":"f"}}]}}]}\n\n',
            Says.SIGN | Says.CONTENT,
        ),
        (b'data: {"type":"speech.audio.delta","audio":"AAAA"}\n\n', Says.SIGN | Says.CONTENT),
        (b"data: plain words\n\n", Says.CONTENT),
        (b"data: [DONE]\n\n", Says.SIGN),
    ],
)
def test_what_counts_as_content(event, says):
    """A role, an empty text and what keeps the connection alive are none; what nobody can read is content."""
    assert Reading({"content-type": "text/event-stream"}, stream=True).feed(event) == says


@pytest.mark.parametrize(
    "event",
    [
        b'data: {"error": {"message": "No."}}\n\n',
        b'event: error\ndata: {"message": "No."}\n\n',
        b"event: error\ndata: It failed.\n\n",
        b'data: {"object":"error","message":"No.","code":500}\n\n',
        b'error: {"code":500,"message":"No."}\n\n',
        b'{\n  "error": {\n    "code": 503\n  }\n}\n\n',
        b'data: {"type":"error","code":"server_error","message":"No."}\n\n',
        b'data: {"type":"response.failed","response":{"status":"failed","error":{"code":"server_error"}}}\n\n',
        b'data: {"type":"message-end","delta":{"finish_reason":"ERROR","error":"No."}}\n\n',
        b'data: {"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}\n\n',
        b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"abort"}]}\n\n',
    ],
)
def test_the_forms_of_an_error(event):
    """Servers tell it in many ways."""
    assert Reading({"content-type": "text/event-stream"}, stream=True).feed(event) & Says.ERROR


def test_an_error_that_the_model_speaks_of_is_none():
    """Only the provider's own word counts, and a null is none."""
    reading = Reading({"content-type": "text/event-stream"}, stream=True)
    told = json.dumps({"choices": [{"index": 0, "delta": {"content": '{"error": "x"}'}}], "error": None})
    assert not reading.feed(f"data: {told}\n\n".encode()) & Says.ERROR


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("unknown", bytes)],
)
def test_a_compressed_stream_is_read_too(encoding, pack):
    """As the client's library unpacks it; one that nobody can unpack here is left alone."""
    body = b'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\ndata: {"error": {"code": 500}}\n\n'
    head = (("content-type", "text/event-stream"), ("content-encoding", encoding))
    reading = Reading(dict(head), stream=True)
    packed = pack(body)
    for at in range(0, len(packed), 9):
        reading.feed(reading.unpacked(packed[at : at + 9]))
    assert reading.error is (encoding != "unknown")
    assert not reading.unfinished or encoding != "unknown"


@pytest.mark.parametrize("name", STREAMS)
def test_what_is_read_while_it_passes_is_what_is_read_at_the_end(name):
    """Usage, model, and why it stopped: all but the words."""
    made = answer(name)
    reading = Reading({key.lower(): value for key, value in made.headers}, stream=True)
    for piece in made.chunks:
        reading.feed(piece)
    reading.finish()
    whole = read_answer(made.chunks)
    facts = reading.facts
    assert facts is not None
    for told in ("finish", "model", "prompt_tokens", "completion_tokens", "error", "told", "done", "dimensions"):
        assert getattr(facts, told) == getattr(whole, told), told
