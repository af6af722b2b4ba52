"""xAI over HTTP, through OpenAI's SDK."""

from __future__ import annotations

from functools import cache

import openai

from pytest_llmchaos import faults

from .reach import KEY, MESSAGES, react


@cache
def client():
    """Return OpenAI's client at xAI."""
    return openai.OpenAI(api_key=KEY, base_url="https://api.x.ai/v1")


def ask(stream=False):
    """Ask for a chat answer."""
    return client().chat.completions.create(model="grok-4", messages=MESSAGES, stream=stream)


def test_the_words_are_in_the_body():
    """Apps find them in the response alone."""
    body = react(ask, faults.auth_revoked()).error.response.json()
    assert body["error"].startswith("Incorrect API key provided: xai-***.")
    assert body["code"] == "Client specified an invalid argument"


def test_an_error_within_a_stream_has_words():
    """There the error is an object."""
    error = react(lambda: ask(stream=True), faults.stream_error()).error
    assert type(error) is openai.APIError
    assert "at capacity due to high demand" in str(error)
