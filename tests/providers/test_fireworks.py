"""Fireworks AI through OpenAI's SDK, as its documentation has it."""

from __future__ import annotations

from functools import cache

import openai

from pytest_llmchaos import faults

from .reach import BACKOFF, KEY, MESSAGES, WAIT, Row, react, rows

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


@rows(
    Row(faults.outage(), "openai.InternalServerError", "503", 3, BACKOFF),
    Row(faults.overloaded(), "openai.InternalServerError", "overloaded", 3, BACKOFF),
    Row(WAIT, "openai.RateLimitError", "Rate limit exceeded", 3, (14, 14)),
    Row(faults.quota_exhausted(), "openai.APIStatusError", "suspended", has=(("status_code", 412),)),
    Row(faults.model_retired(), "openai.NotFoundError", "Model not found, inaccessible, and/or not deployed"),
    Row(faults.auth_revoked(), "openai.AuthenticationError", "API key", has=(("code", "UNAUTHORIZED"),)),
    Row(faults.policy_refusal(), "openai.BadRequestError"),
)
def test_reaction(row):
    """Fireworks' words in OpenAI's exceptions."""
    row.check(ask, "fireworks")
