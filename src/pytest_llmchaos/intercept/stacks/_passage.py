"""Tells a client's top step whether its request came by an interception point, in its own stack or one beneath."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["passed", "watch"]

# One-item lists, of the outermost client and of those within: an httpx transport built on aiohttp has two of them.
_watching: ContextVar[tuple[list[bool], ...]] = ContextVar("llmchaos_passage", default=())


def passed() -> None:
    """Tick the sends of this context: an interception point has their LLM call."""
    for each in _watching.get():
        each[0] = True


@contextmanager
def watch() -> Iterator[list[bool]]:
    """Give a one-item list that is true as soon as the send within has come by an interception point."""
    mine = [False]
    token = _watching.set((*_watching.get(), mine))
    try:
        yield mine
    finally:
        _watching.reset(token)
