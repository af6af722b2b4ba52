"""Knows an event that differs from the one before it in its text alone: most of a long stream do, and are not read."""

from __future__ import annotations

import re

__all__ = ["RepeatedEvent"]

# What may stand in a JSON string, in bytes; unrolled, so that what is none is told in one pass.
_STRING = rb'[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*'
_IN_STRING = re.compile(_STRING)
# The members of all dialects under which a text stands that means the same whatever it says, as long as it says
# anything; a quote within a string has a backslash before it, so this is no part of one.
_TEXT = re.compile(
    rb'"(?:content|text|delta|thinking|reasoning|reasoning_content|partial_json|arguments|response|generated_text)"'
    rb'\s*:\s*"(?!")(' + _STRING + rb')"'
)


class RepeatedEvent:
    """The last event that was read, as what stands before its text and behind it."""

    __slots__ = ("_before", "_behind", "_head", "_says", "_tail")

    def __init__(self) -> None:
        self._head = self._tail = b""
        self._before = self._behind = 0
        self._says = 0

    def learn(self, event: bytes, says: int) -> None:
        """Take note of an event and of what it says."""
        found = _TEXT.search(event)
        self._says = says if found is not None else 0
        if found is not None:
            self._head, self._tail = event[: found.start(1)], event[found.end(1) :]
            self._before, self._behind = len(self._head), len(self._tail)

    def forget(self) -> None:
        """Take nothing for alike until the next one is learnt."""
        self._says = 0

    def says(self, event: bytes) -> int:
        """Return what an event says that differs from the learnt one in its text alone; 0 where it must be read."""
        if not self._says or not event.startswith(self._head) or not event.endswith(self._tail):
            return 0
        end = len(event) - self._behind
        if end <= self._before or _IN_STRING.fullmatch(event, self._before, end) is None:
            return 0
        return self._says if event.isascii() or _is_text(event) else 0


def _is_text(event: bytes) -> bool:
    try:
        event.decode()
    except UnicodeDecodeError:
        return False
    return True
