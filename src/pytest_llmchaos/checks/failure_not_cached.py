"""A failure is not remembered as an answer."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from ..core.units import show_duration
from ._asks import asks, identity, later, same_place, trouble_ends
from ._base import Check
from ._calls import against, blocks, by_request, count, worst
from ._streaks import kind
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.entries import Exchange, Journal
    from ._calls import Block

__all__ = ["FailureNotCached"]


@dataclass(frozen=True)
class FailureNotCached(Check):
    """What was asked without success reaches a provider again when it is asked again.

    The same ask is a request marked twice by the same name, `with llmchaos.request("order 7"):`, or a call with the
    same body after the test moved on. An apology that went into the cache answers the second ask without any call.
    """

    name = "failure_not_cached"

    def judge(self, journal: Journal) -> Verdict:
        """Compare each ask whose calls all failed with the next of its kind."""
        said: list[str] = []
        guilty: list[Exchange] = []
        again: list[Exchange] = []
        waiting: list[Exchange] = []
        calls = by_request(journal)
        for name, own in blocks(journal).items():
            for before, after in pairwise(own):
                failed = _main(before.made(calls.get(name, [])))
                if _meet(before, after) or not failed or not all(each.failed for each in failed):
                    continue
                kinds = {kind(each) for each in failed}
                if made := [each for each in after.made(calls.get(name, [])) if kind(each) in kinds]:
                    again += [*failed, *made]
                elif after.end is None or after.raised:
                    continue
                elif _healed(failed, after, journal):
                    guilty += failed
                    said.append(
                        f"request {name!r}, which failed at {show_duration(failed[-1].ended or 0.0)}, was answered "
                        f"at {show_duration(after.end)} without any call"
                    )
                else:
                    waiting += failed
        again += _asked_again(journal)
        if said:
            expected = "a failed ask to reach a provider again when it is repeated"
            return self.verdict("violated", against(expected, worst(said)), dict.fromkeys(guilty))
        if waiting:
            return self.verdict(
                "inconclusive",
                "what had failed was answered without any call when it was asked again, and whether the outage was "
                "over by then is not known: end it in between, such as with llmchaos.clear()",
                dict.fromkeys(waiting),
            )
        if not again:
            return self.verdict(
                "inconclusive",
                "nothing that had failed was asked again: mark the ask by the same name twice, "
                "`with llmchaos.request('order 7'):`, with the outage over in between",
            )
        evidence = dict.fromkeys(again)
        return self.verdict("held", f"what had failed was asked again ({count(len(evidence), 'call')})", evidence)


def _main(calls: list[Exchange]) -> list[Exchange]:
    """Return the calls that the answer is made of: an embedding or a moderation beside a chat is none of them."""
    return [each for each in calls if kind(each) == "text"] or calls


def _meet(before: Block, after: Block) -> bool:
    return before.overlapped or after.overlapped or before.end is None or before.end > after.start


def _healed(failed: list[Exchange], again: Block, journal: Journal) -> bool:
    """Tell whether the failure could have been over by the second ask: before that, a breaker keeps calls off too."""
    since, until = max(each.started for each in failed), again.end or 0.0
    good = [each for each in later(failed[-1], journal.exchanges) if each.ok and same_place(each, failed[-1])]
    return any(trouble_ends(each) and since <= each.at <= until for each in journal.events) or any(
        (each.ended or 0.0) <= until for each in good
    )


def _asked_again(journal: Journal) -> list[Exchange]:
    """Return the calls of unmarked asks that failed, with those that sent the same again in a later ask."""
    failed: dict[tuple[str, ...], Exchange] = {}
    found: list[Exchange] = []
    for request, calls in asks(journal):
        if request:
            continue
        for each in calls:
            if before := failed.pop(identity(each), None):
                found += [before, each]
        whole = not any(each.ok for each in calls)
        failed |= {identity(each): each for each in calls if whole and each.failed}
    return found
