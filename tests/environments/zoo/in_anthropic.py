"""Anthropic's SDK: an error within a stream has the stream's status, which is 200, and no class of its own."""

from __future__ import annotations

from typing import Any

import anthropic

PASSING = ("rate_limit_error", "api_error", "overloaded_error")


def buggy_class_of_an_event(question: str) -> str:
    """Try again on the class that the SDK has for an overloaded provider."""
    try:
        return _streamed(question)
    except anthropic.InternalServerError:
        return _streamed(question)


def fixed_class_of_an_event(question: str) -> str:
    """Try again on what the event itself says."""
    try:
        return _streamed(question)
    except anthropic.APIStatusError as error:
        body: Any = error.body
        if body["error"]["type"] not in PASSING:
            raise
        return _streamed(question)


def _streamed(question: str) -> str:
    client = anthropic.Anthropic(api_key="zoo-key", max_retries=2)
    said: Any = [{"role": "user", "content": question}]
    with client.messages.stream(model="claude-sonnet-5", max_tokens=200, messages=said) as stream:
        return stream.get_final_text()
