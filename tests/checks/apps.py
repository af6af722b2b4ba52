"""Small real apps, each with a bug that can be switched on, for the tests of checks."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import openai
import pytest

from pytest_llmchaos import checks, inject
from pytest_llmchaos.checks import always_on

from ..models import CLAUDE

MODEL = "gpt-5"
LONG = "Your order left our warehouse this morning and will be with you on Friday."


def under(*what: Any) -> inject:
    """Run a block under chaos, judged by nothing but the check that the test names."""
    return inject(*what, suppress=dict.fromkeys(always_on.names(), "the app has its bug on purpose"))


def verdict(chaos, name: str, *args, **given):
    """Return the verdict of a check on what happened so far."""
    return checks.find(name).build(args, given).judge(chaos.journal)


def gpt(retries: int = 0, **more: Any) -> openai.OpenAI:
    """Return OpenAI's client; the SDK's own retries are off unless told."""
    return openai.OpenAI(api_key="test-key", max_retries=retries, **more)


def async_gpt(retries: int = 0, **more: Any) -> openai.AsyncOpenAI:
    """Return OpenAI's async client."""
    return openai.AsyncOpenAI(api_key="test-key", max_retries=retries, **more)


def claude(retries: int = 0) -> Any:
    """Return Anthropic's client; the test is skipped where the SDK is not at hand."""
    return pytest.importorskip("anthropic").Anthropic(api_key="test-key", max_retries=retries)


def said(text: str = "Where is my order?") -> list[dict[str, str]]:
    """Return a conversation of one message."""
    return [{"role": "user", "content": text}]


def ask(client: openai.OpenAI, text: str = "Where is my order?", **more: Any) -> str:
    """Ask OpenAI."""
    answer = client.chat.completions.create(model=MODEL, messages=said(text), **more)
    return answer.choices[0].message.content or ""


def ask_claude(client: Any, text: str = "Where is my order?", **more: Any) -> str:
    """Ask Anthropic."""
    answer = client.messages.create(**{"model": CLAUDE, "max_tokens": 200, "messages": said(text), **more})
    return "".join(block.text for block in answer.content if block.type == "text")


def stream(client: openai.OpenAI, kept: list[str], strict: bool = True) -> str:
    """Read a stream into `kept`; the strict build wants to see it end."""
    finish = None
    for event in client.chat.completions.create(model=MODEL, messages=said(), stream=True):
        for choice in event.choices:
            kept.append(choice.delta.content or "")
            finish = choice.finish_reason or finish
    if strict and finish != "stop":
        raise ConnectionError("the stream ended early, or the answer at its limit")
    return "".join(kept)


def first_of(*ways: Callable[[], str]) -> str:
    """Try one way after the other: a fallback."""
    for way in ways[:-1]:
        try:
            return way()
        except openai.OpenAIError:
            continue
    return ways[-1]()


@dataclass(frozen=True)
class Reply:
    """What a customer gets."""

    text: str
    degraded: bool = False
    source: str = ""


class Tools:
    """Tools of the app, in both dialects."""

    SCHEMA = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}
    OPENAI = [{"type": "function", "function": {"name": "find_order", "parameters": SCHEMA}}]
    ANTHROPIC = [{"name": "find_order", "input_schema": SCHEMA}]


def dump(value: Any) -> str:
    """Write JSON as an app does."""
    return json.dumps(value)
