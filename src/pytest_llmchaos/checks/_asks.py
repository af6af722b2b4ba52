"""What several checks ask of a journal: one ask after the other, which call repeats which, who is called elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..journal.entries import Event, Exchange
from ._bodies import conversation
from ._calls import chains, ordered, overlapping

if TYPE_CHECKING:
    from ..journal.entries import Journal

__all__ = [
    "TEST_ACTS",
    "asks",
    "goings_on",
    "identity",
    "later",
    "own_fault",
    "permanent_error",
    "repeats",
    "requests",
    "runs",
    "same_place",
    "too_soon",
    "trouble_ends",
]

TEST_ACTS = ("advance", "enter", "clear", "inject")
"""What a test does itself between two asks; an unmarked ask does not go on behind it."""

# 408, 409, 425 and 429 pass, and Bedrock's 424; 402 is a balance that is spent, 413 a request that stays too large.
_PERMANENT = frozenset({400, 401, 402, 403, 404, 405, 406, 410, 413, 414, 415, 422, 431, 451})

# A 429 that no waiting cures: OpenAI's codes, which those who speak its dialect share.
_SPENT = (b"insufficient_quota", b"billing_hard_limit_reached", b"billing_not_active")

# What an error within a stream calls itself where the same as a status would be for good: OpenAI's and Anthropic's
# types and codes, Google's statuses, AWS' exceptions (their first letter is small there).
_FOR_GOOD = frozenset(
    ["insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "invalid_request_error",
     "authentication_error", "permission_error", "not_found_error", "request_too_large", "billing_error",
     "invalid_api_key", "model_not_found", "context_length_exceeded", "invalid_argument", "unauthenticated",
     "permission_denied", "not_found", "failed_precondition", "validationexception", "accessdeniedexception",
     "resourcenotfoundexception", "badrequesterror", "notfounderror", "authenticationerror"]
)  # fmt: skip


def asks(journal: Journal) -> list[tuple[str, list[Exchange]]]:
    """Return what was asked, each with the name of its request and its calls in the order they began.

    A request that was marked several times is as many asks, side by side too. Calls that no request claims are one
    ask until the test itself moves on while none of them is under way.
    """
    return _cut(journal, TEST_ACTS)


def requests(journal: Journal) -> list[tuple[str, list[Exchange]]]:
    """Return the same, but with all calls that no request claims as one: the whole test."""
    return _cut(journal, ())


def _cut(journal: Journal, acts: Sequence[str]) -> list[tuple[str, list[Exchange]]]:
    found: list[tuple[str, list[Exchange]]] = []
    current: dict[str | int, list[Exchange]] = {}
    within: dict[str, int] = {}
    # Blocks of one name may run side by side, so the name alone does not tell whose a call is.
    owners = {id(call): id(request) for request in journal.app.marked for call in request.calls}
    for each in ordered(journal):
        if isinstance(each, Exchange):
            whose = owners.get(id(each), each.request)
            if whose not in current:
                current[whose] = []
                found.append((each.request, current[whose]))
            current[whose].append(each)
        elif each.kind == "request":
            if not within.get(each.text):
                current.pop(each.text, None)
            within[each.text] = within.get(each.text, 0) + 1
        elif each.kind in ("answered", "raised"):
            within[each.text] = max(within.get(each.text, 0) - 1, 0)
        elif each.kind in acts and not _running(current.get("", ()), each):
            current.pop("", None)
    return found


def _running(calls: Sequence[Exchange], event: Event) -> bool:
    return any(each.ended is None or each.ended > event.at for each in calls)


def identity(call: Exchange) -> tuple[str, ...]:
    """Return what is equal for calls that ask the same of the same, with the same credential."""
    body = json.dumps(call.body, sort_keys=True, default=repr)
    return (call.provider, call.host, call.operation, call.model or "", call.key, call.address, body)


def repeats(calls: Sequence[Exchange]) -> Iterator[tuple[Exchange, Exchange]]:
    """Yield the failed calls of one ask with the call that asked the same again once the failure was there."""
    waiting: dict[tuple[str, ...], list[Exchange]] = {}
    for each in calls:
        failed = waiting.setdefault(identity(each), [])
        fits = [one for one in failed if _knew(one, each) and _goes_on(one, each)]
        if fits:
            last = max(fits, key=lambda one: (bool(each.retry) and one.retry != each.retry, one.ended or 0.0))
            failed.remove(last)
            yield last, each
        if each.failed and each.ended is not None:
            failed.append(each)


def runs(calls: Sequence[Exchange]) -> list[list[Exchange]]:
    """Return the calls of one ask that repeat each other one after the other, each once the last had failed."""
    before: dict[int, list[Exchange]] = {}
    found: list[list[Exchange]] = []
    for failed, again in repeats(calls):
        run = before.get(id(failed))
        if run is None:
            run = [failed]
            found.append(run)
        run.append(again)
        before[id(again)] = run
    return found


def goings_on(calls: Sequence[Exchange]) -> list[list[Exchange]]:
    """Return the failed calls of one ask that go on with each other: the same conversation, or a longer one.

    An agent that notes each failure in its history asks on, though no two of its calls are alike. What was answered
    in between ends it; calls side by side are several.
    """
    found: list[list[Exchange]] = []
    open_: dict[tuple[str, ...], list[tuple[list[Any], list[Exchange]]]] = {}
    for each in calls:
        place, said = (each.provider, each.host, each.operation, each.key), conversation(each.body)
        runs_here = open_.setdefault(place, [])
        latest = reversed(tuple(enumerate(runs_here)))
        own = next((at for at, (turns, run) in latest if _after(run[-1], each) and _longer(turns, said)), None)
        run = [] if own is None else runs_here.pop(own)[1]
        if not each.failed or each.ended is None:
            continue
        if not run:
            found.append(run)
        run.append(each)
        runs_here.append((said, run))
        del runs_here[:-_SIDE_BY_SIDE]
    return found


def _after(before: Exchange, call: Exchange) -> bool:
    return before.ended is not None and _knew(before, call)


def _longer(before: list[Any], said: list[Any]) -> bool:
    """Tell whether a conversation begins with an earlier one, or holds its end, as where old turns are dropped."""
    if not before or said[: len(before)] == before:
        return bool(before)
    if len(before) == len(said) == 1 and isinstance(before[0], str) and isinstance(said[0], str):
        return said[0].startswith(before[0])
    end = before[-2:]
    return len(before) > 2 and any(said[at : at + 2] == end for at in range(max(len(said) - 12, 0), len(said)))


_SIDE_BY_SIDE = 64
"""So many conversations to one place are followed at a time."""

Wait = Callable[[Exchange, Exchange], float]


def too_soon(calls: Sequence[Exchange], wait: Wait, *, one_ask: bool) -> Iterator[tuple[Exchange, Exchange]]:
    """Yield failed calls with the one that asked the same again before it was allowed, where that is sure.

    Asks of the same side by side are several asks: each goes on with whatever leaves no doubt about it.

    Args:
        calls: in the order they began.
        wait: how many seconds must pass between a failed call and another.
        one_ask: whether all these are one ask; otherwise only an SDK's retry count tells that a call goes on.
    """
    same: dict[tuple[str, ...], list[Exchange]] = {}
    for each in calls:
        same.setdefault(identity(each), []).append(each)
    for group in same.values():
        failed = [each for each in group if each.failed and each.ended is not None]
        retries = [each for each in group if each.retry]
        yield from _pairs(failed, retries, wait, lenient=True)
        if one_ask and failed:
            others = [each for each in group if not each.retry]
            yield from _pairs(failed, others, wait, lenient=overlapping(chains(group)) > 1)


def _pairs(
    failed: list[Exchange], again: list[Exchange], wait: Wait, *, lenient: bool
) -> list[tuple[Exchange, Exchange]]:
    """Take from the failed calls those that one of `again` goes on with, and return the pairs that are too close."""
    early: list[tuple[Exchange, Exchange]] = []
    for each in again:
        fits = [one for one in failed if _knew(one, each) and _goes_on(one, each)]
        good = [one for one in fits if each.started >= (one.ended or 0.0) + wait(one, each)]
        if not fits or (lenient and not good and not each.retry):
            continue
        if lenient and good:  # of an SDK's own retries the count tells which failure each follows
            one = min(good, key=lambda one: bool(each.retry) and one.retry != (each.retry or 0) - 1)
        else:
            one = max(fits, key=lambda one: one.ended or 0.0)
        failed.remove(one)
        if one not in good:
            early.append((one, each))
    return early


def _knew(failed: Exchange, again: Exchange) -> bool:
    """Tell whether whoever made a call could know how another one had ended.

    Threads that begin together have their answers one after the other, as those take no virtual time.
    """
    since = again.started - (failed.ended or 0.0)
    other = failed.thread != again.thread and 0 not in (failed.thread, again.thread)
    return since >= (_AT_ONCE if other and not again.retry else 0.0)


_AT_ONCE = 0.01
"""Seconds between calls of two threads that nobody sleeps on purpose."""


def _goes_on(failed: Exchange, again: Exchange) -> bool:
    """Tell whether the SDK's retry count of the two allows it: a second retry follows the first.

    The same count once more is a retry beneath the SDK, as of a transport.
    """
    return not again.retry or failed.retry is None or failed.retry in (again.retry - 1, again.retry)


def same_place(one: Exchange, other: Exchange) -> bool:
    """Tell whether two calls go to the same model of the same provider."""
    return (one.provider, one.model) == (other.provider, other.model)


def later(call: Exchange, calls: Sequence[Exchange]) -> list[Exchange]:
    """Return the calls that began when this one had ended."""
    return [each for each in calls if each is not call and call.ended is not None and each.started >= call.ended]


def trouble_ends(event: Event) -> bool:
    """Tell whether a phase, a window or range of a fault, or all faults end with this."""
    # An `enter` that lets time pass is written down before it does; the phase it leads to follows by itself.
    return event.kind in ("phase", "clear", "enter", "over") and not event.seconds


def permanent_error(call: Exchange) -> bool:
    """Tell whether a call failed for good: no retry of the same request can cure it."""
    if call.status == 429:
        told = b"".join(call.pieces)
        return any(word in told for word in _SPENT)
    if _told_within(call):
        return _for_good(call.answer.told)
    return call.status in _PERMANENT


def own_fault(call: Exchange) -> bool:
    """Tell whether a call failed for what it asked, and not for the provider's state: any 4xx but 408 and 429.

    An error within an answer counts as the status that it stands for.
    """
    if _told_within(call):
        told = call.answer.told
        return _for_good(told) and not any(word.decode() in _words(told) for word in _SPENT)
    return call.status is not None and 400 <= call.status < 500 and call.status not in (408, 429)


def _told_within(call: Exchange) -> bool:
    """Tell whether a call told of an error within an answer of a good status."""
    return call.error in ("stream_error", "error") and (call.status or 599) < 400


def _for_good(told: object) -> bool:
    """Tell whether an error object that came within an answer is one that no retry cures."""
    return any(word in _FOR_GOOD or (word.isdecimal() and int(word) in _PERMANENT) for word in _words(told))


def _words(told: object) -> list[str]:
    names = ("code", "type", "status", "status_code", "http_status_code")
    return [str(told.get(name)).casefold() for name in names] if isinstance(told, Mapping) else []
