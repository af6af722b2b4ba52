"""Listens to what is logged and printed in this process while a run is on, and leaves it as it is."""

from __future__ import annotations

import logging
import sys
from typing import Any

from ..core import locks
from .stand_in import StandIn

__all__ = ["CapturedOutput"]

_ROOM = 4_000_000
"""Characters that are kept of one kind; what comes later is only passed on."""

_lock = locks.rlock()  # a run that nobody ended is ended by the collector, in the middle of anything
_listening: list[CapturedOutput] = []


class CapturedOutput:
    """What was logged and printed: `logs` and `output`, texts in order."""

    def __init__(self) -> None:
        self.logs: list[str] = []
        self.output: list[str] = []
        self._room = {"logs": _ROOM, "output": _ROOM}

    def start(self) -> None:
        """Begin to listen."""
        with _lock:
            _listening.append(self)
            if _listening == [self]:
                _logs.patch()
        self.attach()

    def attach(self) -> None:
        """Listen to the streams that are standard output and error now: pytest's `capsys` replaces them."""
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name, None)
            if stream is not None and not isinstance(getattr(stream, "write", None), _Tee):
                with _lock:
                    if _listening:
                        _Tee.on(stream)

    def stop(self) -> None:
        """Stop listening."""
        with _lock:
            if self in _listening:
                _listening.remove(self)
            if not _listening:
                _logs.restore()
                _Tee.off()

    def add(self, kind: str, text: str) -> None:
        """Keep a text."""
        if text.strip() and self._room[kind] > 0:
            self._room[kind] -= len(text)
            getattr(self, kind).append(text)


def _logging(original: Any) -> Any:
    def callHandlers(logger: logging.Logger, record: logging.LogRecord) -> None:
        _note(record)
        original(logger, record)

    return callHandlers


# A handler of ours on the root would silence logging's last resort.
_logs = StandIn(logging.Logger, "callHandlers", _logging)


def _note(record: logging.LogRecord) -> None:
    from .app_behaviour import chain

    listening = tuple(_listening)
    if not listening:
        return
    try:
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            # The texts only: a traceback also shows lines of source, which no handler of the app's must print.
            text = "\n".join([text, *map(str, chain(record.exc_info[1]))])
    except Exception:  # the app's own handlers tell about a record that cannot be formatted
        return
    for each in listening:
        each.add("logs", text)


class _Tee:
    """Stands in for the `write` of one stream."""

    _on: list[_Tee] = []  # the process has one pair of streams

    def __init__(self, stream: Any, write: Any) -> None:
        self._stream = stream
        self._write = write

    def __call__(self, text: Any, *more: Any) -> Any:
        if isinstance(text, str):
            for each in tuple(_listening):
                each.add("output", text)
        return self._write(text, *more)

    @classmethod
    def on(cls, stream: Any) -> None:
        tee = cls(stream, stream.write)
        cls._on.append(tee)
        try:
            stream.write = tee
        except (AttributeError, TypeError):  # a stream that cannot be listened to
            cls._on.remove(tee)

    @classmethod
    def off(cls) -> None:
        while cls._on:  # forgotten only when it is back, as an interrupt may come at any moment
            tee = cls._on[-1]
            if vars(tee._stream).get("write") is tee:
                del tee._stream.write
            cls._on.pop()
