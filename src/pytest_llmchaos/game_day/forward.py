"""The proxy for apps that are told of it by HTTPS_PROXY: calls to providers are opened up, all others tunnelled."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..core.call import Call
from .wire import Connection, Limits, Reply, Request, Service

if TYPE_CHECKING:
    from ..journal.entries import Exchange
    from ..providers import Provider
    from ..run.chaos import Chaos
    from .authority import Authority, Leaf

__all__ = ["Forward"]

_SECONDS = 30.0
"""How long a handshake may take, and the connection to who is tunnelled to."""


class Forward:
    """Answers CONNECT.

    Args:
        run: tells whose hosts are providers', and what goes wrong with their certificates.
        authority: has a certificate for each of them.
        limits: what one client may cost.
        alive: the connections there are.

    Attributes:
        failed: is told of each call that a bad certificate kept from being made.
    """

    def __init__(self, run: Chaos, authority: Authority, limits: Limits, alive: set[Connection]) -> None:
        self._run = run
        self._authority = authority
        self._limits = limits
        self._alive = alive
        self._tunnels: set[_End] = set()
        self.failed: Callable[[Exchange], None] = lambda exchange: None

    def close(self) -> None:
        """Close all tunnels."""
        for each in list(self._tunnels):
            each.transport.close()

    async def connect(self, request: Request, reply: Reply, inside: Any) -> None:
        """Open a provider's connection up and answer what comes within it; tunnel to everybody else.

        Args:
            request, reply: the CONNECT, and how it is answered.
            inside: makes the service for what is asked of a host.
        """
        host, port = _place(request.target)
        if not host:
            await reply.send(400, b"llmchaos: CONNECT takes host:port\n", "text/plain")
        elif port == 443 and (provider := self._run.providers.at(host)) is not None:
            await self._open(provider, host, reply, inside(f"https://{host}"))
        else:
            await self._tunnel(host, port, reply)

    async def _open(self, provider: Provider, host: str, reply: Reply, service: Service) -> None:
        context = self._authority.context(host, self._leaf(provider, host))
        transport = await reply.take_over(b"HTTP/1.1 200 Connection established\r\n\r\n")
        inner = Connection(service, self._limits, self._alive)
        loop = asyncio.get_running_loop()
        try:
            secured = await loop.start_tls(transport, inner, context, server_side=True, ssl_handshake_timeout=_SECONDS)
        except OSError:  # the client trusts it not, as it should where the certificate is bad; ssl's errors are such
            transport.abort()
            return
        if secured is not None:
            inner.connection_made(secured)

    def _leaf(self, provider: Provider, host: str) -> Leaf:
        """Return what is wrong with the host's certificate now, by faults that hit all of its provider."""
        phase = self._run.phase  # first of all: to ask for it lets phases begin and end
        for player in self._run.players:
            for key, injection in player.of_all_calls(provider.name, self._run.now):
                leaf: Leaf | None = None
                if injection.fault.name == "certificate_expired":
                    leaf = "expired"
                elif injection.fault.name == "wrong_host" and getattr(injection.fault, "form", "") == "certificate":
                    leaf = "wrong_host"
                if leaf is not None:
                    player.struck(key)
                    self._failed(provider, host, phase, injection.fault.name)
                    return leaf
        return "good"

    def _failed(self, provider: Provider, host: str, phase: str, fault: str) -> None:
        """Write down the call that will not come to be: nobody knows yet what it would have asked for."""
        run = self._run
        call = Call(provider.name, "handshake", None, False, method="CONNECT", host=host, path="", speaks=provider)
        exchange = run.journal.begin(call, run.now, phase)
        exchange.via, exchange.error, exchange.ended = "proxy", fault, run.now
        exchange.faults = (fault,)
        self.failed(exchange)

    async def _tunnel(self, host: str, port: int, reply: Reply) -> None:
        loop = asyncio.get_running_loop()
        there = _End(self._tunnels)
        try:
            async with asyncio.timeout(_SECONDS):
                await loop.create_connection(lambda: there, host, port)
        except (OSError, TimeoutError):
            await reply.send(502, f"llmchaos: {host}:{port} cannot be reached\n".encode(), "text/plain")
            return
        transport = await reply.take_over(b"HTTP/1.1 200 Connection established\r\n\r\n")
        here = _End(self._tunnels)
        here.other, there.other = there, here
        transport.set_protocol(here)
        here.connection_made(transport)
        transport.resume_reading()
        if there.transport is not None:
            there.transport.resume_reading()


class _End(asyncio.Protocol):
    """One end of a tunnel: what comes in goes out at the other."""

    def __init__(self, alive: set[_End]) -> None:
        self.transport: Any = None
        self.other: _End | None = None
        self._alive = alive
        self._ended = False

    def connection_made(self, transport: Any) -> None:
        """It is open; nothing is read before both ends are."""
        self.transport = transport
        self._alive.add(self)
        if self.other is None:
            transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        """Something came."""
        if self.other is not None:
            self.other.transport.write(data)

    def eof_received(self) -> bool:
        """No more will."""
        self._ended = True
        if self.other is None or self.other._ended:
            return False  # both have said all
        with contextlib.suppress(OSError, RuntimeError):
            self.other.transport.write_eof()
        return True

    def connection_lost(self, error: Exception | None) -> None:
        """It is closed, and so is the other."""
        self._alive.discard(self)
        if self.other is not None:
            self.other.transport.close()

    def pause_writing(self) -> None:
        """It takes no more for now."""
        if self.other is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        """It does again."""
        if self.other is not None:
            with contextlib.suppress(RuntimeError):
                self.other.transport.resume_reading()


def _place(target: str) -> tuple[str, int]:
    host, _, port = target.rpartition(":")
    host = host.strip("[]").lower().removesuffix(".")
    return (host, int(port)) if port.isdecimal() and 0 < int(port) < 65_536 else ("", 0)
