"""xAI over HTTP, through OpenAI's SDK."""

from __future__ import annotations

from functools import cache

import openai
import pytest

from pytest_llmchaos import faults

from .reach import BACKOFF, KEY, MESSAGES, WAIT, Row, react, rows


@cache
def client():
    """Return OpenAI's client at xAI."""
    return openai.OpenAI(api_key=KEY, base_url="https://api.x.ai/v1")


def ask(stream=False):
    """Ask for a chat answer."""
    return client().chat.completions.create(model="grok-4", messages=MESSAGES, stream=stream)


@pytest.mark.parametrize("stream", [False, True])
@rows(
    Row(faults.outage(), "openai.InternalServerError", "503", 3, BACKOFF),
    Row(WAIT, "openai.RateLimitError", "429", 3, (14, 14)),
    Row(faults.quota_exhausted(), "openai.PermissionDeniedError", "403"),
    Row(faults.model_retired(), "openai.NotFoundError", "404"),
    Row(faults.auth_revoked(), "openai.BadRequestError", "Error code: 400"),
    Row(faults.policy_refusal(), "openai.PermissionDeniedError", "403"),
)
def test_reaction(row, stream):
    """Errors are flat, so the SDK's exceptions hold no message; a bad key is a 400."""
    error = row.check(lambda: ask(stream), "xai").error
    assert (error.code, error.type) == (None, None)
    assert str(error) == f"Error code: {error.status_code}"


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
