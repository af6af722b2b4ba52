"""vLLM's server on a host of one's own, through OpenAI's SDK."""

from __future__ import annotations

import json
from functools import cache

import openai
import pytest

from pytest_llmchaos import faults
from pytest_llmchaos.core.draw import Draw
from pytest_llmchaos.providers import Providers

from .reach import MESSAGES, react
from .sdk import post, recognised

OWN = {"our-gpu": {"hosts": ["gpu-2:8000"], "dialect": "vllm"}}


@cache
def client():
    """Return OpenAI's client at the server."""
    return openai.OpenAI(api_key="none", base_url="http://gpu-2:8000/v1")


def ask(stream=False):
    """Ask for a chat answer."""
    return client().chat.completions.create(model="Qwen/Qwen3-8B", messages=MESSAGES, stream=stream)


@pytest.mark.parametrize("stream", [False, True])
def test_healthy(stream):
    """It answers under the name that the user gave it."""
    outcome = react(lambda: ask(stream), own=OWN)
    assert (outcome.error, outcome.chaos.calls[0].provider) == (None, "our-gpu")


def test_an_error_within_a_stream_ends_in_good_order():
    """After it comes the terminator all the same."""
    call = recognised(post("http://gpu-2:8000/v1/chat/completions", b"{}"), Providers(OWN))
    assert call.speaks.stream_error(call, Draw("k", 0)).endswith(b"}\n\ndata: [DONE]\n\n")
    error = react(lambda: ask(stream=True), faults.stream_error(), own=OWN).error
    assert (type(error), error.code) == (openai.APIError, "500")


def test_the_last_word_carries_the_finish_reason():
    """An app that leaves at a finish reason before it reads the text loses the last word here."""
    for path, asks in (("chat/completions", {"messages": MESSAGES}), ("completions", {"prompt": "Where?"})):
        request = post(f"http://gpu-2:8000/v1/{path}", json.dumps({"model": "m", "stream": True, **asks}).encode())
        call = recognised(request, Providers(OWN))
        body = b"".join(call.speaks.answer(call, None, Draw("vllm", 0.0)).chunks).decode()
        events = [json.loads(line[6:]) for line in body.splitlines() if line.startswith("data: {")]
        last = events[-1]["choices"][0]
        assert last["finish_reason"] == "stop"
        assert last.get("text") or last["delta"]["content"]
        assert [each["choices"][0]["finish_reason"] for each in events[:-1]] == [None] * (len(events) - 1)
