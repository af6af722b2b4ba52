"""DeepSeek through OpenAI's SDK, as its documentation has it."""

from __future__ import annotations

from functools import cache

import openai
import pytest

from .reach import KEY, MESSAGES, react


@cache
def client(base="https://api.deepseek.com", **options):
    """Return OpenAI's client at DeepSeek."""
    return openai.OpenAI(api_key=KEY, base_url=base, **options)


def ask(stream=False, **options):
    """Ask for a chat answer."""
    return client(**options).chat.completions.create(model="deepseek-chat", messages=MESSAGES, stream=stream)


def test_healthy():
    """Usage tells what the prompt's cache had; comments keep a stream alive and are seen by nobody."""
    usage = react(ask).result.usage
    assert usage.prompt_cache_hit_tokens + usage.prompt_cache_miss_tokens == usage.prompt_tokens
    assert "".join(each.choices[0].delta.content or "" for each in react(lambda: ask(stream=True)).result)


@pytest.mark.parametrize("base", ["https://api.deepseek.com/v1", "https://api.deepseek.com/beta"])
def test_paths(base):
    """With a version or without, it is the same API."""
    assert react(lambda: ask(base=base)).chaos.calls[0].provider == "deepseek"
