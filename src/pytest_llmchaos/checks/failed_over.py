"""The app goes elsewhere when a provider or a model fails for good."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.call import Target
from ..core.errors import ParameterError
from ..core.parameters import param
from ..core.parameters import target as read_target
from ..core.units import duration, show_duration
from ..journal.entries import Event, Exchange
from ._asks import requests
from ._base import Check
from ._calls import MARKING, SLACK, against, chains, count, latest, named, ordered, tally, worst
from ._streaks import Kind, Streak, kind, streaks
from .verdict import Outcome, Verdict

if TYPE_CHECKING:
    from ..journal.entries import Journal

__all__ = ["FailedOver"]


@dataclass(frozen=True, slots=True)
class _Finding:
    outcome: Outcome
    text: str
    evidence: tuple[Exchange, ...] = ()


@dataclass(frozen=True)
class FailedOver(Check):
    """In every user request, calls that failed for good were followed by a good one elsewhere, in time.

    "For good" means that no later call to the same place was ok in that request. Only a call of the same
    kind counts as an answer or as a cure: a chat is not answered by an embedding or a list of models. In a
    test that marks no requests, an ask is taken to end where the test itself moves on (`advance`, `enter`,
    `clear`, `inject`).

    Args:
        to: where the app must go; None for anything that `from_` does not name (or another provider or model
            than the one that failed).
        from_: whose failures count; None for everything that `to` does not name. A call that both name
            belongs to the one that says more.
        within: seconds from the start of the first failed call to the end of the good one; None for any time.
    """

    name = "failed_over"

    to: Target | None = param(read_target, default=None)
    from_: Target | None = param(read_target, default=None)
    within: float | None = param(duration, default=None)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.to is not None and self.to == self.from_:
            raise ParameterError("to", f"{str(self.to)!r} is what it fails over from; name another target")

    def judge(self, journal: Journal) -> Verdict:
        """Judge each failing streak of each request; the worst finding is the verdict."""
        entries, now = ordered(journal), latest(journal)
        findings: list[_Finding] = []
        cured: list[Exchange] = []
        for request, calls in requests(journal):
            # Events cut unmarked asks only; a marked request is one ask.
            own = calls if request else [each for each in entries if isinstance(each, Event) or not each.request]
            for name, source, goal in self._sources(calls):
                for streak in streaks(own, source, goal, marked=bool(request)):
                    if streak.how == "cured":
                        cured += streak.calls
                    else:
                        findings.append(self._finding(request, name, streak, goal, now))
        return self._verdict(findings, cured, journal)

    def _sources(self, calls: Sequence[Exchange]) -> Iterator[tuple[str, Kind, Kind]]:
        """Yield each source that failed: its name, what tells its calls, what tells their replacements."""
        if self.from_ is not None:
            for which in dict.fromkeys(kind(each) for each in calls if each.failed and self._is_source(each)):
                yield str(self.from_), self._source(which), self._goal(which)
            return
        failed = [each for each in calls if each.failed and self._is_source(each)]
        for provider, model, which in dict.fromkeys((each.provider, each.model, kind(each)) for each in failed):
            own = _same(provider, model, which)
            goal = self._goal(which) if self.to is not None else _other(provider, model, which)
            yield (f"{provider}/{model}" if model else provider), own, goal

    def _is_source(self, call: Exchange) -> bool:
        if self.from_ is not None and not self.from_.matches(call):
            return False
        if self.to is None or not self.to.matches(call):
            return True
        return self.from_ is not None and _says(self.from_) > _says(self.to)

    def _source(self, which: str) -> Kind:
        return lambda call: kind(call) == which and self._is_source(call)

    def _goal(self, which: str) -> Kind:
        def goal(call: Exchange) -> bool:
            if self.to is None:
                return kind(call) == which and not self._is_source(call)
            fits = self.to.operation != "*" or kind(call) == which
            return fits and self.to.matches(call) and not self._is_source(call)

        return goal

    def _expected(self, name: str) -> str:
        other = f"something other than {self.from_}" if self.from_ is not None else "another provider or model"
        goal = str(self.to) if self.to is not None else other
        in_time = "" if self.within is None else f" within {show_duration(self.within)}"
        return f"an ok call to {goal}{in_time} when calls to {name} fail"

    def _finding(self, request: str, name: str, streak: Streak, goal: Kind, now: float) -> _Finding:
        where = f"in {named(request)} " if request else ""
        began = streak.calls[0].started
        evidence = tuple(dict.fromkeys([*streak.calls, *streak.others, *streak.answers[:1]]))
        limit = float("inf") if self.within is None else self.within + SLACK
        if streak.end is not None:
            took = (streak.end.ended or 0.0) - began
            text = f"{where}{streak.end.label} answered {show_duration(took)} after {name} first failed"
            if took > limit:
                late = f"{text}, {show_duration(took - limit + SLACK)} too late"
                return _Finding("violated", against(self._expected(name), late), evidence)
            if streak.doubtful:
                text = f"{where}failed calls to {name} ran side by side: an answer may hide an ask without one"
                return _Finding("inconclusive", f"{text}; {MARKING}", evidence)
            return _Finding("held", text, evidence)
        if streak.pending and now - began <= limit:
            open_ = streak.pending[-1].label
            text = f"{where}calls to {name} failed, one to {open_} is still under way: judge when it has ended"
            return _Finding("inconclusive", text, evidence)
        did = f"{where}{_did(name, streak, goal)}"
        return _Finding("violated", against(self._expected(name), did), evidence)

    def _verdict(self, findings: list[_Finding], cured: list[Exchange], journal: Journal) -> Verdict:
        for outcome in ("violated", "inconclusive"):
            told = [each for each in findings if each.outcome == outcome]
            if told:
                evidence = dict.fromkeys(call for each in told for call in each.evidence)
                return self.verdict(told[0].outcome, worst([each.text for each in told]), evidence)
        if findings:
            evidence = dict.fromkeys(call for each in findings for call in each.evidence)
            times = f" ({count(len(findings), 'failover')} in all)" if len(findings) > 1 else ""
            return self.verdict("held", findings[0].text + times, evidence)
        name = self.from_ or (f"anything but {self.to}" if self.to is not None else "any provider")
        if cured:
            return self.verdict(
                "inconclusive",
                f"every failed call to {name} ({len(cured)} in all) was cured by a later ok call to the same "
                "place, so nothing had to fail over: let the fault outlast the app's retries",
                cured,
            )
        seen = [each for each in journal.exchanges if self._is_source(each)]
        nothing = f"no call to {name} failed ({count(len(seen), 'call')} seen), so there was nothing to fail over from"
        struck = list(dict.fromkeys(fault for each in seen for fault in each.faults))
        if not struck:
            what = "inject a fault that breaks it" if journal.exchanges else "let the app ask something"
            return self.verdict("inconclusive", f"{nothing}: {what}")
        slow = any(each.stream for each in seen) and any(fault.startswith("stream_") for fault in struck)
        sees = "first_token_within and idle_gap_within see" if slow else "answered_within sees"
        return self.verdict(
            "inconclusive",
            f"{nothing}: {', '.join(struck)} only slowed or changed its answers, which {sees}; to see a failover, "
            "inject a fault that breaks it, or let the app give up earlier",
            seen,
        )


def _same(provider: str, model: str | None, which: str) -> Kind:
    return lambda call: (call.provider, call.model, kind(call)) == (provider, model, which)


def _other(provider: str, model: str | None, which: str) -> Kind:
    return lambda call: kind(call) == which and (call.provider, call.model) != (provider, model)


def _says(target: Target) -> int:
    """Return how much a target says: `openai/gpt-4o-mini` more than `openai/gpt-4*`."""
    return len(str(target).replace("*", "").replace("?", ""))


def _did(name: str, streak: Streak, goal: Kind) -> str:
    """Write what the app did instead of failing over."""
    end = max(each.ended or 0.0 for each in streak.calls)
    if len(chains(streak.calls)) > 1:
        start = show_duration(streak.calls[0].started)
        text = f"the app kept calling: {tally(streak.calls, name)} from {start} to {show_duration(end)}"
    else:
        text = f"the app gave up at {show_duration(end)} after {tally(streak.calls, name)}"
    text += f", the last with {streak.calls[-1].outcome}"
    if missed := [each for each in streak.others if goal(each)]:
        how = Counter(f"{each.provider}: {each.outcome}" for each in missed).most_common(1)[0][0]
        text += f"; {count(len(missed), 'call')} elsewhere failed too ({how})"
    if instead := [each for each in streak.others if each.ok and not goal(each)]:
        text += f"; {instead[0].label} answered instead"
    return text
