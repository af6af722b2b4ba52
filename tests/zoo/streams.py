"""Half of an answer taken for the whole of it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import openai

from .clients import claude_stream, gpt_stream, words


class Incomplete(Exception):
    """The stream ended before the answer did."""


def buggy_stored_half(question: str) -> str:
    """Store what came when the iteration ends."""
    return "".join(words(gpt_stream(question)))


def fixed_stored_half(question: str) -> str:
    """Look for the finish reason."""
    text, finish = "", None
    for chunk in gpt_stream(question):
        for choice in chunk.choices:
            text += choice.delta.content or ""
            finish = choice.finish_reason or finish
    if finish is None:
        raise Incomplete
    return text


def buggy_no_message_stop(question: str) -> str:
    """Take the end of Anthropic's raw stream for the end of the turn."""
    return _claudes(question)[0]


def fixed_no_message_stop(question: str) -> str:
    """Wait for `message_stop`."""
    text, stopped = _claudes(question)
    if not stopped:
        raise Incomplete
    return text


def _claudes(question: str) -> tuple[str, bool]:
    text, stopped = "", False
    event: Any
    for event in claude_stream(question):
        if event.type == "content_block_delta":
            text += getattr(event.delta, "text", "")
        stopped = stopped or event.type == "message_stop"
    return text, stopped


def buggy_swallowed(question: str) -> str:
    """Swallow what breaks the stream and finish cleanly."""
    pieces: list[str] = []
    with suppress(openai.APIError):
        pieces.extend(words(gpt_stream(question)))
    return "".join(pieces)


def fixed_swallowed(question: str) -> str:
    """Let it through."""
    return "".join(words(gpt_stream(question)))


def buggy_replayed_prefix(question: str) -> str:
    """Ask again in the middle of a stream, with the first half on the screen already."""
    screen: list[str] = []
    for _ in range(2):
        try:
            screen.extend(words(gpt_stream(question)))
            break
        except openai.APIError:
            continue
    return "".join(screen)


def fixed_replayed_prefix(question: str) -> str:
    """Wipe the screen before the second try."""
    screen: list[str] = []
    for _ in range(2):
        try:
            screen.extend(words(gpt_stream(question)))
            break
        except openai.APIError:
            screen.clear()
    return "".join(screen)
