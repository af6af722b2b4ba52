"""What a module of an SDK is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

KEY = "sk-canary-0123456789abcdefghij"
MODES = ("sync", "async")
SAY = [{"role": "user", "content": "Where is my order?"}]


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
        inside: the key under which the answer holds its stream.
        legs: how many requests it takes when all is well; the last of them is that of the stream.
    """

    method: str
    given: dict[str, Any] = field(default_factory=dict)
    reads: str = "whole"
    final: str = ""
    inside: str = ""
    legs: int = 1

    @property
    def stream(self) -> bool:
        return self.reads in ("events", "helper")


@dataclass(frozen=True)
class Sdk:
    """One SDK, as apps use it against one provider.

    Attributes:
        needs: what must be installed, such as `openai>=3`.
        make: makes a client with the SDK's own defaults: `make(mode, timeout=None, **options)`, the timeout in seconds.
            SDKs are imported in there, so that a missing one is no matter before.
        calls: the call shapes by name.
        provider: who answers; the module's own name when left out.
        modes: `sync` and `async`, or the one that the SDK has.
        asynchronous: the async method's name from the sync one's.
        fresh: whether each test needs a client of its own: boto3's runs out of retries after some failures.
        beside: what must be installed besides, to sign in.
        warns: what the SDK itself is warned of, which is no matter here.
        own: servers that no public host name tells, as the project's configuration names them.
    """

    needs: str
    make: Callable[..., Any]
    calls: dict[str, Shape]
    provider: str = ""
    modes: tuple[str, ...] = MODES
    asynchronous: Callable[[str], str] = str
    fresh: bool = False
    beside: str = ""
    warns: str = ""
    own: dict[str, Any] = field(default_factory=dict)


def openai_at(provider: str, base_url: str, model: str, **more: Any) -> Sdk:
    """Return OpenAI's SDK at another provider that speaks its dialect."""

    def make(mode: str, timeout: float | None = None, **options: Any) -> Any:
        import openai

        kind = openai.OpenAI if mode == "sync" else openai.AsyncOpenAI
        return kind(api_key=KEY, base_url=base_url, **limited(timeout), **options)

    return Sdk("openai>=3", make, chat_shapes(model), provider, **more)


def chat_shapes(model: str) -> dict[str, Shape]:
    """Return the two shapes of the SDKs that look like OpenAI's."""
    asked = {"model": model, "messages": SAY}
    return {
        "chat": Shape("chat.completions.create", asked),
        "chat stream": Shape("chat.completions.create", {**asked, "stream": True}, "events"),
    }


def limited(timeout: float | None) -> dict[str, float]:
    """Return the timeout as an option; without one the SDK's default stays."""
    return {} if timeout is None else {"timeout": timeout}
