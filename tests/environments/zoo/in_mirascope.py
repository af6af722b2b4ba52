"""Mirascope: a fallback that is over before the stream is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anthropic
import openai
from mirascope import llm
from mirascope.retries import fallback

FIRST = {"provider": "openai", "model": "gpt-5"}
SECOND = {"provider": "anthropic", "model": "claude-sonnet-5"}


def buggy_decorator(question: str) -> str:
    """Decorate the call; the decorator has returned when its stream is read."""
    second: Any = {**SECOND, "catch": openai.APIError, "client": anthropic.Anthropic(api_key="zoo-key")}
    return _read(fallback(openai.APIError, [second])(_first()), question)


def fixed_decorator(question: str) -> str:
    """Guard the reading."""
    try:
        return _read(_first(), question)
    except openai.APIError:
        return _read(_call(SECOND, anthropic.Anthropic(api_key="zoo-key")), question)


def _first() -> Callable[[str], Any]:
    return _call(FIRST, openai.OpenAI(api_key="zoo-key", max_retries=0))


def _call(whom: dict[str, Any], client: Any) -> Callable[[str], Any]:
    def prompt(question: str) -> str:
        return question

    return llm.call(**whom, stream=True, client=client)(prompt)


def _read(ask: Callable[[str], Any], question: str) -> str:
    return "".join(chunk.content for chunk, _ in ask(question))
