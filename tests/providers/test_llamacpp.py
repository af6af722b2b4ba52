"""llama.cpp's server on a host of one's own, through OpenAI's SDK."""

from __future__ import annotations

from functools import cache

import openai
import pytest

from .reach import MESSAGES, react

OWN = {"laptop": {"hosts": ["127.0.0.1:8080"], "dialect": "llamacpp"}}


@cache
def client():
    """Return OpenAI's client at the server."""
    return openai.OpenAI(api_key="none", base_url="http://127.0.0.1:8080/v1")


def ask(stream=False):
    """Ask for a chat answer."""
    return client().chat.completions.create(model="qwen3", messages=MESSAGES, stream=stream)


@pytest.mark.parametrize("stream", [False, True])
def test_healthy(stream):
    """It answers under the name that the user gave it."""
    outcome = react(lambda: ask(stream), own=OWN)
    assert (outcome.error, outcome.chaos.calls[0].provider) == (None, "laptop")
