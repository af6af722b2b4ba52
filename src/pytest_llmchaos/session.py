"""One chaos run: ties the engine, the clock, interception and the journal together."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from types import FunctionType
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from . import intercept
from .clock import Clock, ClockUnsupported, RealClock, VirtualClock
from .draw import Draw
from .engine import decide
from .errors import ChaosError, ChaosFailed, FaultUnfit, UsageProblem
from .expect import Expect, Judge
from .intercept._site import call_site
from .journal import Calls, Journal
from .ongoing import Ongoing
from .plan import Plan, Step
from .providers import Providers
from .replies import Replies
from .scenario import Scenario
from .track import Track
from .units import duration, show_duration
from .upstream import AsyncRouted, Given, Routed, Translate, mocked_in_vain, new_router
from .verdict import Verdict

if TYPE_CHECKING:
    import respx

    from .call import Call, HttpRequest
    from .checks import Check
    from .faults import Injection
    from .intercept._drive import AsyncUpstream, SyncUpstream
    from .providers import Provider, Route

__all__ = ["Chaos", "active"]

_lock = threading.Lock()
_stack: list[Chaos] = []
_request: ContextVar[str] = ContextVar("llmchaos_request", default="")


def active() -> Chaos | None:
    """Return the run under way, the innermost one; None when chaos is off.

    The stack is process-wide: a context variable would not reach the threads in which apps call their SDKs.
    """
    try:
        return _stack[-1]
    except IndexError:
        return None


class Chaos:
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
        providers: the providers known to this run.
        replay: tells the user how to run the same again.

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
        providers: Providers | None = None,
        replay: str = "",
    ) -> None:
        if upstream not in (None, "simulated", "passthrough"):
            raise UsageProblem(f"upstream={upstream!r} is not one of 'simulated', 'passthrough'")
        if clock not in ("virtual", "real"):
            raise UsageProblem(f"clock={clock!r} is not one of 'virtual', 'real'")
        self.seed = seed
        self.test = test
        self.replay = replay
        self.providers = providers or Providers()
        self.journal = Journal()
        self.allow_unused = allow_unused
        self._checks = checks
        self._clock: Clock = (
            VirtualClock(on_hung=lambda text: self._judge.add("hung", text)) if clock == "virtual" else RealClock()
        )
        self._where = upstream
        self._allow_escapes = allow_escapes
        self._replies = Replies()
        self._lock = threading.RLock()
        self._tracks: list[Track] = []
        self._such: dict[str, int] = {}
        self._origin = 0.0
        self._skipped = 0.0
        self._stopped_at: float | None = None
        self._judge = Judge(self)
        for scenario in scenarios:
            self._add(scenario)
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
            track = next((each for each in named if phase in [one.name for one in each.scenario.phases]), None)
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

        scenarios, loose = resolve(what)
        with self._lock:
            for scenario in scenarios:
                self._add(scenario)
            if loose:
                self._add(Scenario.of(loose), loose=True)
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
    def request(self, name: str) -> Iterator[None]:
        """Mark what the app does for one request of its user; checks judge each request by itself."""
        token = _request.set(name)
        self.journal.note(self.now, "request", name)
        try:
            yield
        except BaseException:
            self.journal.note(self.now, "raised", name)
            raise
        else:
            self.journal.note(self.now, "answered", name)
        finally:
            _request.reset(token)

    def replies(self, *replies: Any, target: str = "*") -> None:
        """Script healthy answers: text, a dict or list (structured output), a `ToolCall` or a `Reply`, in order.

        The last one repeats. Without a script the text is made up from the seed.

        Raises:
            UsageProblem: a reply or the target is none.
        """
        self._replies.add(replies, target)

    @cached_property
    def upstream(self) -> respx.Router:
        """A respx router whose routes win over the simulated answers."""
        return new_router()

    def judge(self, check: str | Check, **parameters: Any) -> Verdict:
        """Return a check's verdict without raising or recording it.

        Raises:
            UsageProblem: no such check or parameter.
        """
        return self._judge.verdict(check, (), parameters)

    # --- life ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin: patch the HTTP stacks, start the clock, become the active run."""
        intercept.acquire()
        try:
            self._clock.start()
        except BaseException:
            intercept.release()
            raise
        self._origin = self._clock.now()
        if isinstance(first := next((track for track in self._tracks if track.named), None), Track):
            self.journal.note(0.0, "phase", first.phase)
        with _lock:
            _stack.append(self)

    def stop(self) -> None:
        """End: restore everything, whatever happened. Harmless when it has ended already."""
        with _lock:
            if self not in _stack:
                return
            _stack.remove(self)
        with self._lock:
            self._move()
        self._stopped_at = self.now
        try:
            self._clock.stop()
        finally:
            intercept.release()

    def finish(self) -> None:
        """Judge the whole run: expectations of scenarios, what hit no call. Only the first call judges."""
        with self._lock:
            self._move()
        self._judge.finish(self._tracks, self._checks)

    def verdict_error(self, told: Iterable[Verdict] = ()) -> ChaosFailed | None:
        """Return the error that tells what did not hold (verdicts already `told` left out), None when all held."""
        return self._judge.error(told)

    # --- what the stacks use ------------------------------------------------------------------------------------

    def check_async(self) -> None:
        """Fail clearly where virtual time cannot reach the running event loop.

        Raises:
            ClockUnsupported: under uvloop or trio with the virtual clock.
        """
        try:
            self._clock.check_async()
        except ClockUnsupported as problem:
            self._judge.add("clock", str(problem))
            raise

    def begin(self, found: tuple[Provider, Route], request: HttpRequest, via: str, *, own: bool) -> Ongoing | None:
        """Recognise a call, decide its plan and write it down; None where its body shows that it is no LLM call.

        Args:
            found: what `providers.route` gave for its address.
            request: the whole request.
            via: the HTTP stack.
            own: whether a mock or an app in this process answers beneath.

        Raises:
            FaultUnfit: a fault was aimed at it that cannot apply; the run is marked as failed.
            ChaosError: it would pass a mock by that is meant for it; the run is marked as failed.
        """
        call = self.providers.recognise(found, request, where=call_site, request=_request.get(), via=via)
        if call is None:
            return None
        if self._where == "passthrough" and not own and (route := mocked_in_vain(request, via)):
            text = (
                f"{call.label} is sent over {via}, and respx mocks httpx only: {route} cannot answer it, and it would "
                "have left this machine. Give the route to llmchaos.upstream, which answers on every stack"
            )
            self._judge.add("escape", text)
            raise ChaosError(text)
        with self._lock:
            self._move()
            now = self.now
            aimed = [each for track in self._tracks for each in track.aimed(call, now)]
            for text in (text for track in self._tracks for text in track.spent()):
                self.journal.note(now, "over", text)
            identity = call.identity()
            nth = self._such[identity] = self._such.get(identity, 0) + 1
            exchange = self.journal.begin(call, now, self._phase())
        draw = Draw(f"{self.seed}|{self.test}|{identity}|{nth}", self._clock.wall())
        simulated = self._simulated(call, draw, own)
        healthy = Plan(source=None if self._routed else simulated)
        try:
            decision = decide(call, aimed, healthy, draw)
        except FaultUnfit as problem:
            self._judge.add("fault", str(problem), (exchange,))
            exchange.error, exchange.ended = "fault does not fit", now
            raise
        with self._lock:
            for track in self._tracks:
                for key in decision.hits:
                    if track.owns(key):
                        track.count(key, "hit")
                for key, miss in decision.misses:
                    if track.owns(key):
                        track.count(key, miss)
        exchange.faults = decision.plan.faults
        return Ongoing(call, decision.plan, exchange, self._clock, lambda: self.now, request, simulated)

    def upstream_for(self, ongoing: Ongoing, original: SyncUpstream, translate: Translate) -> SyncUpstream:
        """Return where a passthrough plan takes its steps from: the test's routes before what is behind them."""
        behind = original if ongoing.simulated is None else Given(ongoing.simulated)
        return Routed(self.upstream, ongoing.request, behind, translate) if self._routed else behind

    def async_upstream_for(self, ongoing: Ongoing, original: AsyncUpstream, translate: Translate) -> AsyncUpstream:
        """Return the same for an async stack."""
        behind = original if ongoing.simulated is None else Given(ongoing.simulated).in_async()
        return AsyncRouted(self.upstream, ongoing.request, behind, translate) if self._routed else behind

    def escaped(self, found: tuple[Provider, Route], host: str, transport: Any) -> None:
        """Write down that an LLM call got an answer without passing an interception point.

        Args:
            found: what `providers.route` gave for its address.
            host: where it should have gone.
            transport: the object, or a mock's function, that answered.
        """
        if self._allow_escapes:
            return
        kind = transport if isinstance(transport, FunctionType) else type(transport)
        self.journal.note(self.now, "escape", f"{found[0].name}:{found[1].operation}")
        self._judge.add(
            "escape",
            f"a call to {found[0].name}:{found[1].operation} at {host} was answered by "
            f"{kind.__module__}.{kind.__qualname__} and passed no interception point: no fault could reach it, and it "
            "may have left this machine. Start a cassette before the run, give a mock's answers through "
            "llmchaos.upstream instead, build a transport on the library's own HTTPTransport, or accept it with "
            "allow_escapes=True (a response cache, say)",
        )

    def guard(self, method: str, url: str) -> None:
        """Stop a request to a provider that we know but an operation that we do not: it would leave this machine.

        Raises:
            ChaosError: it is one; the run is marked as failed.
        """
        if self._where == "passthrough" or self._allow_escapes or (owner := self.providers.owner(url)) is None:
            return
        parts = urlsplit(url)
        text = (
            f"{method} {parts.path} at {parts.hostname} is a call to {owner.name} that is not simulated, and it would "
            "have left this machine. Answer it with a mock beneath (respx, MockTransport), or let it go with "
            "upstream='passthrough'"
        )
        self.journal.note(self.now, "escape", f"{owner.name}: {method} {parts.path}")
        self._judge.add("escape", text)
        raise ChaosError(text)

    def may_reach(self, host: str, how: str) -> bool:
        """Tell whether something may go to a host by a way that no fault can break; to a provider's it may not.

        Args:
            host: the host's name.
            how: what was done, in a few words that follow the host's name.
        """
        if self._where == "passthrough" or self._allow_escapes or (owner := self.providers.owner(f"//{host}")) is None:
            return True
        where = call_site()
        self.journal.note(self.now, "escape", f"{owner.name}: {host}, {how}")
        broken = ", ".join(sorted(name for name, stack in intercept.stacks().items() if stack.breaks))
        self._judge.add(
            "escape",
            f"{host}: {how}{f' from {where}' if where else ''}. That is a call to {owner.name} over a library that is "
            f"not intercepted ({broken} are), or beneath one that another tool has wrapped (upstream='simulated' "
            "answers above it), and it would have left this machine. Mock it, or let it go with upstream='passthrough'",
        )
        return False

    # --- inside -------------------------------------------------------------------------------------------------

    @property
    def _routed(self) -> bool:
        return "upstream" in self.__dict__ and bool(self.upstream.routes)

    def _simulated(self, call: Call, draw: Draw, own: bool) -> Callable[[], Iterable[Step]] | None:
        if self._where == "passthrough" or (self._where is None and own):
            return None

        def answer() -> Iterator[Step]:
            scripted = self._replies.next(call) if call.operation in ("chat", "completions") else None
            return call.speaks.answer(call, scripted, draw.part("answer")).steps()

        return answer

    def _add(self, scenario: Scenario, loose: bool = False) -> None:
        for injection in scenario.injections:
            self.providers.check_name(injection.target.provider)
        began = self.now if self in _stack else 0.0
        self._tracks.append(Track(scenario, began, loose, key=str(len(self._tracks))))

    def _skip(self, seconds: float) -> None:
        if self._clock.name == "virtual":
            self._clock.advance(seconds)
        else:
            self._skipped += seconds
        with self._lock:
            self._move()

    def _move(self) -> None:
        for track in self._tracks:
            for at, kind, text in track.moves(self.now):
                self.journal.note(at, kind, text)

    def _phase(self) -> str:
        return next((track.phase for track in self._tracks if track.named), "")
