"""Half an answer is not an answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..verdict import Verdict
from ._asks import asks, later
from ._base import Check
from ._calls import against, blocks, count, named, worst
from ._streaks import kind

if TYPE_CHECKING:
    from ..journal import Exchange, Journal

__all__ = ["PartialStreamNotFinal"]


@dataclass(frozen=True)
class PartialStreamNotFinal(Check):
    """After a stream that ended before its answer did, the app tries again, goes elsewhere, or raises.

    The terminator of the dialect tells (`[DONE]`, a finish reason, `message_stop`), however politely the connection
    was closed. What the app made of the text cannot be seen in the traffic: where nothing followed, only a request
    marked with `llmchaos.request` tells whether it raised.
    """

    name = "partial_stream_not_final"

    def judge(self, journal: Journal) -> Verdict:
        """Judge each stream that broke off by what its request did next."""
        marked = blocks(journal)
        said: list[str] = []
        guilty: list[Exchange] = []
        unsure: list[Exchange] = []
        good: list[Exchange] = []
        for request, calls in asks(journal):
            for each in filter(_partial, calls):
                after = [one for one in _others(each, calls) if kind(one) == kind(each)]
                mine = [one for one in marked.get(request, ()) if _holds(one.start, one.end, each)]
                if after or (len(mine) == 1 and mine[0].raised):
                    good += [each, *after[:1]]
                elif len(mine) == 1 and mine[0].end is not None and not mine[0].overlapped:
                    guilty.append(each)
                    how = "closed without its terminator" if each.ok else each.outcome
                    said.append(f"{named(request)} ended well with the stream of {each.label} broken off ({how})")
                else:
                    unsure.append(each)
        if said:
            reason = against("another attempt or an error after a broken stream", worst(said))
            return self.verdict("violated", reason, guilty)
        if unsure:
            return self.verdict(
                "inconclusive",
                f"nothing followed on {count(len(unsure), 'broken stream')}, and whether the app raised is not known: "
                "mark the ask with `with llmchaos.request(...):`",
                unsure,
            )
        if not good:
            return self.verdict(
                "inconclusive",
                "no stream broke off: inject what cuts it, such as faults.stream_truncated()",
            )
        return self.verdict(
            "held", "each broken stream was followed by another attempt or an error", dict.fromkeys(good)
        )


def _partial(call: Exchange) -> bool:
    """Tell whether a stream began, and ended against the app's will before its answer did."""
    if not call.stream or call.ended is None or (call.status or 599) >= 400 or call.error in ("closed", "cancelled"):
        return False
    answer = call.answer
    if answer.done and not answer.error:
        return False
    # A dialect that the reader does not know has neither words nor a terminator.
    return bool(call.error or answer.error or answer.text or answer.tools)


def _others(call: Exchange, calls: list[Exchange]) -> list[Exchange]:
    """Return the calls that followed, and those beside it that were answered when it had broken off."""
    end = call.ended or 0.0
    beside = [each for each in calls if each.ok and each.started < end <= (each.ended or 0.0) and each is not call]
    return [*later(call, calls), *beside]


def _holds(start: float, end: float | None, call: Exchange) -> bool:
    return start <= call.started and (end is None or call.started <= end)
