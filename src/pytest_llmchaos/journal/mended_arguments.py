"""Watches whether the app mends tool arguments that came broken: what it reads as JSON that goes on where they end.

Nothing is watched until a tool call with broken arguments has reached the app; the run's end takes it away again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..core import locks
from .stand_in import StandIn

if TYPE_CHECKING:
    from .entries import Exchange

__all__ = ["MendedArguments", "may_ask", "mends"]

_FEWEST = 4  # characters that two texts share and no two JSON objects do by chance
_ROOM = 1000

_lock = locks.rlock()  # a run that nobody ended is ended by the collector, in the middle of anything
_listening: list[MendedArguments] = []


def may_ask(call: Exchange) -> bool:
    """Tell whether an answer may ask for a tool: to read every answer costs more than all else, and few do."""
    told = b"".join(call.pieces).lower()
    return b"tool" in told or b"function" in told  # one of them in every dialect that has tools


class MendedArguments:
    """The JSON texts that a run's app read and that look like mended arguments, with the run time in seconds."""

    def __init__(self) -> None:
        self._broken: list[str] = []
        self._read: list[tuple[float, str]] = []
        self._now: Callable[[], float] = lambda: 0.0

    def look(self, call: Exchange, now: Callable[[], float]) -> None:
        """Look at a call that is over: what it asks for with broken arguments is watched from now on."""
        if (call.status or 599) >= 400 or call.operation not in ("chat", "completions") or not may_ask(call):
            return
        broken = [each.arguments for each in call.answer.tools if not each.whole]
        if broken:
            self._now = now
            self._broken += broken
            self._listen()

    def between(self, arguments: str, since: float, until: float) -> Iterator[str]:
        """Yield what was read within these run times and goes on like the arguments."""
        yield from (text for at, text in self._read if since <= at <= until and _alike(arguments, text))

    def stop(self) -> None:
        """Stop watching. Harmless when nothing is watched."""
        with _lock:
            if self in _listening:
                _listening.remove(self)
            if not _listening:
                _decoder.restore()

    def _listen(self) -> None:
        with _lock:
            if self not in _listening:
                _listening.append(self)
            _decoder.patch()

    def note(self, text: str) -> None:
        """Keep a text that was read as a JSON object, if it looks like mended arguments."""
        if len(self._read) < _ROOM and any(_alike(each, text) for each in self._broken):
            self._read.append((self._now(), text))


def mends(arguments: str, text: str) -> bool:
    """Tell whether a text is a JSON object that says something and is made of these broken arguments."""
    try:
        return bool(text) and _alike(arguments, text) and bool(json.loads(text))
    except ValueError:
        return False


def _alike(arguments: str, text: str) -> bool:
    """Tell whether a text is the beginning of these arguments, closed, or like them for at least half of them."""
    broken, other = "".join(arguments.split()), "".join(text[: 2 * len(arguments) + 99].split())
    kept = other.rstrip('"}]')
    if ":" in kept and len(kept) >= _FEWEST and broken.startswith(kept):
        return True
    shared = next((at for at, (one, two) in enumerate(zip(broken, other, strict=False)) if one != two), None)
    shared = min(len(broken), len(other)) if shared is None else shared
    return shared >= max(_FEWEST, len(broken) / 2)


def _decoding(original: Any) -> Any:
    def decode(decoder: json.JSONDecoder, s: str, *more: Any, **named: Any) -> Any:
        found = original(decoder, s, *more, **named)
        if isinstance(found, dict) and found:
            for each in tuple(_listening):
                each.note(s)
        return found

    return decode


# Every `json.loads` ends in it, whoever took which copy of that.
_decoder = StandIn(json.JSONDecoder, "decode", _decoding)
