"""Forked children: they have the run's faults, and what comes of their calls is sent to the parent, which counts it.

The way is a file without a name, which a fork inherits: prompts and answers in it are gone with the processes. A child
that outlives its run, or is used in another one as the worker of a pool may be, is stopped like one that was started.
"""

from __future__ import annotations

import os
import pickle
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakValueDictionary

from ...core import locks
from . import _current
from ._post import post
from .inside import stopped_by

if TYPE_CHECKING:
    from ...journal.entries import Exchange
    from ...run.chaos import Chaos

__all__ = ["gather", "watch"]

_LENGTH = 8
_LEFT_OUT = ("_answer", "_sent", "_body", "attempt")


class _Line:
    """The file between them, by its number."""

    def __init__(self) -> None:
        self._file = -1
        self._read = 0

    def open(self) -> None:
        if self._file < 0:
            with tempfile.TemporaryFile() as file:
                self._file = os.dup(file.fileno())

    def send(self, *what: Any) -> None:
        data = pickle.dumps(what)
        os.write(self._file, len(data).to_bytes(_LENGTH, "big") + data)

    def received(self) -> Iterator[Any]:
        """Yield what is new; a message that is being written waits for the next time."""
        while self._file >= 0:
            head = os.pread(self._file, _LENGTH, self._read)
            size = int.from_bytes(head, "big")
            data = os.pread(self._file, size, self._read + _LENGTH)
            if len(head) < _LENGTH or len(data) < size:
                return
            self._read += _LENGTH + size
            yield pickle.loads(data)  # noqa: S301 - written by a fork of this process, in a file that nobody else has


_line = _Line()
_forked_in: WeakValueDictionary[str, Chaos] = WeakValueDictionary()
_calls: WeakKeyDictionary[Chaos, dict[tuple[int, int], Exchange]] = WeakKeyDictionary()
_gathering = locks.rlock()
_nows: dict[str, float] = {}
_watching = False


def watch() -> None:
    """Notice forks from now on."""
    global _watching
    if not _watching:
        _watching = True
        os.register_at_fork(before=_before, after_in_child=_in_child)


def _before() -> None:
    from .. import active_runs

    for run in active_runs.running():
        post.open()
        _line.open()
        _forked_in[run.token] = run
        _nows[run.token] = run.now
        run.journal.more = lambda run=run: gather(run)
    if active_runs.running():
        post.write(active_runs.on())


# --- in the parent ----------------------------------------------------------------------------------------------------


def gather(run: Chaos) -> None:
    """Take into the runs what forked children have sent."""
    if run.token not in _forked_in or not _gathering.acquire(blocking=False):
        return
    try:
        for token, kind, what in _line.received():
            if (to := _forked_in.get(token)) is not None:
                _TAKE[kind](to, what)
    finally:
        _gathering.release()


def _take_exchange(run: Chaos, what: Any) -> None:
    from ...journal.entries import Exchange

    key, place, members, attempt, body = what
    marked = run.journal.app.marked
    calls = _calls.setdefault(run, {})
    if key not in calls:
        calls[key] = exchange = Exchange(**members, attempt=attempt)
        exchange.body = body
        run.journal.adopt(exchange)
        run.journal.app.called(marked[place] if 0 <= place < len(marked) else None, exchange)
    for name, value in members.items():
        setattr(calls[key], name, value)


def _take_books(run: Chaos, what: Any) -> None:
    for player in run.players:
        if player.key in what:
            player.add(what[player.key])


_TAKE: dict[str, Callable[[Chaos, Any], None]] = {
    "exchange": _take_exchange,
    "books": _take_books,
    "verdict": lambda run, what: run._judge.add(*what),
    "note": lambda run, what: run.journal.note(*what[0], **what[1]),
    "started": lambda run, what: run.started.append(what),
}


# --- in the child -----------------------------------------------------------------------------------------------------


def _in_child() -> None:
    from .. import active_runs

    if not (runs := active_runs.in_forked_child()):
        return
    for run in runs:
        _Child(run).begin()
    born = runs[-1].token if not runs[-1].shared else ""

    def say(text: str, token: str) -> None:
        post.say(run=token, born=born, who=_who(), text=text)

    def elsewhere() -> Any:
        told = post.on()
        own = next((run for run in runs if told is not None and run.token == told["run"]), None)
        return own if own is not None else stopped_by(say)

    _current.elsewhere = elsewhere


def _who() -> str:
    multiprocessing = sys.modules.get("multiprocessing.process")
    if multiprocessing is not None and multiprocessing.parent_process() is not None:
        return f"forked, multiprocessing: {multiprocessing.current_process().name}"
    return "forked"


class _Child:
    """A run in a forked child: it goes on, and tells the parent what happens."""

    def __init__(self, run: Chaos) -> None:
        self._run = run
        self._sent: dict[int, tuple[int, Any]] = {}
        self._books = {player.key: player.books() for player in run.players}

    def begin(self) -> None:
        run, journal = self._run, self._run.journal
        journal.more = None
        run._origin += run.now - _nows[run.token]  # a forked child has real time, and run time goes on from here
        began, note, record = journal.begin, journal.note, run._judge.record

        def begin(*args: Any, **more: Any) -> Exchange:
            exchange = began(*args, **more)
            self._exchange(exchange)
            return exchange

        def noted(*what: Any, **more: Any) -> None:
            note(*what, **more)
            _line.send(run.token, "note", (what, more))

        def recorded(verdict: Any) -> None:
            record(verdict)
            if verdict.outcome == "violated":
                _line.send(run.token, "verdict", (verdict.check, f"in a forked child: {verdict.reason}"))

        # On the objects, which are this process' own copies.
        journal.begin, journal.note = begin, noted  # type: ignore[method-assign]
        run._judge.record = recorded  # type: ignore[method-assign]
        run.started = _Started(run)
        self._listen()

    def _listen(self) -> None:
        from ...run.exchange_under_way import ExchangeUnderWay

        def telling(original: Any) -> Any:
            def told(under_way: Any, *args: Any, **more: Any) -> Any:
                try:
                    return original(under_way, *args, **more)
                finally:
                    self._exchange(under_way.exchange)

            return told

        for name in ("struck", "responded", "emitted", "end"):
            setattr(ExchangeUnderWay, name, telling(getattr(ExchangeUnderWay, name)))

    def _exchange(self, exchange: Exchange) -> None:
        """Send an exchange of this run's, where there is news of it that counts."""
        number, before = self._sent.get(id(exchange), (len(self._sent), None))
        now = (exchange.status, exchange.error, exchange.ended, exchange.faults)
        if now == before:
            return
        if before is None and not any(each is exchange for each in reversed(self._run.journal.entries)):
            return
        self._sent[id(exchange)] = (number, now)
        members = {each.name: getattr(exchange, each.name) for each in fields(exchange) if each.name not in _LEFT_OUT}
        marked = self._run.journal.app.marked
        place = max((at for at, each in enumerate(marked) if each.name == exchange.request), default=-1)
        key = (os.getpid(), number)
        _line.send(self._run.token, "exchange", (key, place, members, exchange.attempt, dict(exchange.body)))
        gained = {player.key: player.gained(self._books.get(player.key, {})) for player in self._run.players}
        self._books = {player.key: player.books() for player in self._run.players}
        _line.send(self._run.token, "books", gained)


class _Started(list[tuple[str, str]]):
    """What a forked child starts, or turns into, is told to the parent."""

    def __init__(self, run: Chaos) -> None:
        super().__init__(run.started)
        self._token = run.token

    def append(self, started: tuple[str, str]) -> None:
        super().append(started)
        _line.send(self._token, "started", started)
