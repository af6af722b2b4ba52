"""Failing streaks: the calls to one source that fail in a row within a user request, and what ended them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ..journal import Event, Exchange
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
        how: `cured` by a good call to the source itself, `failed_over` by one to the destination, else `open`.
        others: calls of the request elsewhere while the streak was open, good and bad.
        pending: calls of the streak that are still under way.
        answers: good calls to the destination since the streak began.
        moved_on: whether the test went on (moved time, changed the faults) before anything ended the streak.
        doubtful: whether calls of several asks may be mixed in it, so that one's answer may hide another's silence.
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
    """Return what a call must share with another to stand in for it: a chat may be answered by a completion."""
    return "text" if call.operation in ("chat", "completions") else call.operation


def streaks(
    entries: Sequence[Exchange | Event], source: Kind, destination: Kind, *, marked: bool
) -> list[Streak]:
    """Cut the calls of one request into failing streaks.

    Args:
        entries: the request's calls and all events, by time.
        source: tells the calls whose failure counts.
        destination: tells the calls that a failover goes to.
        marked: whether the test marked the request as one ask. An unmarked one is cut where the test moves on, and
            is doubtful where asks run side by side.
    """
    found: list[Streak] = []
    current: Streak | None = None
    calls = [each for each in entries if isinstance(each, Exchange)]
    cuts = set() if marked else set(_cuts(entries, calls))
    for place, each in enumerate(entries):
        if isinstance(each, Event):
            if place in cuts and current is not None:
                current.moved_on = True
                current = None
            continue
        if source(each):
            streak = _own(each, current, found)
            if each.failed:
                if streak is None:
                    streak = current = Streak()
                    found.append(streak)
                    _hedged(streak, each, (call for call in calls if destination(call)), found)
                streak.calls.append(each)
                if streak.end is not None:
                    current = None
                    streak.doubtful |= not marked and not each.retry
                elif current is None:  # an SDK retry shows that its ask went on behind a cut
                    current, streak.moved_on = streak, False
            elif streak is not None and streak.end is None:
                if each.ok:
                    streak.end, streak.how, streak.moved_on, current = each, "cured", False, None
                else:
                    streak.pending.append(each)
        elif found and (current is not None or destination(each)):
            current = _elsewhere(each, destination, current, found[-1])
    for streak in found:
        beside = overlapping(chains(streak.calls))
        streak.doubtful |= not marked and streak.how == "failed_over" and beside > len(streak.answers)
    return found


def _cuts(entries: Sequence[Exchange | Event], calls: Sequence[Exchange]) -> Iterable[int]:
    """Yield the places of the test's own acts that no call spans: what runs across one goes on behind it."""
    for place, each in enumerate(entries):
        if isinstance(each, Event) and each.kind in _TEST_ACTS:
            spanned = any(
                call.started < each.at and (call.ended is None or call.ended > each.at) for call in calls
            )
            if not spanned:
                yield place


def _own(call: Exchange, current: Streak | None, found: list[Streak]) -> Streak | None:
    """Return the streak that a call to the source goes on with, None where it begins a new story."""
    if current is not None:
        return current
    if not found:
        return None
    last = found[-1]
    retried = bool(call.retry) and any(each.retry == (call.retry or 0) - 1 for each in last.calls)
    if last.how == "failed_over" and last.end is not None:
        beside = call.started < (last.end.ended or 0.0)
        return last if retried or beside else None
    return last if retried and last.how == "open" else None


def _hedged(streak: Streak, first: Exchange, answers: Iterable[Exchange], found: list[Streak]) -> None:
    """End a streak at once where the destination, asked before the source failed, answers beside it."""
    used = [each for other in found for each in other.answers]
    for each in answers:
        beside = each.started <= first.started < (each.ended or 0.0)
        if each.ok and beside and each not in used:
            streak.end, streak.how = each, "failed_over"
            streak.answers.append(each)
            return


def _elsewhere(call: Exchange, destination: Kind, current: Streak | None, last: Streak) -> Streak | None:
    """Write a call to somewhere else into the streak it belongs to; return the streak that is still open."""
    if current is None:
        if last.how == "failed_over" and call.ok and call not in last.answers:
            last.answers.append(call)
        return None
    current.others.append(call)
    if not destination(call):
        return current
    if call.ended is None:
        current.pending.append(call)
    if not call.ok:
        return current
    current.end, current.how = call, "failed_over"
    current.answers.append(call)
    return None
