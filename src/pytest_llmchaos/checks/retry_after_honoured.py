"""The app waits as long as the provider asked it to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.parameters import choice, param
from ..core.units import show_duration
from ._asks import requests
from ._base import Check
from ._calls import MARKING, SLACK, against, count, named, worst
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.entries import Exchange, Journal

__all__ = ["RetryAfterHonoured"]


@dataclass(frozen=True)
class RetryAfterHonoured(Check):
    """After a `retry-after`, the next call to the same place waits that long.

    The same place is the same host, operation and model with the same key: another key or deployment has limits of its
    own. Not calling again honours the wait too; that nobody sleeps past a deadline is `answered_within`'s.

    Args:
        per: `request` judges each user request by itself; `account` judges all requests, operations and models of
            one key together, for an app that must share what it was told.
    """

    name = "retry_after_honoured"

    per: str = param(choice("request", "account"), default="request")

    def judge(self, journal: Journal) -> Verdict:
        """Judge each answer that asked for a wait against the next call of its kind."""
        asked: list[Exchange] = []
        again: list[Exchange] = []
        unseen: list[Exchange] = []
        early: list[str] = []
        pairs: list[Exchange] = []
        unmarked = False
        for calls in self._groups(journal):
            for place, each in enumerate(calls):
                if not _asks_to_wait(each):
                    continue
                asked.append(each)
                following = next((one for one in calls[place + 1 :] if one.started >= (each.ended or 0.0)), None)
                if following is None:
                    continue
                if following.unslept:
                    unseen.append(following)
                    continue
                again.append(following)
                waited = following.started - (each.ended or 0.0)
                if waited < (each.retry_after or 0.0) - SLACK:
                    early.append(_early(each, following, waited))
                    pairs += [each, following]
                    unmarked |= self.per == "request" and not following.request and not following.retry
        if not asked:
            return self._nothing(journal)
        if early:
            reason = against("a wait as long as retry-after says", worst(early))
            return self.verdict("violated", reason + (f"; {MARKING}" if unmarked else ""), dict.fromkeys(pairs))
        if unseen:
            reason = f"the test has replaced sleep, so that no wait before {unseen[0].label} can be told"
            return self.verdict("inconclusive", reason, unseen)
        what = f"the app called again {count(len(again), 'time')}, never too early" if again else "no call followed"
        reason = f"{count(len(asked), 'answer')} asked to wait and {what}"
        return self.verdict("held", reason, dict.fromkeys([*asked, *again]))

    def _groups(self, journal: Journal) -> Iterator[list[Exchange]]:
        """Yield the calls that share a limit, in the order they began."""
        found: dict[tuple[object, ...], list[Exchange]] = {}
        for ask, (_, calls) in enumerate(requests(journal)):
            for each in calls:
                limit = (ask, each.label) if self.per == "request" else (each.provider,)
                found.setdefault((*limit, each.host, each.key), []).append(each)
        yield from (sorted(calls, key=lambda each: each.started) for calls in found.values())

    def _nothing(self, journal: Journal) -> Verdict:
        if at_once := [each for each in journal.exchanges if each.failed and each.retry_after is not None]:
            reason = f"{at_once[0].label} asked for no wait that could be kept ({at_once[0].retry_after:g} s)"
        else:
            reason = "no answer with a retry-after was seen"
        return self.verdict(
            "inconclusive", f"{reason}: inject one, such as faults.rate_limit(retry_after='20s', calls=1)", at_once
        )


def _asks_to_wait(call: Exchange) -> bool:
    """Tell whether an answer failed and named a time; zero, a negative or an endless one says nothing."""
    return call.failed and call.ended is not None and 0 < (call.retry_after or 0.0) < float("inf")


def _early(asked: Exchange, following: Exchange, waited: float) -> str:
    wait = asked.retry_after or 0.0
    again = "was called again" if following.label == asked.label else f"the same account called {following.label}"
    where = f"in {named(asked.request)}"
    if following.request != asked.request:
        again += f" in {named(following.request)}"
    return (
        f"{where} {asked.label} said at {show_duration(asked.ended or 0.0)} to wait "
        f"{show_duration(wait)} and {again} after {show_duration(waited)}, "
        f"{show_duration(wait - waited)} too early"
    )
