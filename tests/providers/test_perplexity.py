"""Perplexity through OpenAI's SDK."""

from __future__ import annotations

from functools import cache

import openai

from pytest_llmchaos import faults

from .reach import KEY, MESSAGES, react


@cache
def client():
    """Return OpenAI's client at Perplexity."""
    return openai.OpenAI(api_key=KEY, base_url="https://api.perplexity.ai")


def ask(stream=False):
    """Ask for a chat answer."""
    return client().chat.completions.create(model="sonar", messages=MESSAGES, stream=stream)


def test_healthy():
    """Answers and chunks tell what the search found."""
    assert react(ask).result.citations == []
    assert react(lambda: ask(stream=True)).result[-1].search_results == []


def test_a_bad_key_gets_a_page():
    """The server in front answers, in HTML."""
    error = react(ask, faults.auth_revoked()).error
    assert type(error) is openai.AuthenticationError
    assert error.response.headers["content-type"] == "text/html"
    assert "401 Authorization Required" in error.response.text
