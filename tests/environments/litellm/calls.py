"""One call through litellm under chaos, and what came of it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

from pytest_llmchaos import Chaos, inject

from ..needs import needs

litellm = needs("litellm", "litellm")
litellm.suppress_debug_info = True  # it prints advice at each exception otherwise

MESSAGES = [{"role": "user", "content": "Where is my order?"}]
MODES = ("sync", "async")
BACKENDS: dict[str, dict[str, Any]] = {
    "openai": {"model": "gpt-4.1", "api_key": "no-key"},
    "azure": {
        "model": "azure/gpt-4o",
        "api_key": "no-key",
        "api_base": "https://shop.openai.azure.com",
        "api_version": "2024-10-21",
    },
    "anthropic": {"model": "anthropic/claude-sonnet-5", "api_key": "no-key"},
    "gemini": {"model": "gemini/gemini-2.5-pro", "api_key": "no-key"},
    "bedrock": {
        "model": "bedrock/anthropic.claude-3-5-sonnet-20240620-v1:0",
        "aws_access_key_id": "no-key",
        "aws_secret_access_key": "no-secret",
        "aws_region_name": "us-east-1",
    },
}


@dataclass
class Outcome:
    """What an app gets: an answer or the pieces of a stream, and an exception. `took` is real time in seconds."""

    chaos: Chaos
    answer: Any = None
    pieces: list[Any] = field(default_factory=list)
    error: Exception | None = None
    took: float = 0.0

    @property
    def text(self) -> str:
        """What the model said, as far as it came."""
        if self.answer is not None:
            return self.answer.choices[0].message.content or ""
        return "".join(each.choices[0].delta.content or "" for each in self.pieces)

    @property
    def finish(self) -> str | None:
        """The finish reason that the app is given."""
        choices = [each.choices[0] for each in ([self.answer] if self.answer is not None else self.pieces)]
        return next((each.finish_reason for each in choices if each.finish_reason), None)


def ask(backend: str, call: str, mode: str, *faults: Any, timeout: float | None = None, **given: Any) -> Outcome:
    """Ask once under chaos, `plain` or as a `stream`, `sync` (over httpx) or `async` (over aiohttp)."""
    options = {**BACKENDS[backend], "messages": MESSAGES, **given}
    if call == "stream":
        options["stream"] = True
    if timeout is not None:
        options["timeout"] = timeout
    began = time.perf_counter()
    with inject(*faults) as chaos:
        outcome = Outcome(chaos)
        try:
            if mode == "sync":
                _sync(options, outcome)
            else:
                asyncio.run(_async(options, outcome))
        except Exception as error:
            outcome.error = error
    outcome.took = time.perf_counter() - began
    return outcome


def _sync(options: dict[str, Any], outcome: Outcome) -> None:
    answer = litellm.completion(**options)
    if not options.get("stream"):
        outcome.answer = answer
        return
    for piece in answer:
        outcome.pieces.append(piece)  # one by one: what came before an exception counts


async def _async(options: dict[str, Any], outcome: Outcome) -> None:
    try:
        answer = await litellm.acompletion(**options)
        if not options.get("stream"):
            outcome.answer = answer
            return
        async for piece in answer:
            outcome.pieces.append(piece)  # one by one: what came before an exception counts
    finally:
        await litellm.close_litellm_async_clients()
