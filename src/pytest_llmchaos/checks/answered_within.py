"""The app keeps its deadline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.conditions import flag
from ..core.parameters import param
from ..core.units import duration, show_duration
from ._base import Check
from ._calls import MARKING, SLACK, Block, against, blocks, by_request, chains, count, latest, named, worst
from .verdict import Outcome, Verdict

if TYPE_CHECKING:
    from ..journal.entries import Exchange, Journal

__all__ = ["AnsweredWithin"]


@dataclass(frozen=True, slots=True)
class _Finding:
    outcome: Outcome
    text: str
    took: float = 0.0
    evidence: tuple[Exchange, ...] = ()


@dataclass(frozen=True)
class AnsweredWithin(Check):
    """Every user request gets its answer within a time.

    A request marked with `llmchaos.request` is timed from the start to the end of its block; it may be
    answered without any call, from a cache. Otherwise the time runs from the start of the first call to the
    end of the last good one; for the whole test, what `llmchaos.advance` or `.enter` skipped is not counted.

    Args:
        within: a duration of run time.
        or_failed: True if a request that raises, or whose last call failed, keeps its deadline by doing so in time.
    """

    name = "answered_within"

    within: float = param(duration)
    or_failed: bool = param(flag, default=False)

    def judge(self, journal: Journal) -> Verdict:
        """Judge each request; one whose last call failed was not answered."""
        now, calls, marked = latest(journal), by_request(journal), blocks(journal)
        findings: list[_Finding] = []
        for request in dict.fromkeys([*calls, *marked]):
            made = calls.get(request, [])
            if request in marked:
                findings += [self._block(request, block, made, now) for block in marked[request]]
            else:
                findings.append(self._unmarked(request, made, journal, now))
        for outcome in ("violated", "inconclusive"):
            told = [each for each in findings if each.outcome == outcome]
            if told:
                evidence = [call for each in told for call in each.evidence]
                reason = worst([each.text for each in told])
                if outcome == "violated":
                    what = "an answer or an error" if self.or_failed else "an answer"
                    reason = against(f"{what} within {show_duration(self.within)}", reason)
                return self.verdict(told[0].outcome, reason, evidence)
        if not findings:
            return self.verdict("inconclusive", "no LLM call and no marked request was seen: let the app ask something")
        slowest = max(findings, key=lambda each: each.took)
        of = f"; the slowest of {len(findings)} requests" if len(findings) > 1 else ""
        return self.verdict("held", slowest.text + of, slowest.evidence)

    def _block(self, request: str, block: Block, calls: list[Exchange], now: float) -> _Finding:
        who, end = named(request), block.end
        made = block.made(calls)
        if end is None:
            return self._open(f"{who} is still under way", now - block.start, made)
        took = end - block.start
        if block.raised:
            return self._failed(f"{who} raised after {show_duration(took)}", "", took, made)
        if unanswered := _unanswered(made):
            half = "a whole answer" if any(each.answer.text for each in made) else "an answer"
            text = f"{who} ended after {show_duration(took)} without {half}"
            return self._failed(text, f": {unanswered}", took, made)
        if block.overlapped:
            text = f"several requests named {request!r} ran at once: give each a name of its own"
            return _Finding("inconclusive", text, took, _ends(made))
        return self._timed(who, took, made, "" if made else " without an LLM call")

    def _unmarked(self, request: str, calls: list[Exchange], journal: Journal, now: float) -> _Finding:
        who, start = named(request), calls[0].started
        good = _last_good(calls)
        if any(each.ended is None for each in _after(good, calls)):
            skipped = 0.0 if request else _skipped(journal, start, now)
            return self._open(f"a call of {who} is still under way", now - start - skipped, calls)
        if good is None or (unanswered := _unanswered(calls)):
            what = f": {_unanswered(calls)}" if good is None else f": {unanswered}"
            half = "no whole answer" if any(each.answer.text for each in calls) else "no answer"
            text = f"{who} got {half}" if good is None else f"{who} ended badly"
            end = max(each.ended or 0.0 for each in calls)
            took = end - start - (0.0 if request else _skipped(journal, start, end))
            return self._failed(text, what, took, calls)
        end = good.ended or 0.0
        skipped = 0.0 if request else _skipped(journal, start, end)
        finding = self._timed(who, end - start - skipped, calls, "")
        if finding.outcome == "violated" and not request and len(chains(calls)) > 1:
            return _Finding("violated", f"{finding.text}; {MARKING}", finding.took, finding.evidence)
        return finding

    def _timed(self, who: str, took: float, calls: list[Exchange], how: str) -> _Finding:
        late = took - self.within
        text = f"{who} was answered after {show_duration(took)}{how}"
        if late > SLACK:
            return _Finding("violated", f"{text}, {show_duration(late)} too late", took, _ends(calls))
        return _Finding("held", text, took, _ends(calls))

    def _failed(self, what: str, why: str, took: float, calls: list[Exchange]) -> _Finding:
        late = took - self.within
        if not self.or_failed:
            return _Finding("violated", what + why, took, _ends(calls))
        if late > SLACK:
            return _Finding("violated", f"{what}{why}, {show_duration(late)} too late", took, _ends(calls))
        return _Finding("held", what, took, _ends(calls))

    def _open(self, what: str, so_far: float, calls: list[Exchange]) -> _Finding:
        text = f"{what}, {show_duration(so_far)} after its start"
        if so_far - self.within > SLACK:
            return _Finding("violated", text, so_far, _ends(calls))
        return _Finding("inconclusive", f"{text}: judge when it has ended", so_far, _ends(calls))


def _last_good(calls: list[Exchange]) -> Exchange | None:
    return max((each for each in calls if each.ok), key=lambda each: each.ended or 0.0, default=None)


def _after(good: Exchange | None, calls: list[Exchange]) -> list[Exchange]:
    """Return the calls that began when the last good answer was there; one beside it lost the race."""
    if good is None:
        return calls
    return [each for each in calls[calls.index(good) + 1 :] if each.started >= (good.ended or 0.0)]


def _unanswered(calls: list[Exchange]) -> str:
    """Return why these calls are no answer, empty where they are one."""
    left = _after(_last_good(calls), calls)
    if not left:
        return ""
    last = left[-1]
    at = show_duration(last.started if last.ended is None else last.ended)
    if last.ended is None:
        return f"its last call ({last.label}) was still under way"
    return f"the last of {count(len(calls), 'call')} ({last.label}) ended at {at} with {last.outcome}"


def _skipped(journal: Journal, start: float, end: float) -> float:
    """Return how many seconds of this span the test itself skipped; a skip is written down as it begins."""
    skips = [each for each in journal.events if each.kind in ("advance", "enter")]
    return sum(max(min(end, each.at + each.seconds) - max(start, each.at), 0.0) for each in skips)


def _ends(calls: list[Exchange]) -> tuple[Exchange, ...]:
    """Return the first and the last call: they decide how long it took and how it ended."""
    return tuple(dict.fromkeys((*calls[:1], *calls[-1:])))
