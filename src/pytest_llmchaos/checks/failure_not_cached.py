"""A failure is not remembered as an answer."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from ..units import show_duration
from ..verdict import Verdict
from ._asks import asks, identity
from ._base import Check
from ._calls import against, blocks, by_request, count, worst

if TYPE_CHECKING:
    from ..journal import Exchange, Journal
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
        calls = by_request(journal)
        for name, own in blocks(journal).items():
            for before, after in pairwise(own):
                failed = _within(before, calls.get(name, []))
                if before.overlapped or after.overlapped or not failed or not all(each.failed for each in failed):
                    continue
                if made := _within(after, calls.get(name, [])):
                    again += [*failed, *made]
                elif after.end is not None and not after.raised:
                    guilty += failed
                    said.append(
                        f"request {name!r}, which failed at {show_duration(failed[-1].ended or 0.0)}, was answered "
                        f"at {show_duration(after.end)} without any call"
                    )
        again += _asked_again(journal)
        if said:
            expected = "a failed ask to reach a provider again when it is repeated"
            return self.verdict("violated", against(expected, worst(said)), dict.fromkeys(guilty))
        if not again:
            return self.verdict(
                "inconclusive",
                "nothing that had failed was asked again: mark the ask by the same name twice, "
                "`with llmchaos.request('order 7'):`, with the outage over in between",
            )
        evidence = dict.fromkeys(again)
        return self.verdict("held", f"what had failed was asked again ({count(len(evidence), 'call')})", evidence)


def _within(block: Block, calls: list[Exchange]) -> list[Exchange]:
    end = float("inf") if block.end is None else block.end
    return [each for each in calls if block.start <= each.started <= end]


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
