"""Together AI through its own SDK."""

from __future__ import annotations

from functools import cache

from .reach import KEY, MESSAGES, react, sdk

together = sdk("together")
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
