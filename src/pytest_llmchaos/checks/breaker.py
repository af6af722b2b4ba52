"""A circuit breaker keeps off a provider that fails, and comes back to it with care."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ..core.call import Target
from ..core.parameters import natural, param
from ..core.parameters import target as read_target
from ..core.units import duration, show_duration
from ._asks import own_fault
from ._base import Check
from ._calls import SLACK, against, by_request, chains, count, worst
from ._streaks import kind
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.entries import Exchange, Journal

__all__ = ["Breaker"]

_ZERO = "0 is not possible here; take 1 or more"

_Place = tuple[str, str]
"""A provider and its host: Azure's resources and Bedrock's regions fail apart."""


@dataclass(frozen=True)
class Breaker(Check):
    """After some failures in a row a provider is left alone for a while, then tried by a few probes.

    The calls to each provider (and host, as of Azure's resources) are replayed on a breaker of this kind, whatever
    request they belong to. A call with the SDK's own retries counts as one, as a breaker around the SDK sees it. Errors
    that are the request's own fault (4xx but 408 and 429, or the like within a stream) and calls that the app cancelled
    count neither way.

    Args:
        opens_after: how many failures in a row open it, 1 or more.
        half_opens_after: how long it stays open, a duration from the end of the call that opened it.
        probes: how many calls may be under way until one of them has ended, once it is half open.
        target: whose calls are judged; None for each provider.
    """

    name = "breaker"

    opens_after: int = natural(_ZERO)
    half_opens_after: float = param(duration)
    probes: int = natural(_ZERO, default=1)
    target: Target | None = param(read_target, default=None)

    def judge(self, journal: Journal) -> Verdict:
        """Replay the calls of each provider; somebody must have asked while it was open."""
        tries: dict[_Place, list[_Try]] = {}
        place = {id(each): number for number, each in enumerate(journal.exchanges)}
        found = [chain for calls in by_request(journal).values() for chain in chains(calls)]
        for chain in sorted(found, key=lambda calls: place[id(calls[0])]):
            if self.target is None or self.target.matches(chain[0]):
                tries.setdefault(_place(chain[0]), []).append(_Try(tuple(chain)))
        replays = {where: self._replay(own) for where, own in tries.items()}
        opened = {where: each for where, each in replays.items() if each.opened}
        if not opened:
            return self.verdict(
                "inconclusive",
                f"no provider failed {count(self.opens_after, 'time')} in a row: let the outage and the asking go on",
            )
        for where, each in opened.items():
            self._shut(where, each, journal)
        said = [f"{_named(where, tries)} {text}" for where, each in opened.items() for text in each.faults]
        if said:
            after = f"{count(self.opens_after, 'failure')} in a row"
            keeps_off = f"no call for {show_duration(self.half_opens_after)} after {after}"
            expected = f"{keeps_off}, then {count(self.probes, 'probe')}"
            evidence = dict.fromkeys(call for each in opened.values() for call in each.guilty)
            return self.verdict("violated", against(expected, worst(said)), evidence)
        evidence = dict.fromkeys(call for each in opened.values() for call in each.evidence)
        unasked = [_named(where, tries) for where, each in opened.items() if not self._asked(where, each, journal)]
        if unasked:
            return self.verdict(
                "inconclusive",
                f"nobody asked while the breaker for {unasked[0]} was open, so it kept nothing off: go on asking, and "
                "mark each ask with `with llmchaos.request(...):`",
                evidence,
            )
        times = sum(len(each.opened) for each in opened.values())
        probed = sum(each.probed for each in opened.values())
        reason = f"it opened {count(times, 'time')} and kept calls off, {count(probed, 'probe')} followed in time"
        return self.verdict("held", reason, evidence)

    def _own(self, call: Exchange, where: _Place) -> bool:
        return _place(call) == where and (self.target is None or self.target.matches(call))

    def _replay(self, tries: Sequence[_Try]) -> _Replay:
        replay = _Replay(self.opens_after, self.half_opens_after, self.probes)
        steps: list[tuple[float, bool, int, bool, _Try]] = []
        for number, each in enumerate(sorted(tries, key=lambda one: one.start)):
            steps.append((each.start, True, number, False, each))
            if each.end is not None:
                # Of one instant the ends come first, as a call may follow at once on an answer.
                steps.append((each.end, each.end == each.start, number, True, each))
        for *_, over, each in sorted(steps, key=lambda step: step[:4]):
            if over:
                replay.finish(each)
            else:
                replay.begin(each)
        return replay

    def _shut(self, where: _Place, replay: _Replay, journal: Journal) -> None:
        """Note where it stayed open for good although others were asked the like."""
        if replay.state != "open":
            return
        kinds = {kind(each) for each in replay.evidence}
        for each in journal.exchanges:
            if not self._own(each, where) and kind(each) in kinds and each.started > replay.until + SLACK:
                at, since = show_duration(each.started), show_duration(replay.until)
                replay.faults.append(f"was not tried again from {since} on, though {each.label} was asked at {at}")
                replay.guilty.append(each)
                return

    def _asked(self, where: _Place, replay: _Replay, journal: Journal) -> bool:
        """Tell whether somebody wanted an answer while it was open."""
        times = [each.at for each in journal.events if each.kind == "request"]
        times += [each.started for each in journal.exchanges if not self._own(each, where)]
        return any(start <= at < end for start, end in replay.opened for at in times)


def _place(call: Exchange) -> _Place:
    return call.provider, call.host


def _named(where: _Place, places: Iterable[_Place]) -> str:
    """Write a provider, with its host where there are several."""
    provider, host = where
    return f"{provider} ({host})" if sum(each[0] == provider for each in places) > 1 else provider


@dataclass(frozen=True, slots=True)
class _Try:
    """One call as the app made it, the SDK's retries included."""

    calls: tuple[Exchange, ...]

    @property
    def start(self) -> float:
        return self.calls[0].started

    @property
    def end(self) -> float | None:
        return self.calls[-1].ended

    @property
    def outcome(self) -> Literal["good", "bad", "neither"]:
        last = self.calls[-1]
        if last.ok:
            return "good"
        return "neither" if own_fault(last) or last.error == "cancelled" else "bad"


@dataclass(slots=True)
class _Replay:
    """A breaker that is fed with what happened, and notes what it would not have let through."""

    opens_after: int
    wait: float
    probes: int
    state: Literal["closed", "open", "half-open"] = "closed"
    failures: list[_Try] = field(default_factory=list)
    until: float = 0.0
    running: list[_Try] = field(default_factory=list)
    opened: list[tuple[float, float]] = field(default_factory=list)
    probed: int = 0
    faults: list[str] = field(default_factory=list)
    evidence: list[Exchange] = field(default_factory=list)
    guilty: list[Exchange] = field(default_factory=list)

    def begin(self, new: _Try) -> None:
        """A call is sent."""
        at = show_duration(new.start)
        if self.state == "open" and new.start < self.until - SLACK:
            early = show_duration(self.until - new.start)
            self._fault(f"was called at {at}, {early} before the breaker may half-open", new)
            return
        if self.state == "open":
            self.state, self.running = "half-open", []
        if self.state == "half-open":
            if len(self.running) >= self.probes:
                self._fault(f"was called at {at} while {count(len(self.running), 'probe')} was under way", new)
                return
            self.running.append(new)
            self.probed += 1
            self.evidence += new.calls

    def finish(self, old: _Try) -> None:
        """A call is over."""
        if self.state == "closed":
            self._count(old)
        elif self.state == "half-open" and old in self.running:
            self.running.remove(old)
            if old.outcome == "bad":
                self._open(old)
            else:
                self._probe_passed(old)

    def _count(self, old: _Try) -> None:
        if old.outcome == "good":
            self.failures = []
        elif old.outcome == "bad":
            self.failures.append(old)
            if len(self.failures) >= self.opens_after:
                self._open(old)

    def _probe_passed(self, old: _Try) -> None:
        if old.calls[-1].error != "cancelled":  # the request's own fault shows that somebody answers
            self.state, self.failures = "closed", []

    def _open(self, last: _Try) -> None:
        self.state = "open"
        self.until = (last.end or 0.0) + self.wait
        self.opened.append((last.end or 0.0, self.until))
        self.evidence += [call for each in (*self.failures, last) for call in each.calls]
        self.failures, self.running = [], []

    def _fault(self, text: str, guilty: _Try) -> None:
        self.faults.append(text)
        self.guilty += guilty.calls
