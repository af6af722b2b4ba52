"""One chaos run: ties the engine, the clock, interception and the journal together."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from . import _locks, _work, chance, draw, intercept, options
from .call import Target
from .children import _current
from .children._forks import gather, watch
from .children._heard import hear
from .children._post import post
from .clock import Clock, RealClock, VirtualClock
from .errors import ChaosFailed, UsageProblem
from .expect import Expect, Judge, unexpected
from .journal import Calls, Journal
from .observed import Effect, UserRequest
from .providers import Providers
from .reception import Reception, asking, current
from .redact import look_around
from .replies import Replies
from .scenario import Scenario, dead_windows
from .track import Track
from .units import duration, show_duration
from .verdict import Verdict

if TYPE_CHECKING:
    from pathlib import Path

    from ._canary import Canary, Fakes
    from .checks import Check
    from .faults import Injection

__all__ = ["Chaos", "active"]

_lock = _locks.rlock()
_stack: list[Chaos] = []
_begun: list[Chaos] = []
_tokens = itertools.count(1)
# Runs that are over, with work that is not: sockets stay watched for these, so that they reach no provider.
_lingering: list[Chaos] = []


def active() -> Chaos | None:
    """Return the run that the calling code's calls belong to; None when chaos is off.

    The innermost run that the calling thread has started itself, else the innermost of all; for work that outlives the
    run in which it was handed over, still that one, which stops its calls. The stack is process-wide: a context
    variable would not reach the threads in which apps call their SDKs.
    """
    runs = tuple(_stack)
    owner: Chaos | None = _work.owner() if runs or _lingering else None
    if owner is not None and owner not in runs:
        return owner
    if not runs:
        return _current.elsewhere() if _current.elsewhere is not None else None
    return on()


def on() -> Chaos | None:
    """Return the run that is on for the calling thread, whatever it does; None where none is."""
    runs, me = tuple(_stack), threading.get_ident()
    return next((run for run in reversed(runs) if run.home == me), runs[-1] if runs else None)


def is_home(ident: int) -> bool:
    """Tell whether a thread has started a run that is on."""
    return any(run.home == ident for run in tuple(_stack))


def is_on(run: Any) -> bool:
    """Tell whether a run is on; None is none."""
    return run in _stack


@contextmanager
def afterwards(run: Chaos) -> Iterator[None]:
    """Stop the calls of a block, which does work of a run, where that is over."""
    if run in _stack:
        yield
        return
    _lingering.append(run)
    intercept.acquire(run)
    try:
        with _work.doing(run):
            yield
    finally:
        _reap()
        intercept.release(run, watching=bool(_lingering))


def _reap() -> None:
    """Forget runs whose work has come to its end meanwhile."""
    _lingering[:] = [each for each in _lingering if _work.still_done(each)]


def clean_up() -> None:
    """Stop the runs whose start or stop was interrupted."""
    with _lock:
        for run in [each for each in reversed(_begun) if each.forsaken or each not in _stack]:
            run.stop()


class Chaos(Reception):
    """A chaos run: what the `llmchaos` fixture and `inject` give.

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
        self.journal = Journal()
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
        self._lock = _locks.rlock()
        self._tracks: list[Track] = []
        self._such: dict[str, int] = {}
        self._origin = 0.0
        self._skipped = 0.0
        self._stopped_at: float | None = None
        self.home = 0
        self._before: Chaos | None = None
        self.forsaken = False
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
    def phase(self) -> str:
        """Name of the phase under way; with several scenarios that of the first with phases."""
        with self._lock:
            self._move()
            return next((track.phase for track in self._tracks if track.named), "")

    @property
    def clock(self) -> Clock:
        """The clock on which waits pass."""
        return self._clock

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """The scenarios under way, loose faults left out."""
        return tuple(track.scenario for track in self._tracks if not track.loose)

    @property
    def fakes(self) -> Fakes:
        """What this run makes up: `.user()`, `.prompt()`, `.document()`, `.canary(...)`, `.canaries`."""
        from ._canary import fakes

        return fakes(self)

    @property
    def tracks(self) -> tuple[Track, ...]:
        """What is under way: the scenarios and the loose faults, with what each did so far."""
        return tuple(self._tracks)

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

    def enter(self, phase: str) -> None:
        """Go to the start of a phase: forward in time where it lies ahead, anew where it is over.

        Raises:
            UsageProblem: no scenario under way has such a phase.
        """
        with self._lock:
            self._move()
            named = [track for track in self._tracks if not track.loose]
            track = next((each for each in named if phase in [one.name for one in each.scenario.flat]), None)
            if track is None:
                if not named:
                    raise UsageProblem(f"enter({phase!r}): no scenario with phases is under way")
                track = named[0]
            skip = track.enter(phase, self.now)
        self.journal.note(self.now, "enter", f"enter {phase}", skip)
        self._skip(skip)
        self.journal.note(self.now, "phase", phase)

    def inject(self, *what: Any) -> None:
        """Add scenarios or faults from now on.

        Raises:
            UsageProblem: it is neither, or names no provider.
        """
        from .resolve import resolve

        scenarios, loose = resolve(what, self._beside)
        with self._lock:
            for scenario in scenarios:
                self._add(scenario)
            if loose:
                self._add(Scenario.of(loose), loose=True)
        if self in _stack:
            self._set_date(scenarios)
        text = ", ".join([*(scenario.name for scenario in scenarios), *map(str, loose)])
        self.journal.note(self.now, "inject", f"inject {text}")

    def clear(self) -> None:
        """End all faults: from now on every provider is healthy."""
        with self._lock:
            self._move()
            for track in self._tracks:
                track.cleared = True
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
        """Begin: patch the HTTP stacks, start the clock, become the active run.

        The calling thread is taken for the one that runs the test.
        """
        look_around()
        draw.ready()  # what we import ourselves costs the app nothing
        with _lock:
            clean_up()
            _reap()
            self.home, self.forsaken = threading.get_ident(), False
            _begun.append(self)
            try:
                intercept.acquire(self)
                chance.seed(self, f"{self.seed}|{self.test}")
                self._clock.start()
                self._set_date(track.scenario for track in self._tracks)
                self._origin = self._clock.now()
                if isinstance(first := next((track for track in self._tracks if track.named), None), Track):
                    self.journal.note(0.0, "phase", first.phase)
                self.journal.app.written.start()
                watch()
                _stack.append(self)
                self._before = _work.begin(self)
                post.write(on())
            except BaseException:
                self.stop()
                raise

    def stop(self) -> None:
        """End: restore everything, whatever happened. Harmless when it has ended already.

        Can be called again after an interrupt; the start of the next run and the end of pytest do so too.
        """
        with _lock:
            if self not in _begun:
                return
            if self not in _lingering:  # before it is off, so that nothing goes on in between as if it were nobody's
                _lingering.append(self)
            if self in _stack:
                _stack.remove(self)
                post.write(on())
            if self._stopped_at is None:
                with self._lock:
                    self._move()
                self._stopped_at = self.now
            try:
                self.journal.app.written.stop()
                self.journal.app.mended.stop()
                self._clock.stop()
            finally:
                _work.end(self, self._before)
                _reap()
                intercept.release(self, watching=bool(_lingering))
                chance.restore(self)
            if self in _begun:  # else the collector ended it in the middle of this
                _begun.remove(self)

    def forsake(self) -> None:
        """Nobody can end this run any more: end it here, or have the start of the next one do so.

        Called by the garbage collector, in any thread and in the middle of anything, so it waits for no lock of another
        thread: it could be one that waits for a lock of this thread.
        """
        if self not in _begun:
            return
        self.forsaken = True
        if self.home == threading.get_ident():
            self.stop()

    def reseed(self) -> None:
        """Let chance begin anew: another plugin may have seeded it since the run began."""
        chance.seed(self, f"{self.seed}|{self.test}")

    def finish(self, error: BaseException | None = None) -> None:
        """Judge the whole run: expectations, what hit no call, the always-on checks. Only the first call judges.

        Args:
            error: what the test or block ended with.
        """
        self._hear_children()
        look_around()
        with self._lock:
            self._move()
        app = self.journal.app
        app.error = None if isinstance(error, AssertionError) else error
        self._judge.finish(self._tracks, self._checks, self._suppress, complete=error is None)
        app.error = None
        app.release(error)

    def told(self) -> None:
        """What was judged so far has had its say: it is not told again at the end of the teardown."""
        self._judge.told()

    def finish_teardown(self) -> ChaosFailed | None:
        """Judge what came after `told`: escapes, and the always-on checks; return what failed there."""
        self._hear_children()
        return self._judge.finish_teardown(self._suppress)

    def verdict_error(self, told: Iterable[Verdict] = ()) -> ChaosFailed | None:
        """Return the error that tells what did not hold (verdicts already `told` left out), None when all held."""
        return self._judge.error(told)

    def _hear_children(self) -> None:
        gather(self)
        for text in hear(self):
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
        began = self.now if self in _stack else 0.0
        settled = scenario.settled(f"{self.seed}|{self.test}")
        self._tracks.append(Track(settled, began, loose, key=str(len(self._tracks))))

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
