"""Half an answer is not an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..core.conditions import Predicate, predicate
from ..core.parameters import param
from ._asks import asks, later
from ._base import Check
from ._calls import against, blocks, count, named, worst
from ._results import came_to_its_end, how_it_broke, mark, says, shows_half
from ._said import spoken
from ._streaks import kind
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.app_behaviour import UserRequest
    from ..journal.entries import Exchange, Journal

__all__ = ["PartialStreamNotFinal"]


@dataclass(frozen=True)
class PartialStreamNotFinal(Check):
    """After a stream that ended before its answer did, the app tries again, goes elsewhere, or raises.

    The terminator of the dialect tells (`[DONE]`, a finish reason, `message_stop`), however politely the connection
    was closed. What the app made of the text cannot be seen in the traffic: where nothing followed, only a request
    marked with `llmchaos.request` tells whether it raised, and its result whether the app gave something else.

    Args:
        marked: tells of a request's result whether the app marks it as incomplete: a function, or where it stands.
    """

    name = "partial_stream_not_final"

    marked: Predicate | None = param(predicate, default=None)

    def judge(self, journal: Journal) -> Verdict:
        """Judge each stream that broke off by what its request did next."""
        said: list[str] = []
        guilty: list[Exchange] = []
        unsure: list[Exchange] = []
        good: list[Exchange] = []
        for request, each, calls, end in _broken(journal):
            after = [one for one in _others(each, calls) if kind(one) == kind(each)]
            if after or end == "raised" or (request is not None and self._told(request, each)):
                good += [each, *after[:1]]
            elif end == "well":
                guilty.append(each)
                what = f"the stream of {each.label} broken off ({how_it_broke(each)})"
                said.append(f"{named(each.request)} ended well with {what}")
            else:
                unsure.append(each)
        if said:
            reason = against("another attempt or an error after a broken stream", worst(said))
            return self.verdict("violated", reason, guilty)
        if unsure:
            return self.verdict(
                "inconclusive",
                f"nothing followed on {count(len(unsure), 'broken stream')}, and whether the app raised is not known: "
                f"{mark(journal)}",
                unsure,
            )
        if not good:
            return self.verdict(
                "inconclusive",
                "no stream broke off: inject what cuts it, such as faults.stream_truncated()",
            )
        return self.verdict(
            "held", "each broken stream was followed by another attempt or an error, or not shown", dict.fromkeys(good)
        )

    def _told(self, request: UserRequest, call: Exchange) -> bool:
        """Tell whether the request's result is marked as incomplete, or is another text, such as an apology."""
        if not request.has_result:
            return False
        if self.marked is not None and says(self.marked, request.result, request):
            return True
        return _another_text(request, call) and not shows_half(request, call)


def _another_text(request: UserRequest, call: Exchange) -> bool:
    """Tell whether a result has a text, and hardly a word of the broken answer: half of a JSON object may be mended."""
    broken = " ".join([call.answer.text, *(tool.arguments for tool in call.answer.tools)])
    half, shown = _words(broken), _words(" ".join(spoken(request.result)))
    return bool(shown) and (not half or 3 * len(half & shown) < len(half))


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w{3,}", text.casefold()))


_End = Literal["raised", "well", "unknown"]


def _broken(journal: Journal) -> Iterator[tuple[UserRequest | None, Exchange, list[Exchange], _End]]:
    """Yield each stream that broke off with its request, what was called for it, and how that ended."""
    known: set[int] = set()
    end: _End
    for request in journal.app.requests:
        if not journal.app.mine(request) and not request.has_result:
            continue
        known.update(map(id, request.calls))
        end = "unknown" if request.ended is None or request.strays else "well"
        end = "raised" if request.error is not None else end
        yield from ((request, each, request.calls, end) for each in request.calls if _partial(each))
    marked = blocks(journal)
    for name, calls in asks(journal):
        for each in calls:
            if id(each) in known or not _partial(each):
                continue
            mine = [one for one in marked.get(name, ()) if _holds(one.start, one.end, each)]
            end = "unknown"
            if len(mine) == 1 and mine[0].raised:
                end = "raised"
            elif len(mine) == 1 and mine[0].end is not None and not mine[0].overlapped:
                end = "well"
            yield None, each, [one for one in calls if id(one) not in known], end


def _partial(call: Exchange) -> bool:
    """Tell whether a stream began, and ended against the app's will before its answer did."""
    if not call.stream or call.ended is None or (call.status or 599) >= 400 or call.error in ("closed", "cancelled"):
        return False
    if came_to_its_end(call):
        return False
    answer = call.answer
    # A dialect that the reader does not know has neither words nor a terminator.
    return bool(call.error or answer.error or answer.text or answer.tools)


def _others(call: Exchange, calls: list[Exchange]) -> list[Exchange]:
    """Return the calls that followed, and those beside it that were answered when it had broken off."""
    end = call.ended or 0.0
    beside = [each for each in calls if each.ok and each.started < end <= (each.ended or 0.0) and each is not call]
    return [*later(call, calls), *beside]


def _holds(start: float, end: float | None, call: Exchange) -> bool:
    return start <= call.started and (end is None or call.started <= end)
