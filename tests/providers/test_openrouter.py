"""OpenRouter through its own SDK, which retries for an hour, and through OpenAI's."""

from __future__ import annotations

from functools import cache

import openai
import pytest

from pytest_llmchaos import faults

from .reach import KEY, LATE, MESSAGES, WAIT, Row, react, rows, sdk

openrouter = sdk("openrouter")
ERRORS = "openrouter.errors."
MODEL = "meta-llama/llama-3.3-70b-instruct:free"


@cache
def client(**options):
    """Return the SDK's client."""
    return openrouter.OpenRouter(api_key=KEY, **options)


@cache
def compatible():
    """Return OpenAI's client on OpenRouter."""
    return openai.OpenAI(api_key=KEY, base_url="https://openrouter.ai/api/v1", max_retries=0)


def ask(stream=False, **options):
    """Ask for a chat answer."""
    return client(**options).chat.send(model=MODEL, messages=MESSAGES, stream=stream)


def test_healthy():
    """The SDK's strict models accept the answer."""
    outcome = react(ask)
    (call,) = outcome.chaos.calls
    assert (call.provider, call.model) == ("openrouter", MODEL)
    assert outcome.result.choices[0].message.content
    assert outcome.result.id.startswith("gen-")


def test_healthy_stream():
    """Comments keep the connection alive before the first chunk, and clients see none of them."""
    pieces = react(lambda: ask(stream=True)).result
    assert "".join(each.choices[0].delta.content or "" for each in pieces)
    assert pieces[-1].usage.total_tokens > 0
    raw = react(
        lambda: compatible().chat.completions.with_raw_response.create(model=MODEL, messages=MESSAGES, stream=True)
    ).result
    assert raw.http_response.read().startswith(b": OPENROUTER PROCESSING\n\n")


@pytest.mark.parametrize("stream", [False, True])
@rows(
    Row(WAIT, ERRORS + "TooManyRequestsResponseError", "Rate limit exceeded: free-models-per-min."),
    Row(faults.quota_exhausted(), ERRORS + "PaymentRequiredResponseError", "Insufficient credits."),
    Row(faults.model_retired(), ERRORS + "NotFoundResponseError", f"No endpoints found for {MODEL}."),
    Row(faults.auth_revoked(), ERRORS + "UnauthorizedResponseError", "User not found."),
    Row(faults.policy_refusal(), ERRORS + "ForbiddenResponseError", "flagged"),
)
def test_reaction(row, stream):
    """What is no server error is tried once."""
    row.check(lambda: ask(stream), "openrouter")


@rows(
    Row(faults.outage(), ERRORS + "ServiceUnavailableResponseError", "No available model provider"),
    Row(faults.outage(502), ERRORS + "BadGatewayResponseError", "Provider returned error"),
)
def test_an_outage_is_retried_for_an_hour(row):
    """Its SDK gives up when 3600 s have passed: some seventy requests, in no time."""
    outcome = react(ask, row.fault)
    assert type(outcome.error).__name__ == row.raises.rpartition(".")[2]
    assert row.says in str(outcome.error)
    assert 60 < len(outcome.chaos.calls) < 90
    assert 3600 < outcome.chaos.now < 3700
    assert outcome.took < 20


@rows(
    Row(faults.stream_cut(2), "httpx.RemoteProtocolError", "peer closed connection", pieces=2),
    Row(faults.stream_truncated(2), None, pieces=2),
    Row(faults.stream_error(2), None, pieces=3),
)
def test_broken_stream(row):
    """An error within a stream is a chunk like any other to its SDK: nothing is raised."""
    outcome = row.check(lambda: ask(stream=True), "openrouter")
    if row.fault.fault.name == "stream_error":
        last = outcome.result[-1]
        assert (last.choices[0].finish_reason, last.error.code) == ("error", 502)


def test_an_error_after_200():
    """The provider behind gives out after the router has answered: apps that look at the status alone see nothing."""
    chat = compatible().chat.completions
    outcome = react(lambda: chat.create(model=MODEL, messages=MESSAGES), faults.overloaded())
    (call,) = outcome.chaos.calls
    assert (call.status, call.error) == (200, "overloaded")
    assert outcome.result.choices is None
    assert outcome.result.error["code"] == 502
    broken = react(lambda: chat.create(model=MODEL, messages=MESSAGES, stream=True), faults.overloaded())
    assert type(broken.error) is openai.APIError
    assert "Provider returned error" in str(broken.error)


def test_slow():
    """The client's own limit rules."""
    outcome = react(
        lambda: compatible().with_options(timeout=5).chat.completions.create(model=MODEL, messages=[]), LATE
    )
    assert type(outcome.error) is openai.APITimeoutError
    assert 5 <= outcome.chaos.now < 6
