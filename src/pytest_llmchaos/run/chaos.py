"""One chaos run: ties scenarios, the clock, the journal and the checks together."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from ..checks.verdict import Verdict
from ..clock import Clock, RealClock, VirtualClock
from ..core import locks
from ..core.call import Target
from ..core.errors import ChaosFailed, UsageProblem
from ..core.fakes import Fakes
from ..core.redact import look_around
from ..core.replies import Replies
from ..core.units import duration, show_duration
from ..journal.app_behaviour import Effect, UserRequest
from ..journal.entries import Calls, Journal
from ..providers import Providers
from ..scenarios.scenario import Scenario, dead_windows
from . import options
from .dispatcher import Dispatcher, asking, current
from .judge import Expect, Judge, unexpected
from .scenario_player import ScenarioPlayer
from .surroundings import Surroundings

if TYPE_CHECKING:
    from pathlib import Path

    from ..checks import Check
    from ..core.fakes import Canary
    from ..faults import Injection
    from ..journal.keeping import Keep

__all__ = ["Chaos"]


_tokens = itertools.count(1)


class Chaos(Dispatcher):
    """A chaos run: what the `llmchaos` fixture and `inject` give, which also intercept this process for it.

    Args:
        scenarios: what goes wrong, each on its own time line.
        loose: faults written in the test itself; each of them must hit a call.
        seed, test: chance depends on both.
        clock: `virtual` (waits cost no real time) or `real`.
        upstream: where healthy answers come from: `simulated`, or `passthrough` for what lies beneath (the app's own
            mock, a cassette, the real provider). None takes a mock that lies beneath and simulates otherwise.
        checks: names of the scenarios' expectations to judge at the end; None judges all, an empty list none.
        allow_unused: do not fail when something hit no call.
        allow_escapes: do not fail when an LLM call passed no interception point.
        suppress: always-on checks that are switched off, by name, each with the reason why.
        providers: the providers known to this run.
        replay: tells the user how to run the same again.
        keep: how much is kept of a run that goes on for days; None keeps all.
        beside: folders in which the files that `inject` names are looked for, before the working folder.

    Raises:
        UsageProblem: a target names no provider, or an option has a bad value.
    """

    def __init__(
        self,
        scenarios: Sequence[Scenario] = (),
        loose: Sequence[Injection] = (),
        *,
        seed: int = 0,
        test: str = "",
        clock: Literal["virtual", "real"] = "virtual",
        upstream: Literal["simulated", "passthrough"] | None = None,
        checks: Sequence[str] | None = None,
        allow_unused: bool = False,
        allow_escapes: bool = False,
        suppress: Mapping[str, str] | None = None,
        providers: Providers | None = None,
        replay: str = "",
        beside: Sequence[Path] = (),
        keep: Keep | None = None,
    ) -> None:
        given: dict[str, Any] = {"seed": seed, "clock": clock, "upstream": upstream, "checks": checks}
        given |= {"allow_unused": allow_unused, "allow_escapes": allow_escapes, "suppress": suppress}
        read = options.read(given)
        self.seed: int = read.get("seed", 0)
        self.test = test
        self.replay = replay
        self._beside = beside
        self.token = str(next(_tokens))
        self.shared = False
        self.started: list[tuple[str, str]] = []
        self.providers = providers or Providers()
        self.journal = Journal(keep)
        self.keep = keep
        self.allow_unused: bool = read.get("allow_unused", False)
        self._checks: tuple[str, ...] | None = read.get("checks")
        self._suppress: dict[str, str] = read.get("suppress", {})
        self._clock: Clock = (
            VirtualClock(
                on_hung=lambda text: self._judge.add("hung", text),
                on_passed=lambda text: self.journal.note(self.now, "clock", text),
            )
            if read.get("clock", "virtual") == "virtual"
            else RealClock()
        )
        self._where: str | None = read.get("upstream")
        self._allow_escapes: bool = read.get("allow_escapes", False)
        self._replies = Replies()
        self._fakes = Fakes(self.seed, test)
        self._lock = locks.rlock()
        self._players: list[ScenarioPlayer] = []
        self._such: dict[str, int] = {}
        self._origin = 0.0
        self._skipped = 0.0
        self._stopped_at: float | None = None
        self._under_way = False
        self.home = 0
        self.forsaken = False
        self.surroundings = Surroundings()
        self._judge = Judge(self)
        self.journal.app.canaries = lambda: self.fakes.canaries
        for scenario in scenarios:
            self._add(scenario)
        if scenarios and (problem := unexpected(self._checks or (), scenarios)):
            raise UsageProblem(problem)
        if loose:
            self._add(Scenario.of(loose), loose=True)

    # --- what a test reads --------------------------------------------------------------------------------------

    @property
    def calls(self) -> Calls:
        """Every LLM call so far; `.to("anthropic")`, `.failed` and `.ok` narrow it."""
        return self.journal.exchanges

    @cached_property
    def expect(self) -> Expect:
        """The checks as methods: `llmchaos.expect.failed_over(to="anthropic")`. One that does not hold raises."""
        return Expect(self._judge)

    @property
    def now(self) -> float:
        """Run time in seconds: 0 when chaos started; virtual or real as the clock is."""
        if self._stopped_at is not None:
            return self._stopped_at
        return self._clock.now() - self._origin + self._skipped

    @property
    def dice(self) -> str:
        """What chance in this run hangs on: its seed and its test."""
        return f"{self.seed}|{self.test}"

    @property
    def phase(self) -> str:
        """Name of the phase under way; with several scenarios that of the first with phases."""
        with self._lock:
            self._move()
            return next((player.phase for player in self._players if player.named), "")

    @property
    def clock(self) -> Clock:
        """The clock on which waits pass."""
        return self._clock

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """The scenarios under way, loose faults left out."""
        return tuple(player.scenario for player in self._players if not player.loose)

    @property
    def players(self) -> tuple[ScenarioPlayer, ...]:
        """What is under way: the scenarios and the loose faults, with what each did so far."""
        return tuple(self._players)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """What was judged and recorded so far, held ones included."""
        return self._judge.verdicts

    # --- what a test does ---------------------------------------------------------------------------------------

    def advance(self, by: Any) -> None:
        """Let scenario time pass: `llmchaos.advance("31m")`. In virtual time the app's clocks move along.

        Raises:
            UsageProblem: `by` is no duration.
        """
        try:
            seconds = duration(by)
        except ValueError as problem:
            raise UsageProblem(f"advance: {problem}") from None
        self.journal.note(self.now, "advance", f"advance {show_duration(seconds)}", seconds)
        self._skip(seconds)

    def enter(self, phase: str, *, at_once: bool = False) -> None:
        """Go to the start of a phase: forward in time where it lies ahead, anew where it is over.

        Args:
            phase: its name.
            at_once: begin it now, and let no time pass that does not: for a run in which calls are under way.

        Raises:
            UsageProblem: no scenario under way has such a phase.
        """
        with self._lock:
            self._move()
            named = [player for player in self._players if not player.loose]
            player = next((each for each in named if phase in [one.name for one in each.scenario.flat]), None)
            if player is None:
                if not named:
                    raise UsageProblem(f"enter({phase!r}): no scenario with phases is under way")
                player = named[0]
            skip = player.enter(phase, self.now, at_once=at_once)
        self.journal.note(self.now, "enter", f"enter {phase}", skip)
        self._skip(skip)
        self.journal.note(self.now, "phase", phase)

    def inject(self, *what: Any) -> None:
        """Add scenarios or faults from now on.

        Raises:
            UsageProblem: it is neither, or names no provider.
        """
        from ..scenarios.resolve import resolve

        scenarios, loose = resolve(what, self._beside)
        with self._lock:
            for scenario in scenarios:
                self._add(scenario)
            if loose:
                self._add(Scenario.of(loose), loose=True)
        if self._under_way:
            self._set_date(scenarios)
        text = ", ".join([*(scenario.name for scenario in scenarios), *map(str, loose)])
        self.journal.note(self.now, "inject", f"inject {text}")

    def clear(self) -> None:
        """End all faults: from now on every provider is healthy."""
        with self._lock:
            self._move()
            for player in self._players:
                player.cleared = True
        self.journal.note(self.now, "clear", "clear all faults")

    @contextmanager
    def request(self, name: str) -> Iterator[UserRequest]:
        """Mark what the app does for one request of its user; checks judge each request by itself.

            with llmchaos.request("checkout") as request:
                request.result = shop.checkout()

        What the block raises is kept too; checks such as `documented_error` read both.
        """
        with asking(self.journal, name, lambda: self.now) as asked:
            yield asked

    def result(self, value: Any) -> None:
        """Tell what the app gave its user: in the request at hand, or for all that was asked since the last result."""
        self.journal.app.answered(current.get(), value, self.now)

    def effect(self, name: str, id: Any = None) -> None:  # noqa: A002 - the word for what tells one order from another
        """Tell that the app did what must not be done twice, and to what: `llmchaos.effect("charge", order.id)`."""
        self.journal.app.of(current.get()).effects.append(Effect(name, id, self.now))
        self.journal.note(self.now, "effect", name)

    def replies(self, *replies: Any, target: str = "*") -> None:
        """Script healthy answers: text, a dict or list (structured output), a `ToolCall` or a `Reply`, in order.

        The last one repeats. Without a script the text is made up from the seed.

        Raises:
            UsageProblem: a reply or the target is none.
        """
        self.providers.check_name(Target.parse(target).provider)
        self._replies.add(replies, target)

    def canary(self, kind: str, locale: str = "en_US", provider: str = "openai") -> Canary:
        """Return a made-up text to search for; see `Fakes.canary`."""
        return self.fakes.canary(kind, locale, provider)

    def judge(self, check: str | Check, **parameters: Any) -> Verdict:
        """Return a check's verdict without raising or recording it.

        Raises:
            UsageProblem: no such check or parameter.
        """
        return self._judge.verdict(check, (), parameters)

    # --- life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin: from now on run time goes, on the run's clock; a virtual one moves the waits of this process.

        No HTTP library is intercepted by that: `inject` and the fixture do both. The calling thread is taken for the
        one that runs the test.
        """
        self.home = threading.get_ident()
        try:
            self._clock.start()
            self._set_date(player.scenario for player in self._players)
            self._origin = self._clock.now()
            if (first := next((player for player in self._players if player.named), None)) is not None:
                self.journal.note(0.0, "phase", first.phase)
            self._under_way = True
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End: run time stands still. Can be called again, as after an interrupt."""
        self._under_way = False
        if self._stopped_at is None:
            with self._lock:
                self._move()
            self._stopped_at = self.now
        try:
            self._clock.stop()
        finally:
            self.journal.app.written.stop()
            self.journal.app.mended.stop()

    def finish(self, error: BaseException | None = None) -> None:
        """Judge the whole run: expectations, what hit no call, the always-on checks. Only the first call judges.

        Args:
            error: what the test or block ended with.
        """
        self._gather()
        look_around()
        with self._lock:
            self._move()
        app = self.journal.app
        app.error = None if isinstance(error, AssertionError) else error
        self._judge.finish(self._players, self._checks, self._suppress, complete=error is None)
        app.error = None
        app.release(error)

    def told(self) -> None:
        """What was judged so far has had its say: it is not told again at the end of the teardown."""
        self._judge.told()

    def finish_teardown(self) -> ChaosFailed | None:
        """Judge what came after `told`: escapes, and the always-on checks; return what failed there."""
        self._gather()
        return self._judge.finish_teardown(self._suppress)

    def verdict_error(self, told: Iterable[Verdict] = ()) -> ChaosFailed | None:
        """Return the error that tells what did not hold (verdicts already `told` left out), None when all held."""
        return self._judge.error(told)

    def _gather(self) -> None:
        for text in self.surroundings.gather(self):
            self._judge.add("escape", text)

    # --- inside -------------------------------------------------------------------------------------------------

    def _add(self, scenario: Scenario, loose: bool = False) -> None:
        for target in scenario.targets():
            self.providers.check_name(target.provider)
        for injection in scenario.injections:
            if (nothing := injection.idle()) is not None:
                raise UsageProblem(f"{injection.fault.name} can do nothing: {nothing}")
        for _, problem in dead_windows(scenario.phases):
            raise UsageProblem(f"{scenario.name}: between: {problem}")
        began = self.now if self._under_way else 0.0
        settled = scenario.settled(self.dice)
        lasting = self.keep is not None
        self._players.append(ScenarioPlayer(settled, began, loose, key=str(len(self._players)), lasting=lasting))

    def _set_date(self, scenarios: Iterable[Scenario]) -> None:
        dates = {each.date: each.name for each in scenarios if each.date is not None}
        if len(dates) > 1:
            raise UsageProblem(f"{' and '.join(dates.values())} start on different dates; play one of them at a time")
        for date, name in dates.items():
            if not isinstance(self._clock, VirtualClock):
                raise UsageProblem(
                    f"{name} starts on {date:%Y-%m-%d}: only the virtual clock can set the app's calendar"
                )
            self._clock.set_wall(date.timestamp())

    def _skip(self, seconds: float) -> None:
        if self._clock.name == "virtual":
            self._clock.advance(seconds)
        else:
            self._skipped += seconds
        with self._lock:
            self._move()
