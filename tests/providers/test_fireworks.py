"""Fireworks AI through OpenAI's SDK, as its documentation has it."""

from __future__ import annotations

from functools import cache

import openai

from .reach import KEY, MESSAGES, react

MODEL = "accounts/fireworks/models/llama-v3p3-70b-instruct"


@cache
def client():
    """Return OpenAI's client at Fireworks."""
    return openai.OpenAI(api_key=KEY, base_url="https://api.fireworks.ai/inference/v1")


def ask(stream=False):
    """Ask for a chat answer."""
    return client().chat.completions.create(model=MODEL, messages=MESSAGES, stream=stream)


def test_healthy():
    """Models have slashes in their names; a stream's last chunk holds the usage."""
    outcome = react(lambda: ask(stream=True))
    assert (outcome.chaos.calls[0].provider, outcome.chaos.calls[0].model) == ("fireworks", MODEL)
    assert outcome.result[-1].usage.total_tokens > 0
