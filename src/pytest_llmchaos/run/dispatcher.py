"""The side of a chaos run that the HTTP stacks see: calls come in and get their plan, or are stopped."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from types import FunctionType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..checks import always_on
from ..clock import Clock, ClockUnsupported
from ..core.call import Call, address, secret
from ..core.call_site import call_site
from ..core.draw import Draw
from ..core.errors import AppNeverStops, ChaosError, FaultUnfit
from ..core.plan import Fail, Part, Plan, Step
from ..core.replies import Replies
from ..journal.entries import Journal
from ..providers import Providers, Route
from .beneath import AsyncBeneath, Beneath, Unasked
from .engine import decide
from .exchange_under_way import ExchangeUnderWay
from .sleep_stubs import sleep_is_stubbed
from .surroundings import Surroundings
from .upstream import AsyncRouted, Given, Routed, Translate, mocked_in_vain, new_router

if TYPE_CHECKING:
    import respx

    from ..core.call import HttpRequest
    from ..core.fakes import Fakes
    from ..journal.app_behaviour import UserRequest
    from ..journal.keeping import Keep
    from ..providers import Provider
    from .judge import Judge
    from .scenario_player import ScenarioPlayer
    from .upstream import AsyncUpstream, SyncUpstream

__all__ = ["Dispatcher", "asking", "current"]

current: ContextVar[UserRequest | None] = ContextVar("llmchaos_request", default=None)
"""The marked request of the app's user that the code at hand belongs to."""

_UNSIMULATED = Route("unsimulated", stream=False)
"""What is asked of a provider where we know only that it is one: files, batches, vector stores."""


_DIGITS = 3
"""Of the digest that ends the identity of a call: by so many a run of days counts, as it cannot keep them all."""


def _nowhere() -> str | None:
    return None


@contextmanager
def asking(journal: Journal, name: str, now: Callable[[], float]) -> Iterator[UserRequest]:
    """Mark what is done in a block as one request of the app's user, and keep what becomes of it."""
    asked = journal.app.begin(name, now())
    token = current.set(asked)
    journal.note(now(), "request", name)
    try:
        yield asked
    except BaseException as error:
        asked.error, asked.ended = error, now()
        kind = type(error)
        journal.note(asked.ended, "raised", name, error=f"{kind.__module__}.{kind.__qualname__}")
        raise
    else:
        asked.ended = now()
        journal.note(asked.ended, "answered", name)
    finally:
        current.reset(token)


class Dispatcher:
    """What a run does with the requests that the stacks hand it; `Chaos` is the whole run."""

    seed: int
    test: str
    providers: Providers
    journal: Journal
    token: str
    shared: bool
    started: list[tuple[str, str]]
    surroundings: Surroundings
    _clock: Clock
    _where: str | None
    _allow_escapes: bool
    _replies: Replies
    _fakes: Fakes
    _lock: threading.RLock
    _players: list[ScenarioPlayer]
    _such: dict[str, int]
    keep: Keep | None = None
    _judge: Judge
    _suppress: dict[str, str]
    _stopped_at: float | None
    _begun = 0
    _never_stops = ""

    @property
    def now(self) -> float:
        """Run time in seconds."""
        raise NotImplementedError

    @property
    def fakes(self) -> Fakes:
        """What this run makes up: `.user()`, `.prompt()`, `.document()`, `.canary(...)`, `.canaries`."""
        return self._fakes

    @cached_property
    def upstream(self) -> respx.Router:
        """A respx router whose routes win over the simulated answers."""
        return new_router()

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

    def begin(
        self, found: tuple[Provider, Route], request: HttpRequest, via: str, *, own: bool
    ) -> ExchangeUnderWay | None:
        """Recognise a call, decide its plan and write it down; None where its body shows that it is no LLM call.

        Args:
            found: what `providers.route` gave for its address.
            request: the whole request.
            via: the HTTP stack.
            own: whether a mock or an app in this process answers beneath.

        Raises:
            AppNeverStops: the app asks without an end.
            FaultUnfit: a fault was aimed at it that cannot apply; the run is marked as failed.
            ChaosError: it would pass a mock by that is meant for it; the run is marked as failed.
        """
        if found[1] is _UNSIMULATED:
            return self._aside(found[0], request, via)
        self._end_an_endless_loop()
        asked = current.get()
        here = self.surroundings.app_is_here
        where = call_site if here else _nowhere
        call = self.providers.recognise(found, request, where=where, request=asked.name if asked else "", via=via)
        if call is None:
            return None
        if self._stopped_at is not None:
            return self._too_late(call, request)
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
            aimed = [each for player in self._players for each in player.aimed(call, now)]
            for player in self._players:
                for text in player.spent():
                    self.journal.note(now, "over", text)
            identity = call.identity()
            such = identity if self.keep is None else identity[-_DIGITS:]
            nth = self._such[such] = self._such.get(such, 0) + 1
            told_to_wait = here and any(each.retry_after for each in self.journal.latest)
            exchange = self.journal.begin(call, now, self._phase())
            exchange.address, exchange.thread = address(request), threading.get_native_id()
            exchange.unslept = told_to_wait and sleep_is_stubbed()
        if here:
            self.journal.app.written.attach()
        self.journal.app.called(asked, exchange)
        self.journal.app.carried(secret(request), request.content, exchange)
        run = f"{self.seed}|{self.test}"
        draw = Draw(f"{run}|{identity}|{nth}", self._clock.wall(), run, now=now)
        answer = self._answer(call, draw)
        simulated = None if self._where == "passthrough" or (self._where is None and own) else answer
        healthy = Plan(source=None if self._routed else simulated)
        try:
            decision = decide(call, aimed, healthy, draw)
        except FaultUnfit as problem:
            self._judge.add("fault", str(problem), (exchange,))
            exchange.error, exchange.ended = "fault does not fit", now
            raise
        with self._lock:
            for player in self._players:
                player.decided(decision, exchange)
        under_way = ExchangeUnderWay(
            call, decision.plan, exchange, self._clock, lambda: self.now, request, simulated, self._struck
        )
        if here:
            under_way.over = lambda over: self.journal.app.mended.look(over, lambda: self.now)
        if simulated is None and own:
            self._unasked.requests.append(request)
            under_way.spare = answer if self._where is None else None
        return under_way

    def _struck(self, part: Part) -> None:
        """Write down that the app met what an injection did."""
        with self._lock:
            for player in self._players:
                player.struck(part.key)

    def _end_an_endless_loop(self) -> None:
        """Stop an app that asks on and on and is never answered: its test would never end, and nothing be said.

        Raises:
            AppNeverStops: it does; each further call raises it again.
        """
        self._begun += 1
        if not self._begun % always_on.ENDLESS and "runaway_retries" not in self._suppress:
            self._never_stops = self._never_stops or always_on.endless(self.journal)
        if self._never_stops:
            raise AppNeverStops(self._never_stops)

    def upstream_for(self, under_way: ExchangeUnderWay, original: SyncUpstream, translate: Translate) -> SyncUpstream:
        """Return where a passthrough plan takes its steps from: the test's routes before what is behind them."""
        behind = original if under_way.simulated is None else Given(under_way.simulated)
        if behind is original:
            behind = Beneath(
                original, under_way.request, self._unasked, Given(under_way.spare) if under_way.spare else None
            )
        return Routed(self.upstream, under_way.request, behind, translate) if self._routed else behind

    def async_upstream_for(
        self, under_way: ExchangeUnderWay, original: AsyncUpstream, translate: Translate
    ) -> AsyncUpstream:
        """Return the same for an async stack."""
        behind = original if under_way.simulated is None else Given(under_way.simulated).in_async()
        if behind is original:
            spare = Given(under_way.spare) if under_way.spare else None
            behind = AsyncBeneath(original, under_way.request, self._unasked, spare)
        return AsyncRouted(self.upstream, under_way.request, behind, translate) if self._routed else behind

    def escaped(self, found: tuple[Provider, Route], host: str, transport: Any) -> None:
        """Write down that an LLM call got an answer without passing an interception point.

        Args:
            found: what `providers.route` gave for its address.
            host: where it should have gone.
            transport: the object, or a mock's function, that answered.
        """
        if self._allow_escapes:
            self.journal.note(self.now, "escape", f"{found[0].name}:{found[1].operation}, accepted")
            return
        kind = transport if isinstance(transport, FunctionType) else type(transport)
        self.journal.note(self.now, "escape", f"{found[0].name}:{found[1].operation}")
        self._judge.add(
            "escape",
            f"a call to {found[0].name}:{found[1].operation} at {host} was answered by "
            f"{kind.__module__}.{kind.__qualname__} and passed no interception point: no fault could reach it, and it "
            "may have left this machine. Give a mock's answers through llmchaos.upstream "
            "instead, build a transport on the library's own HTTPTransport, or accept it with "
            "allow_escapes=True, for a whole suite --llmchaos-allow-escapes (a response cache, say)",
        )

    def guard(self, method: str, url: str) -> tuple[Provider, Route] | None:
        """Stop a request to a provider that we know but an operation that we do not: it would leave this machine.

        Returns:
            what `begin` needs where a route of the test may answer it; None where it may go on.

        Raises:
            ChaosError: it is one, and the test has no routes; the run is marked as failed.
        """
        owner = self.providers.owner(url)
        if owner is not None and self._routed:
            return owner, _UNSIMULATED
        if owner is not None and not self.lets_go:
            parts = urlsplit(url)
            raise self._not_simulated(owner, method, parts.hostname or "", parts.path)
        return None

    @property
    def lets_go(self) -> bool:
        """Whether calls that no fault can reach may leave."""
        return self._where == "passthrough" or self._allow_escapes

    def _not_simulated(self, owner: Provider, method: str, host: str, path: str) -> ChaosError:
        text = (
            f"{method} {path} at {host} is a call to {owner.name} that is not simulated, and it would "
            "have left this machine. Answer it with a route of llmchaos.upstream or a mock beneath (respx, "
            "MockTransport), or let it go with upstream='passthrough'"
        )
        self.journal.note(self.now, "escape", f"{owner.name}: {method} {path}")
        self._judge.add("escape", text)
        return ChaosError(text)

    def _aside(self, owner: Provider, request: HttpRequest, via: str) -> ExchangeUnderWay:
        """Return a request that only a route of the test can answer: no fault strikes it, and no check sees it."""
        what: dict[str, Any] = {"method": request.method, "host": request.host, "path": request.path}
        call = Call(owner.name, _UNSIMULATED.operation, None, False, **what, speaks=owner, timeouts=request.timeouts)

        def stop() -> Iterator[Step]:
            raise self._not_simulated(owner, call.method, call.host, call.path)

        exchange, simulated = Journal().begin(call, self.now), None if self.lets_go else stop
        plan = Plan(source=None)
        return ExchangeUnderWay(call, plan, exchange, self._clock, lambda: self.now, request, simulated, self._struck)

    def _too_late(self, call: Call, request: HttpRequest) -> ExchangeUnderWay:
        """Refuse the call of a thread that outlived its run: it is no other test's, and must reach no provider."""
        exchange = Journal().begin(call, self.now)
        plan = Plan(source=None).instead(Fail("connection_refused"))
        return ExchangeUnderWay(call, plan, exchange, self._clock, lambda: self.now, request, lambda: (), self._struck)

    def may_reach(self, place: str, how: str) -> bool:
        """Tell whether something may go to a place by a way that no fault can break; to a provider's it may not.

        Args:
            place: the host's name, with port and path where they are known.
            how: what was done, in a few words that follow the place.
        """
        if self.lets_go or (owner := self.providers.owner(f"//{place}")) is None:
            return True
        where = call_site()
        place = re.sub(r":443(?=/|$)", "", place)
        self.journal.note(self.now, "escape", f"{owner.name}: {place}, {how}")
        broken = self.surroundings.intercepted()
        self._judge.add(
            "escape",
            f"{place}: {how}{f' from {where}' if where else ''}. That is a call to {owner.name} over a library that is "
            f"not intercepted ({broken} are), or beneath one that another tool has wrapped (upstream='simulated' "
            "answers above it), and it would have left this machine. Mock it, or let it go with upstream='passthrough'",
        )
        return False

    @property
    def _routed(self) -> bool:
        return "upstream" in self.__dict__ and bool(self.upstream.routes)

    @cached_property
    def _unasked(self) -> Unasked:
        return Unasked()

    @property
    def unasked(self) -> list[HttpRequest]:
        """The calls that a mock beneath might have answered and did not, because something else had."""
        return self._unasked.requests

    def _answer(self, call: Call, draw: Draw) -> Callable[[], Iterator[Step]]:
        def answer() -> Iterator[Step]:
            scripted = self._replies.next(call) if call.operation in ("chat", "completions") else None
            return call.speaks.answer(call, scripted, draw.part("answer")).steps()

        return answer

    def _move(self) -> None:
        for player in self._players:
            for at, kind, text in player.moves(self.now):
                self.journal.note(at, kind, text)

    def _phase(self) -> str:
        return next((player.phase for player in self._players if player.named), "")
