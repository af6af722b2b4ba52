"""Groq through its own SDK."""

from __future__ import annotations

from functools import cache

import pytest

from pytest_llmchaos import faults

from .reach import BACKOFF, KEY, LATE, MESSAGES, WAIT, Row, react, rows, sdk

groq = sdk("groq")


@cache
def client(**options):
    """Return the SDK's client."""
    return groq.Groq(api_key=KEY, **options)


def ask(stream=False, **options):
    """Ask for a chat answer."""
    return client(**options).chat.completions.create(model="mixtral-8x7b-32768", messages=MESSAGES, stream=stream)


def test_healthy():
    """The answer has Groq's id, its times and its tier."""
    outcome = react(ask)
    (call,) = outcome.chaos.calls
    assert (call.provider, call.model) == ("groq", "mixtral-8x7b-32768")
    assert outcome.result.choices[0].message.content
    assert outcome.result.service_tier == "on_demand"
    assert outcome.result.x_groq.id.startswith("req_")
    assert outcome.result.usage.total_time > 0


def test_healthy_stream():
    """The first chunk names the request, the last tells the usage twice."""
    pieces = react(lambda: ask(stream=True)).result
    assert "".join(each.choices[0].delta.content or "" for each in pieces)
    assert pieces[0].x_groq.id == pieces[-1].x_groq.id
    assert pieces[-1].x_groq.usage.total_tokens == pieces[-1].usage.total_tokens > 0


@pytest.mark.parametrize("stream", [False, True])
@rows(
    Row(faults.outage(), "groq.InternalServerError", "service_unavailable", 3, BACKOFF),
    Row(faults.outage(500), "groq.InternalServerError", "Internal Server Error", 3, BACKOFF),
    Row(faults.overloaded(), "groq.APIStatusError", "Flex tier capacity exceeded", has=(("status_code", 498),)),
    Row(WAIT, "groq.RateLimitError", "Rate limit reached for model `mixtral-8x7b-32768`", 3, (14, 14)),
    Row(faults.rate_limit(retry_after="61s"), "groq.RateLimitError", "", 3, BACKOFF),
    Row(faults.quota_exhausted(), "groq.BadRequestError", "Organization has been restricted"),
    Row(faults.model_retired(), "groq.BadRequestError", "`mixtral-8x7b-32768` has been decommissioned"),
    Row(faults.auth_revoked(), "groq.AuthenticationError", "Invalid API Key"),
    Row(faults.policy_refusal(), "groq.BadRequestError"),
    Row(LATE, "groq.APITimeoutError", "Request timed out.", 3, (15 + BACKOFF[0], 15 + BACKOFF[1])),
)
def test_reaction(row, stream):
    """The SDK raises, retries and waits as measured; a wait of more than a minute is not honoured."""
    row.check(lambda: ask(stream, timeout=5), "groq")


@rows(
    Row(faults.stream_cut(2), "httpx.RemoteProtocolError", "peer closed connection", pieces=2),
    Row(faults.stream_truncated(2), None, pieces=2),
    Row(faults.stream_error(2), "groq.APIError", "Internal Server Error", pieces=2),
)
def test_broken_stream(row):
    """A cut stream gives the HTTP library's own error, an error within it the SDK's."""
    row.check(lambda: ask(stream=True), "groq")
