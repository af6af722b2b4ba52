"""Groq through its own SDK."""

from __future__ import annotations

from functools import cache

from .reach import KEY, MESSAGES, react, sdk

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
