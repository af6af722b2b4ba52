"""Tells a client's top step whether its request came by an interception point, in its own stack or one beneath."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

__all__ = ["found_above", "passed", "watch"]


class watch:
    """Tells as `seen` whether the send within has come by an interception point.

    Args:
        found: what the client's top step made of the request, for the point that it comes by.
    """

    __slots__ = ("_token", "found", "seen")

    def __init__(self, found: tuple[Any, ...] = ()) -> None:
        self.seen = False
        self.found = found

    def __enter__(self) -> watch:
        self._token = _watching.set((*_watching.get(), self))
        return self

    def __exit__(self, *_: object) -> None:
        _watching.reset(self._token)


# The outermost client's and those of the clients within: an httpx transport built on aiohttp has two of them.
_watching: ContextVar[tuple[watch, ...]] = ContextVar("llmchaos_passage", default=())


def passed() -> None:
    """Tick the sends of this context: an interception point has their LLM call."""
    for each in _watching.get():
        each.seen = True


def found_above() -> tuple[Any, ...]:
    """Return what the innermost client's top step made of its request; empty where none told."""
    watching = _watching.get()
    return watching[-1].found if watching else ()
