"""How the apps of the zoo reach their providers: the real SDKs, whose own retries are off unless told."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import anthropic
import openai

from ..models import CLAUDE

GPT = "gpt-5"
Messages = Any  # each SDK has its own types for what is the same JSON


@cache
def gpt(retries: int = 0, timeout: float = 600, base_url: str | None = None) -> openai.OpenAI:
    """Return OpenAI's client; `base_url` is that of another provider which speaks the same."""
    return openai.OpenAI(api_key="zoo-key", max_retries=retries, timeout=timeout, base_url=base_url)


@cache
def claude(retries: int = 0, timeout: float = 600) -> anthropic.Anthropic:
    """Return Anthropic's client."""
    return anthropic.Anthropic(api_key="zoo-key", max_retries=retries, timeout=timeout)


def async_gpt(retries: int = 0, timeout: float = 600) -> openai.AsyncOpenAI:
    """Return OpenAI's async client, one for each event loop."""
    return openai.AsyncOpenAI(api_key="zoo-key", max_retries=retries, timeout=timeout)


def said(question: str) -> Messages:
    """Return a conversation of one message."""
    return [{"role": "user", "content": question}]


def ask_gpt(question: str, client: openai.OpenAI | None = None, model: str = GPT, **more: Any) -> str:
    """Ask OpenAI and return the text."""
    answer = (client or gpt()).chat.completions.create(model=model, messages=said(question), **more)
    return answer.choices[0].message.content or ""


def ask_claude(question: str, client: anthropic.Anthropic | None = None, **more: Any) -> str:
    """Ask Anthropic and return the text."""
    messages = more.pop("messages", said(question))
    answer = (client or claude()).messages.create(model=CLAUDE, max_tokens=200, messages=messages, **more)
    return "".join(block.text for block in answer.content if block.type == "text")


def gpt_stream(question: str, client: openai.OpenAI | None = None) -> Any:
    """Ask OpenAI for a stream."""
    return (client or gpt()).chat.completions.create(model=GPT, messages=said(question), stream=True)


def claude_stream(question: str, client: anthropic.Anthropic | None = None) -> Any:
    """Ask Anthropic for a raw stream of events."""
    return (client or claude()).messages.create(model=CLAUDE, max_tokens=200, messages=said(question), stream=True)


def claude_words(stream: Iterable[Any]) -> Iterable[str]:
    """Yield the text of Anthropic's events."""
    for event in stream:
        if event.type == "content_block_delta":
            yield getattr(event.delta, "text", "")


def words(stream: Iterable[Any]) -> Iterable[str]:
    """Yield the text of OpenAI's chunks."""
    for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            yield chunk.choices[0].delta.content
