"""OpenRouter through its own SDK, which retries for an hour, and through OpenAI's."""

from __future__ import annotations

from functools import cache

import openai

from pytest_llmchaos import faults

from .reach import KEY, LATE, MESSAGES, react, sdk

openrouter = sdk("openrouter")
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
