"""Together AI through its own SDK."""

from __future__ import annotations

from functools import cache

import pytest

from pytest_llmchaos import faults

from .reach import KEY, LATE, MESSAGES, WAIT, Row, react, rows, sdk

together = sdk("together")
BACKOFF = (2.25, 3.0)  # 1 s doubled, less a quarter at most
MODEL = "meta-llama/Llama-3.3-70B-Instruct-Turbo"


@cache
def client(**options):
    """Return the SDK's client."""
    return together.Together(api_key=KEY, **options)


def ask(stream=False, **options):
    """Ask for a chat answer."""
    return client(**options).chat.completions.create(model=MODEL, messages=MESSAGES, stream=stream)


def test_healthy():
    """The SDK's default host is known, and its models accept answer, stream and list."""
    outcome = react(ask)
    (call,) = outcome.chaos.calls
    assert (call.provider, call.model) == ("together", MODEL)
    assert outcome.result.choices[0].message.content
    pieces = react(lambda: ask(stream=True)).result
    assert "".join(each.choices[0].delta.content or "" for each in pieces)
    assert pieces[-1].usage.total_tokens > 0
    assert react(lambda: list(client(project_id="p").models.list())).result[0].id == MODEL


@pytest.mark.parametrize("stream", [False, True])
@rows(
    Row(faults.outage(), "together.InternalServerError", "Service Unavailable", 3, BACKOFF),
    Row(faults.overloaded(), "together.InternalServerError", "overloaded", 3, BACKOFF),
    Row(WAIT, "together.RateLimitError", "rate limit", 3, (14, 14)),
    Row(faults.quota_exhausted(), "together.APIStatusError", "Credit limit exceeded", has=(("status_code", 402),)),
    Row(faults.model_retired(), "together.NotFoundError", f"Unable to access model {MODEL}"),
    Row(faults.auth_revoked(), "together.AuthenticationError", "Invalid API key provided"),
    Row(faults.policy_refusal(), "together.UnprocessableEntityError"),
    Row(LATE, "together.APITimeoutError", "Request timed out.", 3, (15 + BACKOFF[0], 15 + BACKOFF[1])),
)
def test_reaction(row, stream):
    """The SDK raises, retries and waits as measured."""
    row.check(lambda: ask(stream, timeout=5), "together")


@rows(
    Row(faults.stream_cut(2), "httpx.RemoteProtocolError", "peer closed connection", pieces=2),
    Row(faults.stream_truncated(2), None, pieces=2),
    Row(faults.stream_error(2), "together.APIError", "Internal server error", pieces=2),
)
def test_broken_stream(row):
    """A cut stream gives the HTTP library's own error, an error within it the SDK's."""
    row.check(lambda: ask(stream=True), "together")
