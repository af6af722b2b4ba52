"""Failing streaks: the calls to one source that fail in a row within a user request, and what ended them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..journal.entries import Event, Exchange
from ._calls import chains, overlapping

__all__ = ["Streak", "kind", "streaks"]

Kind = Callable[[Exchange], bool]

# What a test does itself between two asks; an unmarked ask does not go on behind it.
_TEST_ACTS = ("advance", "enter", "clear", "inject")


@dataclass(slots=True)
class Streak:
    """Calls to the source that failed in a row.

    Attributes:
        calls: the failed calls, in the order they began.
        end: the good call that ended the streak; None where none did.
        how: `cured` by a good call to the source itself, `failed_over` by one elsewhere, else `open`.
        others: calls of the request elsewhere while the streak was open, good and bad.
        pending: calls of the streak that are still under way.
        answers: good calls to the destination since the streak began.
        moved_on: whether the test went on (moved time, changed the faults) before anything ended the streak.
        doubtful: whether several asks may be mixed in it, so that one's answer may hide another's silence.
    """

    calls: list[Exchange] = field(default_factory=list)
    end: Exchange | None = None
    how: Literal["open", "cured", "failed_over"] = "open"
    others: list[Exchange] = field(default_factory=list)
    pending: list[Exchange] = field(default_factory=list)
    answers: list[Exchange] = field(default_factory=list)
    moved_on: bool = False
    doubtful: bool = False


def kind(call: Exchange) -> str:
    """Return what a call shares with one that may stand in for it: a completion may answer for a chat."""
    return "text" if call.operation in ("chat", "completions") else call.operation


def streaks(entries: Sequence[Exchange | Event], source: Kind, destination: Kind, *, marked: bool) -> list[Streak]:
    """Cut the calls of one request into failing streaks.

    Args:
        entries: the request's calls and all events, by time.
        source: tells the calls whose failure counts.
        destination: tells the calls that a failover goes to.
        marked: whether the test marked the request as one ask. An unmarked one is cut where the test moves
            on, and is doubtful where asks run side by side.
    """
    story = _Story(source, destination, marked)
    busy_until = float("-inf")
    for each in entries:
        if isinstance(each, Exchange):
            story.call(each)
            busy_until = max(busy_until, float("inf") if each.ended is None else each.ended)
        elif each.kind in _TEST_ACTS and busy_until <= each.at and not marked:
            story.cut()  # no call runs across it
    for streak in story.found:
        beside = overlapping(chains(streak.calls))
        streak.doubtful |= not marked and streak.how == "failed_over" and beside > len(streak.answers)
    return story.found


class _Story:
    """Reads the calls of one request in order. The streak that nothing has ended yet is `current`."""

    def __init__(self, source: Kind, destination: Kind, marked: bool) -> None:
        self.found: list[Streak] = []
        self._source = source
        self._destination = destination
        self._marked = marked
        self._current: Streak | None = None
        self._running: list[Exchange] = []
        """Good calls to the destination that ended no streak when they began."""

    def cut(self) -> None:
        """The test moved on: what is open stays open."""
        if self._current is not None:
            self._current.moved_on = True
            self._current = None

    def call(self, call: Exchange) -> None:
        """Read the next call."""
        if not self._source(call):
            self._elsewhere(call)
        elif call.failed:
            self._failed(call)
        else:
            self._not_failed(call)

    def _failed(self, call: Exchange) -> None:
        streak = self._own(call)
        if streak is None:
            streak = self._current = Streak()
            self.found.append(streak)
            self._hedged(streak, call)
        elif streak.end is not None:
            streak.doubtful |= not self._marked and not call.retry
        elif self._current is None:  # an SDK retry shows that its ask went on behind a cut
            self._current, streak.moved_on = streak, False
        streak.calls.append(call)

    def _not_failed(self, call: Exchange) -> None:
        streak = self._own(call)
        if streak is None or streak.end is not None:
            return
        if call.ok:
            streak.end, streak.how, streak.moved_on = call, "cured", False
            self._current = None
        else:
            streak.pending.append(call)

    def _own(self, call: Exchange) -> Streak | None:
        """Return the streak that a call to the source goes on with, None where it begins a new story."""
        if self._current is not None or not self.found:
            return self._current
        last = self.found[-1]
        retried = bool(call.retry) and any(each.retry == (call.retry or 0) - 1 for each in last.calls[-16:])
        if last.how == "failed_over" and last.end is not None:
            return last if retried or call.started < (last.end.ended or 0.0) else None
        return last if retried and last.how == "open" else None

    def _hedged(self, streak: Streak, first: Exchange) -> None:
        """End a streak at once where the destination, asked before the source failed, answers beside it."""
        self._running = [each for each in self._running if first.started < (each.ended or 0.0)]
        if self._running:
            streak.end, streak.how = self._running.pop(0), "failed_over"
            streak.answers.append(streak.end)
            self._current = None

    def _elsewhere(self, call: Exchange) -> None:
        streak = self._current
        if streak is not None:
            streak.others.append(call)
        if not self._destination(call):
            return
        if streak is None:
            if call.ok:
                self._running.append(call)
                if self.found and self.found[-1].how == "failed_over":
                    self.found[-1].answers.append(call)
        elif call.ok:
            streak.end, streak.how = call, "failed_over"
            streak.answers.append(call)
            self._current = None
        elif call.ended is None:
            streak.pending.append(call)
