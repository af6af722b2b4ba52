"""One scenario under way: which phase it is in, and what each of its injections did so far."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..core.steady_text import steady
from .candidates import Candidates, Place
from .engine import Aimed, aim_at_one

if TYPE_CHECKING:
    from ..core.call import Call, Target
    from ..faults import Injection
    from ..journal.entries import Exchange
    from ..scenarios.scenario import Scenario
    from .engine import Decision, Miss

__all__ = ["ScenarioPlayer"]

_WHY: dict[Miss, str] = {
    "target": "the target does not match",
    "stream": "`stream` says otherwise",
    "region": "another region, or an address that names none",
    "prompt_tokens": "the prompt is of another size",
    "where": "`where` said no",
    "phase": "its phase was not under way",
    "between": "outside of `between`",
    "above": "no more calls came than `above` says",
    "calls": "not one of `calls`",
    "rate": "`rate` left it out",
    "limit": "its limit was not reached",
    "answered": "another fault answered in its place",
}


_MOST_PLANNED = 1_000


@dataclass
class ScenarioPlayer:
    """A scenario under way. Not thread-safe by itself: the run's lock guards it.

    Args:
        scenario: what is played.
        began: run time in seconds at which its scenario time 0 lies.
        loose: faults written in the test itself: each of them must hit a call, not just one of all.
        key: keeps the chance of several players apart.
        lasting: whether it goes on for days, so that it may keep nothing of each call.
    """

    scenario: Scenario
    began: float = 0.0
    loose: bool = False
    key: str = ""
    lasting: bool = False
    cleared: bool = False
    _index: int = 0
    _since: float = 0.0
    _done: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _states: dict[str, Any] = field(default_factory=dict)
    _times: dict[str, deque[float]] = field(default_factory=dict)
    _windows: list[tuple[float, str]] = field(default_factory=list)
    _spent: list[str] = field(default_factory=list)
    _lots: dict[str, dict[str, int]] = field(default_factory=dict)
    _planned: dict[str, deque[Exchange]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._since = self.began
        ends = {
            (each.between.end, f"{each.fault} -> {each.target} is over"): None
            for each in reversed(self.scenario.injections)
            if each.between is not None
        }
        self._windows = sorted(ends, key=lambda end: end[0], reverse=True)  # the next to end is the last

    @property
    def named(self) -> bool:
        """Whether its phases have names worth telling."""
        return not self.loose and bool(self.scenario.flat[0].name)

    def moves(self, now: float) -> Iterator[tuple[float, str, str]]:
        """Let end what is over at run time `now`; yield the time, kind and text of the events that this makes.

        `phase` is the beginning of a phase, `over` the end of an injection's own window.
        """
        phases = self.scenario.flat
        while self._index < len(phases) and now >= self._since + phases[self._index].seconds:
            self._since += phases[self._index].seconds
            self._index += 1
            if self.named:
                yield self._since, "phase", phases[self._index].name if self._index < len(phases) else "(scenario over)"
        while self._windows and now >= (at := self.began + self._windows[-1][0]):
            yield at, "over", self._windows.pop()[1]

    @property
    def phase(self) -> str:
        """The name of the phase under way; empty for loose faults and when the scenario is over."""
        phases = self.scenario.flat
        return phases[self._index].name if self._index < len(phases) else ""

    def enter(self, name: str, now: float, *, at_once: bool = False) -> float:
        """Go to the start of a phase; return how many seconds of run time lie between now and it (0 for none).

        A phase ahead is reached by letting that time pass; one that is over or has no start of its own (it stands
        behind an open end) starts anew now, and so does each with `at_once`.

        Raises:
            UsageProblem: the scenario has no such phase.
        """
        index = self.scenario.phase(name)
        ahead = self._since - now + sum(phase.seconds for phase in self.scenario.flat[self._index : index])
        skip = ahead if index > self._index and 0 <= ahead < float("inf") and not at_once else 0.0
        scheduled = self.scenario.starts()[index]
        self._index, self._since = index, now + skip
        if scheduled < float("inf"):
            self.began = self._since - scheduled
        return skip

    def aimed(self, call: Call, now: float) -> list[Aimed]:
        """Return the injections aimed at the call, counted; keep book of why the others are not."""
        at, under_way = now - self.began, None if self.cleared else self._index
        found = []
        for nth in self._candidates.of(call, at, under_way):
            key, phase, injection = (place := self._places[nth]).key, place.phase, place.injection
            book = self._done[key]
            miss: Miss | None = aim_at_one(injection, call, at)
            crowded = miss is None and self._crowded(key, injection, now)
            if miss is None and phase != under_way:
                miss = "phase"
            if miss is None and not crowded:
                miss = "above"
            if miss is not None:
                book[miss] += 1
                continue
            book["aimed"] += 1
            if injection.calls is not None and book["aimed"] - 1 == injection.calls.last:
                self._spent.append(f"{injection.fault} -> {injection.target} is over")
            found.append(self._aimed(key, injection, book["aimed"], now, self._lot(injection, call)))
        return found

    @cached_property
    def _places(self) -> tuple[Place, ...]:
        return tuple(
            Place(f"{self.key}.{phase_index}.{index}", phase_index, injection)
            for phase_index, phase in enumerate(self.scenario.flat)
            for index, injection in enumerate(phase.inject)
        )

    @cached_property
    def _candidates(self) -> Candidates:
        return Candidates(self._places)

    def _aimed(self, key: str, injection: Injection, nth: int, now: float, lot: str) -> Aimed:
        into, lasts = now - self._since, self.scenario.flat[self._index].seconds
        if key not in self._states:
            self._states[key] = injection.fault.begin()
        return Aimed(key, injection, nth, into, lasts, self._states[key], lot)

    def _lot(self, injection: Injection, call: Call) -> str:
        """Return with which others the call shares its fate: by its words, and of the same words by what came first."""
        if injection.sticky not in ("conversation", "request"):
            return ""
        text = call.lot(injection.sticky)
        if self.lasting:
            return f"{steady(text)}|{text}"
        same = self._lots.setdefault(steady(text), {})
        return f"{steady(text)}|{same.setdefault(text, len(same))}"

    def _crowded(self, key: str, injection: Injection, now: float) -> bool:
        """Count a matching call, and tell whether more came than the injection needs to strike."""
        if injection.above is None:
            return True
        times = self._times.setdefault(key, deque())
        times.append(now)
        while times[0] <= now - injection.above.seconds:
            times.popleft()
        return len(times) > injection.above.count

    def spent(self) -> list[str]:
        """Return, once, what hits no further call because its range of calls is used up."""
        texts, self._spent = self._spent, []
        return texts

    def decided(self, decision: Decision, exchange: Exchange) -> None:
        """Keep book of a call's plan: whose turn it was, and why it was not that of the others."""
        for key in decision.planned:
            if self._owns(key) and not self._done[key]["hit"]:  # of one that has struck nobody asks why it did not
                most = _MOST_PLANNED if self.lasting else None
                self._planned.setdefault(key, deque(maxlen=most)).append(exchange)
        for key, miss in decision.misses:
            if self._owns(key):
                self._done[key][miss] += 1

    def struck(self, key: str) -> None:
        """Count that the app met what the injection with this key did to a call."""
        if self._owns(key):
            self._done[key]["hit"] += 1
            self._planned.pop(key, None)

    def books(self) -> dict[str, Counter[str]]:
        """Return a copy of what was counted so far, by injection."""
        return {place.key: self._book(nth) for nth, place in enumerate(self._places)}

    def _book(self, nth: int) -> Counter[str]:
        """Return what was counted of one injection, with the calls that it was not held against."""
        book = Counter(self._done.get(self._places[nth].key, ()))
        for miss, count in self._candidates.passed(nth):
            book[miss] += count
        return book

    def gained(self, before: Mapping[str, Counter[str]]) -> dict[str, Counter[str]]:
        """Return what was counted since then."""
        gains = {key: book - before.get(key, Counter()) for key, book in self.books().items()}
        return {key: gain for key, gain in gains.items() if gain}

    def add(self, books: Mapping[str, Counter[str]]) -> None:
        """Count what was counted elsewhere."""
        for key, book in books.items():
            self._done[key].update(book)

    def _owns(self, key: str) -> bool:
        return key.startswith(f"{self.key}.")

    def unused(self) -> list[str]:
        """Return what hit no call, one line each with the reasons; empty when the player did its part."""
        missed = self._missed()
        if not self.loose and len(missed) < len(self._places):
            return []
        planned = [self._planned.get(self._places[nth].key, ()) for nth in missed]
        reasons = [_reasons(self._book(nth), each) for nth, each in zip(missed, planned, strict=True)]
        return [f"{self._places[nth].injection}: {why}" for nth, why in zip(missed, reasons, strict=True)]

    def at_work(self) -> list[str]:
        """Return what goes wrong now, as text: the injections of the phase under way."""
        phases = self.scenario.flat
        if self.cleared or self._index >= len(phases):
            return []
        return [str(each) for each in phases[self._index].inject]

    def of_all_calls(self, provider: str, now: float) -> Iterator[tuple[str, Injection]]:
        """Yield, with their keys, the injections at work that hit every call to a provider, and so its connections."""
        at = now - self.began
        for place in self._places:
            injection = place.injection
            window, others = injection.between, injection.when().keys() - {"between"}
            if self.cleared or place.phase != self._index or others:
                continue
            if window is not None and at not in window:
                continue
            if any(_covers(each, provider) for each in injection.target.each):
                yield place.key, injection

    def unmet(self) -> list[str]:
        """Return what of it hit no call, as `phase: injection` each; a scenario may have struck with the rest."""
        parts = []
        for place in (self._places[nth] for nth in self._missed()):
            phase = self.scenario.flat[place.phase].name
            parts.append(f"{phase}: {place.injection}" if phase else str(place.injection))
        return list(dict.fromkeys(parts))

    def _missed(self) -> list[int]:
        """Return the numbers of the injections that hit no call."""
        books = (self._done.get(place.key) for place in self._places)
        return [nth for nth, book in enumerate(books) if book is None or not book["hit"]]


def _covers(target: Target, provider: str) -> bool:
    return target.model == "*" and target.operation == "*" and fnmatchcase(provider, target.provider)


def _reasons(book: Counter[str], planned: Iterable[Exchange]) -> str:
    told = [(_WHY[why], book[why]) for why in _WHY if book[why]]
    told += Counter(_unmet(each) for each in planned).items()
    return "; ".join(f"{why} ({count} call{'s' * (count != 1)})" for why, count in told) or "there was no LLM call"


def _unmet(exchange: Exchange) -> str:
    """Say why the app never met what was planned for a call."""
    if exchange.ended is None or exchange.error in ("closed", "cancelled"):
        read = (
            f"{exchange.chunks} piece{'s' * (exchange.chunks != 1)} of the answer" if exchange.chunks else "none of it"
        )
        return f"the app never came to it, it read {read}"
    if exchange.failed:
        return f"the call ended in {exchange.outcome} before it"
    return "it changed nothing"
