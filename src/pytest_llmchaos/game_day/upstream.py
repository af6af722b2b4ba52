"""The real provider behind the proxy: bytes are passed on as they come."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import aiohttp
from yarl import URL

from ..core.plan import Chunk, End, FailKind, Head, Step
from .playing import Broken
from .wire import HOP_BY_HOP

if TYPE_CHECKING:
    from ..core.call import HttpRequest

__all__ = ["Web", "new_session"]

_NOT_PASSED_ON = HOP_BY_HOP | {"host", "proxy-authorization", "content-length", "expect"}


def new_session() -> aiohttp.ClientSession:
    """Return a client that alters nothing, follows nothing and has no limits but the app's own."""
    return aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=None, connect=60, sock_read=None),
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        connector=aiohttp.TCPConnector(limit=0),
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        trust_env=False,  # a proxy that is set for the app is this one
    )


class Web:
    """Takes the steps of an answer from the provider: a Head first, then Chunks, then End."""

    def __init__(self, session: aiohttp.ClientSession, request: HttpRequest, address: str) -> None:
        self._session = session
        self._request = request
        self._address = URL(address, encoded=True)
        self._response: aiohttp.ClientResponse | None = None
        self._pieces: AsyncIterator[bytes] | None = None

    async def pull(self) -> Step:
        """Return the next step.

        Raises:
            Broken: the provider cannot be reached, or breaks off.
        """
        try:
            if self._pieces is None:
                return await self._ask()
            async for piece in self._pieces:
                return Chunk(piece)
            return End()
        except (aiohttp.ClientError, OSError) as error:
            raise Broken(_kind(error, begun=self._response is not None)) from error

    async def _ask(self) -> Head:
        request = self._request
        self._response = await self._session.request(
            request.method,
            self._address,
            data=request.content or None,
            headers=[each for each in request.headers if each[0].lower() not in _NOT_PASSED_ON],
            allow_redirects=False,
        )
        self._pieces = self._response.content.iter_any()
        return Head(self._response.status, tuple(self._response.headers.items()))

    async def close(self) -> None:
        """Let go of the connection; one whose answer was not read to its end is closed."""
        if self._response is not None:
            self._response.close() if not self._response.content.at_eof() else self._response.release()


def _kind(error: Exception, *, begun: bool) -> FailKind:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "dns_failure"
    if isinstance(error, aiohttp.ClientConnectorCertificateError | ssl.SSLError | aiohttp.ClientConnectorSSLError):
        return "certificate_wrong_host"
    if isinstance(error, asyncio.TimeoutError):
        return "connect_timeout"
    if isinstance(error, aiohttp.ClientConnectorError):
        return "connection_refused"
    if begun:
        return "stream_cut"
    return "server_disconnected" if isinstance(error, aiohttp.ServerDisconnectedError) else "connection_reset"
