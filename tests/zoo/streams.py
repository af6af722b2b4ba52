"""Half of an answer taken for the whole of it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import openai

from pytest_llmchaos import faults

from .clients import claude_stream, gpt_stream, words
from .row import Bug, github


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


BUGS = (
    Bug(
        "Half a message is stored as the whole of it when the connection closes cleanly",
        github("anomalyco/opencode/issues/26170", "GCWing/OpenBitFun/pull/2038"),
        buggy_stored_half, fixed_stored_half, "partial_stream_not_final", {},
        (faults.stream_truncated(after=3, target="openai"),),
    ),
    Bug(
        "Anthropic's raw stream ends without `message_stop` and counts as a full turn",
        github("griffinwork40/agent-afk/pull/635"),
        buggy_no_message_stop, fixed_no_message_stop, "partial_not_complete", {},
        (faults.stream_truncated(after=4, target="anthropic"),),
    ),
    Bug(
        "What breaks a stream is swallowed, and it ends as if it were whole",
        github("shiaho777/web-to-app/pull/438", "BerriAI/litellm/issues/33404"),
        buggy_swallowed, fixed_swallowed, "partial_not_complete", {},
        (faults.stream_cut(after=4, target="openai"),),
    ),
    Bug(
        "A retry in the middle of a stream says the first half twice",
        github("livekit/agents/pull/7233", "livekit/agents-js/issues/2477"),
        buggy_replayed_prefix, fixed_replayed_prefix, "no_splice", {},
        (faults.stream_cut(after=4, target="openai", calls=1),),
    ),
)  # fmt: skip
