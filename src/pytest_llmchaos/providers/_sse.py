"""Server-sent events, made one at a time while they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ._wire import dump

__all__ = ["DONE", "Events", "event"]

DONE = b"data: [DONE]\n\n"
"""OpenAI's terminator, an event of its own."""


class Events:
    """The events of one stream: each iteration makes them anew and holds only one at a time.

    Args:
        make: starts a fresh generator of whole events, with the blank line that ends each.
    """

    def __init__(self, make: Callable[[], Iterator[bytes]]) -> None:
        self._make = make

    def __iter__(self) -> Iterator[bytes]:
        return self._make()


def event(data: Any, name: str | None = None) -> bytes:
    """Return one event with JSON data, named where the provider names its events."""
    head = b"" if name is None else b"event: " + name.encode() + b"\n"
    return head + b"data: " + dump(data) + b"\n\n"
