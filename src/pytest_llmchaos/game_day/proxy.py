"""The proxy of a game-day: an app's LLM calls come in, the run decides, and the answer goes out on the socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..core.call import HttpRequest, Timeouts
from ..core.errors import ChaosError, UsageProblem
from ..core.plan import Chunk, Head
from .addresses import Place, check_origins, place
from .authority import Authority
from .forward import Forward
from .known import CONTROL
from .playing import Broken, NoUpstream, play
from .wire import Connection, Limits, Reply, Request, Service

if TYPE_CHECKING:
    import aiohttp

    from ..journal.entries import Exchange
    from ..run.chaos import Chaos
    from ..run.exchange_under_way import ExchangeUnderWay
    from .control import Control

__all__ = ["Proxy"]

_LOOK = 0.2
"""Seconds between two looks whether the phase has changed."""


_BACKLOG = 4_096
"""Connections that wait to be taken: of one that finds no room the first request is late by a second."""

_MOST_UNKNOWN = 500
"""Different things that nobody answers, told apart."""


class Proxy:
    """A reverse proxy: `/openai/v1/...` is asked of api.openai.com, or answered by the simulated one. And a forward
    proxy, for apps that are told of it by HTTPS_PROXY.

    Args:
        run: decides and keeps the journal; its clock is real.
        origins: where calls to a provider go, by its name, in place of its usual host.
        session: asks the real providers; None simulates them.
        limits: what one client may cost.

    Attributes:
        authority: has the certificate that clients of the forward proxy must trust.
        forward: answers CONNECT.
        control: answers the control API; None while there is none.
        unknown: what was asked that nobody answers, and how often.
        outcomes: how calls ended, by provider.
        struck: how many calls a fault has met.
    """

    def __init__(
        self,
        run: Chaos,
        *,
        origins: Mapping[str, str] | None = None,
        session: aiohttp.ClientSession | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.run = run
        self.control: Control | None = None
        self.unknown: Counter[str] = Counter()
        self.outcomes: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.struck = 0
        self._origins = dict(origins or {})
        check_origins(run.providers, self._origins)
        self._session = session
        self._limits = limits or Limits()
        self._connections: set[Connection] = set()
        self.authority = Authority(run.providers.hosts())
        self.forward = Forward(run, self.authority, self._limits, self._connections)
        self.forward.failed = self._over
        self._playing: dict[Reply, ExchangeUnderWay] = {}
        self._server: asyncio.Server | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._phase = ""

    @property
    def real(self) -> bool:
        """Whether what no fault answers is asked of the real providers."""
        return self._session is not None

    @property
    def under_way(self) -> int:
        """How many calls are being answered."""
        return len(self._playing)

    async def start(self, host: str, port: int) -> int:
        """Listen; return the port, which is another one where 0 was asked for.

        Raises:
            UsageProblem: nothing can be bound there.
        """
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: Connection(self.answer, self._limits, self._connections), host, port, backlog=_BACKLOG
            )
        except OSError as problem:
            raise UsageProblem(f"cannot listen on {host}:{port}: {problem.strerror or problem}") from None
        self._phase = self.run.phase
        self._ticking = loop.create_task(self._tick())
        found: int = self._server.sockets[0].getsockname()[1]
        return found

    async def stop(self) -> None:
        """Take no more, and close what is open."""
        if self._ticking is not None:
            self._ticking.cancel()
        if self._server is not None:
            self._server.close()
        self.forward.close()
        for each in list(self._connections):
            each.close()
        for reply in list(self._playing):
            reply.reset()
        for _ in range(100):  # for the tasks to see it
            if not self._connections:
                break
            await asyncio.sleep(0.01)

    def clear(self) -> None:
        """End all faults, those of calls under way included: these lose their connection, as if the provider had
        restarted, and the next try is healthy."""
        self.run.clear()
        for reply, under_way in list(self._playing.items()):
            if under_way.plan.faults:
                reply.reset()
        self.changed()

    def changed(self) -> None:
        """Something else goes wrong from now on: connections that wait for a request are closed, so that a fault of
        connections meets clients that keep theirs."""
        for each in list(self._connections):
            if each.idle:
                each.close()

    async def answer(self, request: Request, reply: Reply) -> None:
        """Answer one request, whatever it is."""
        if request.target.startswith(CONTROL) and self.control is not None:
            await self.control.answer(request, reply)
            return
        if request.method == "CONNECT":
            await self.forward.connect(request, reply, self._inside)
            return
        try:
            if request.target.startswith("http://"):
                found = self._asked_plainly(request.target)
            else:
                found = place(self.run.providers, request.target, self._origins, real=self.real)
        except UsageProblem as problem:
            self._not_answered(_without_secrets(request.target))
            await _refuse(reply, 404, str(problem))
            return
        await self._at(found, request, reply)

    def _inside(self, origin: str) -> Service:
        """Return what answers requests within a connection to a provider's host."""

        async def answer(request: Request, reply: Reply) -> None:
            await self._at(self._named(f"{origin}{request.target}"), request, reply)

        return answer

    def _named(self, url: str) -> Place:
        """Return where an address of a provider is asked: where the user says, or there."""
        host, _, rest = url.partition("://")[2].partition("/")
        provider = self.run.providers.at(host)
        origin = self._origins.get(provider.name) if provider is not None else None
        return Place(url, url if origin is None else f"{origin}/{rest}")

    def _asked_plainly(self, url: str) -> Place:
        host = url.partition("://")[2].partition("/")[0]
        if self.run.providers.at(host) is None:
            raise UsageProblem(f"{host[:80]} is no provider's, and plain HTTP to others is not passed on; see NO_PROXY")
        return self._named(url)

    async def _at(self, where: Place, request: Request, reply: Reply) -> None:
        sent = HttpRequest(request.method, where.url, request.headers, request.body, Timeouts())
        providers = self.run.providers
        named = providers.called(where.provider)
        found = providers.route_of(named, sent.method, sent.url) if named else providers.route(sent.method, sent.url)
        try:
            under_way = self.run.begin(found, sent, "proxy", own=False) if found else None
        except ChaosError as problem:  # a fault that does not fit the call: the verdict tells it
            self._not_answered(str(problem))
            await _refuse(reply, 500, str(problem))
            return
        if under_way is None:
            await self._aside(sent, where, reply)
            return
        self._playing[reply] = under_way
        try:
            await play(under_way, self._upstream(sent, where) if self.real else NoUpstream(), reply)
        finally:
            del self._playing[reply]
            self._over(under_way.exchange)

    def _over(self, exchange: Exchange) -> None:
        self.outcomes[exchange.provider][exchange.outcome] += 1
        self.struck += bool(exchange.faults)

    async def _aside(self, sent: HttpRequest, where: Place, reply: Reply) -> None:
        """What is no LLM call meets no fault."""
        if self._session is None:
            self._not_answered(f"{sent.method} {sent.host}{sent.path}")
            await _refuse(reply, 404, f"{sent.method} {sent.path} at {sent.host} is not simulated")
            return
        upstream = self._upstream(sent, where)
        try:
            while not isinstance(step := await upstream.pull(), Head):
                pass
            await reply.head(step.status, step.headers)
            while isinstance(piece := await upstream.pull(), Chunk):
                await reply.data(piece.data)
            await reply.end()
        except Broken:
            reply.reset()
        finally:
            await upstream.close()

    def _not_answered(self, what: str) -> None:
        what = what[:200] if len(self.unknown) < _MOST_UNKNOWN else "others"
        self.unknown[what] += 1

    def _upstream(self, sent: HttpRequest, where: Place) -> Any:
        from .upstream import Web

        assert self._session is not None  # noqa: S101 # else nobody asks
        return Web(self._session, sent, where.asked)

    async def _tick(self) -> None:
        """Let phases begin and end though nobody calls."""
        while True:
            await asyncio.sleep(_LOOK)
            if (phase := self.run.phase) != self._phase:
                self._phase = phase
                self.changed()


def _without_secrets(target: str) -> str:
    """Return where a request went that was for nobody: its host, or the first word of its path."""
    parts = urlsplit(target)
    return parts.netloc.rpartition("@")[2] or f"/{parts.path.lstrip('/').partition('/')[0][:80]}"


async def _refuse(reply: Reply, status: int, text: str) -> None:
    body = json.dumps({"error": {"type": "llmchaos", "message": f"llmchaos: {text}"}}).encode()
    with contextlib.suppress(ConnectionError):
        await reply.send(status, body, "application/json")
