"""The calls an app makes with the real SDKs, by name, and one way to make each of them, sync and async."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import openai
import pytest
from packaging.requirements import Requirement
from pydantic import BaseModel

from pytest_llmchaos import inject
from pytest_llmchaos.session import Chaos

try:
    import anthropic
except ImportError:  # the environment of the older SDK line has none
    anthropic = None

KEY = "sk-canary-0123456789abcdefghij"
MODES = ("sync", "async")


class City(BaseModel):
    """What structured output is parsed into."""

    name: str
    people: int


@dataclass(frozen=True)
class Shape:
    """One way to ask: which method with what, and how its answer is read.

    Attributes:
        reads: `whole`, `events` (a stream is iterated) or `helper` (the SDK's stream manager is iterated and asked for
            its final answer).
        final: the helper's method that gives the final answer.
    """

    method: str
    given: dict[str, Any] = field(default_factory=dict)
    reads: str = "whole"
    final: str = ""

    @property
    def stream(self) -> bool:
        return self.reads in ("events", "helper")


_SAY = [{"role": "user", "content": "Where is my order?"}]
_CHAT = {"model": "gpt-5", "messages": _SAY}
_RESPONSE = {"model": "gpt-5", "input": "Where is my order?"}
_MESSAGE = {"model": "claude-sonnet-5", "messages": _SAY, "max_tokens": 200}

SHAPES: dict[str, dict[str, Shape]] = {
    "openai": {
        "chat": Shape("chat.completions.create", _CHAT),
        "chat stream": Shape("chat.completions.create", {**_CHAT, "stream": True}, "events"),
        "chat parse": Shape("chat.completions.parse", {**_CHAT, "response_format": City}),
        "chat helper": Shape("chat.completions.stream", _CHAT, "helper", "get_final_completion"),
        "completions": Shape("completions.create", {"model": "gpt-3.5-turbo-instruct", "prompt": "Once"}),
        "responses": Shape("responses.create", _RESPONSE),
        "responses stream": Shape("responses.create", {**_RESPONSE, "stream": True}, "events"),
        "responses parse": Shape("responses.parse", {**_RESPONSE, "text_format": City}),
        "responses helper": Shape("responses.stream", _RESPONSE, "helper", "get_final_response"),
        "embeddings": Shape("embeddings.create", {"model": "text-embedding-3-small", "input": ["a", "b"]}),
        "images": Shape("images.generate", {"model": "gpt-image-1", "prompt": "a crate"}),
        "moderation": Shape("moderations.create", {"input": "hello"}),
        "models": Shape("models.list"),
        "model": Shape("models.retrieve", {"model": "gpt-5"}),
    },
    "anthropic": {
        "messages": Shape("messages.create", _MESSAGE),
        "messages stream": Shape("messages.create", {**_MESSAGE, "stream": True}, "events"),
        "messages parse": Shape("messages.parse", {**_MESSAGE, "output_format": City}),
        "messages helper": Shape("messages.stream", _MESSAGE, "helper", "get_final_message"),
        "tokens": Shape("messages.count_tokens", {"model": "claude-sonnet-5", "messages": _SAY}),
        "models": Shape("models.list"),
        "model": Shape("models.retrieve", {"model_id": "claude-sonnet-5"}),
    },
}


def client(provider: str, mode: str = "sync", **options: Any) -> Any:
    """Make a real client with the SDK's own defaults; skip the test where the SDK is not installed."""
    sdk: Any = {"openai": openai, "anthropic": anthropic}[provider]
    if sdk is None:
        pytest.skip(f"{provider} is not installed here")
    name = {"openai": "OpenAI", "anthropic": "Anthropic"}[provider]
    kind = getattr(sdk, name if mode == "sync" else f"Async{name}")
    return kind(api_key=KEY, **options)


@cache
def standing_client(provider: str, mode: str, timeout: float | None = None) -> Any:
    """Return one client for all tests: most of a call's cost here is the TLS context of its client."""
    return client(provider, mode, **({} if timeout is None else {"timeout": timeout}))


def installed(line: str) -> bool:
    """Tell whether the installed SDK is of that line, such as `openai>=3`."""
    wanted = Requirement(line)
    try:
        return wanted.specifier.contains(version(wanted.name), prereleases=True)
    except PackageNotFoundError:
        return False


@dataclass
class Outcome:
    """What an app gets: events and an answer, or an exception. `took` is real time in seconds."""

    events: list[Any] = field(default_factory=list)
    result: Any = None
    error: BaseException | None = None
    took: float = 0.0

    def must(self) -> Outcome:
        """Return this outcome; raise the exception where there was one."""
        if self.error is not None:
            raise self.error
        return self


def ask(
    provider: str, shape: str, mode: str, *faults: Any, timeout: float | None = None, **chaos: Any
) -> tuple[Chaos, Outcome]:
    """Make one call under chaos; return the run and what came of the call. `timeout` is the client's."""
    standing_client(provider, mode, timeout)  # made before the run, as most apps make theirs
    began = time.perf_counter()  # outside the run, so real time
    with inject(*faults, **chaos) as run:
        outcome = call(provider, shape, mode, timeout)
    outcome.took = time.perf_counter() - began
    return run, outcome


def call(provider: str, shape: str, mode: str, timeout: float | None = None) -> Outcome:
    """Make one call, async ones in an event loop of their own, and return what came of it."""
    outcome, how = Outcome(), SHAPES[provider][shape]
    sdk = standing_client(provider, mode, timeout)
    if mode == "sync":
        _sync(sdk, how, outcome)
    else:
        asyncio.run(_async(sdk, how, outcome))
    return outcome


def _method(sdk: Any, how: Shape) -> Any:
    for name in how.method.split("."):
        sdk = getattr(sdk, name)
    return sdk


def _sync(sdk: Any, how: Shape, outcome: Outcome) -> None:
    try:
        answer = _method(sdk, how)(**how.given)
        if not how.stream:
            outcome.result = answer
            return
        with answer as stream:
            for event in stream:
                outcome.events.append(event)
            if how.final:
                outcome.result = getattr(stream, how.final)()
    except Exception as error:
        outcome.error = error


async def _async(sdk: Any, how: Shape, outcome: Outcome) -> None:
    try:
        answer = _method(sdk, how)(**how.given)
        if how.reads != "helper":
            answer = await answer
        if not how.stream:
            outcome.result = answer
            return
        async with answer as stream:
            async for event in stream:
                outcome.events.append(event)
            if how.final:
                outcome.result = await getattr(stream, how.final)()
    except Exception as error:
        outcome.error = error
