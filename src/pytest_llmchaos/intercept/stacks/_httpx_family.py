"""httpx and httpx2: two import trees of one design, intercepted by one piece of code.

The place is the lowest step that is still the library's own, `HTTPTransport.handle_request` and its async twin, so
that retries inside custom transports run on top of us; and its other end points (Mock, ASGI, WSGI), whose answers
stay the healthy ones. A sentinel at `Client.send` notices an LLM call that passed none of these.
"""

from __future__ import annotations

import errno
import socket
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Any

from ...core.call import HttpRequest, Timeouts
from ...core.plan import Chunk, End, FailKind, Head, Headers, Step
from ...run.beneath import let_through
from ...run.driver import AsyncDriver, SyncDriver
from ._certificates import CERTIFICATES, certificate_error
from ._passage import found_above, passed, watch
from ._patches import Patching
from ._resets import seen_by_blocking
from .respx import unrouted

if TYPE_CHECKING:
    from ...run.chaos import Chaos

__all__ = ["HttpxStack"]

_Cause = Callable[[], BaseException] | None

# The request that is being answered from beneath. A tool that took our step for the library's own, because it started
# during a run, sends it by there once more: a cassette that records, a mock that lets a request through.
_beneath: ContextVar[Any] = ContextVar("llmchaos_httpx_beneath", default=None)

_REFUSED = partial(ConnectionRefusedError, errno.ECONNREFUSED, "Connection refused")
_NO_NAME = partial(socket.gaierror, socket.EAI_NONAME, "Name or service not known")
_RESET = partial(ConnectionResetError, errno.ECONNRESET, "Connection reset by peer")
_EARLY_END = "peer closed connection without sending complete message body (incomplete chunked read)"

# What each failure is in httpx: class, text of the sync and of the async client, and the error behind each. Measured
# on httpx 0.28 and httpx2 2.16 on Linux against a scripted loopback server (over TLS for the sync read timeout):
# async, anyio words some itself and leaves others without a word.
_FAILURES: dict[FailKind, tuple[str, str, str, _Cause, _Cause]] = {
    "connection_refused": (
        "ConnectError",
        "[Errno 111] Connection refused",
        "All connection attempts failed",
        _REFUSED,
        partial(OSError, "All connection attempts failed"),
    ),
    "dns_failure": (
        "ConnectError",
        "[Errno -2] Name or service not known",
        "[Errno -2] Name or service not known",
        _NO_NAME,
        _NO_NAME,
    ),
    "connection_reset": ("ReadError", "[Errno 104] Connection reset by peer", "", _RESET, _RESET),
    "server_disconnected": (
        "RemoteProtocolError",
        "Server disconnected without sending a response.",
        "Server disconnected without sending a response.",
        None,
        None,
    ),
    "stream_cut": ("RemoteProtocolError", _EARLY_END, _EARLY_END, None, None),
    "pool_timeout": ("PoolTimeout", "", "", None, None),
    "connect_timeout": ("ConnectTimeout", "timed out", "", partial(TimeoutError, "timed out"), TimeoutError),
    "write_timeout": (
        "WriteTimeout",
        "The write operation timed out",
        "",
        partial(TimeoutError, "The write operation timed out"),
        TimeoutError,
    ),
    "read_timeout": (
        "ReadTimeout",
        "The read operation timed out",
        "",
        partial(TimeoutError, "The read operation timed out"),
        TimeoutError,
    ),
}


class HttpxStack(Patching):
    """Intercepts one library of the family.

    Args:
        library: `httpx` or `httpx2`.
        core: name of the library beneath it, whose methods mocking tools replace.
    """

    def __init__(self, library: str, core: str) -> None:
        self.library = library
        self.breaks = True
        self.core = core
        self._roots = (library, core)
        super().__init__()

    @property
    def _module(self) -> Any:
        return sys.modules[self.library]

    def install(self) -> None:
        """Patch the library, or lie on top again where another tool patched over us."""
        module = self._module
        self._patches.replace(module.HTTPTransport, "handle_request", self._sync_point(own=False))
        self._patches.replace(module.AsyncHTTPTransport, "handle_async_request", self._async_point(own=False))
        self._patches.replace(module.MockTransport, "handle_request", self._sync_point(own=True))
        self._patches.replace(module.MockTransport, "handle_async_request", self._async_point(own=True))
        self._patches.replace(module.WSGITransport, "handle_request", self._sync_point(own=True))
        self._patches.replace(module.ASGITransport, "handle_async_request", self._async_point(own=True))
        self._patches.replace(module.Client, "send", self._sync_sentinel)
        self._patches.replace(module.AsyncClient, "send", self._async_sentinel)

    # --- interception points: `own` ones answer for themselves, as a mock or an app in this process does ---------

    def _sync_point(self, own: bool) -> Any:
        def wrap(original: Any) -> Any:
            def handle_request(transport: Any, request: Any) -> Any:
                chaos, found, url = _look(request)
                if found is None and chaos is not None and not own and not self._mocked(original):
                    found = chaos.guard(request.method, url)
                if chaos is None or found is None:
                    return original(transport, request)
                request.read()
                answers = self._answers(own, original, request)
                under_way = chaos.begin(found, self._neutral(request, url), self.library, own=answers)
                if under_way is None:
                    return original(transport, request)
                upstream = chaos.upstream_for(under_way, _SyncOriginal(original, transport, request), self._translate)

                def failure(kind: FailKind) -> BaseException:
                    in_body = under_way.exchange.status is not None
                    kind = seen_by_blocking(kind, request.url.scheme, in_body=in_body)
                    return self._exception(kind, request, is_async=False)

                driver = SyncDriver(under_way, failure, upstream)
                return self._response(driver.head(), self._sync_body(driver), request)

            return handle_request

        return wrap

    def _async_point(self, own: bool) -> Any:
        def wrap(original: Any) -> Any:
            async def handle_async_request(transport: Any, request: Any) -> Any:
                chaos, found, url = _look(request)
                if found is None and chaos is not None and not own and not self._mocked(original):
                    found = chaos.guard(request.method, url)
                if chaos is None or found is None:
                    return await original(transport, request)
                await request.aread()
                chaos.check_async()
                answers = self._answers(own, original, request)
                under_way = chaos.begin(found, self._neutral(request, url), self.library, own=answers)
                if under_way is None:
                    return await original(transport, request)
                upstream = chaos.async_upstream_for(
                    under_way, _AsyncOriginal(original, transport, request), self._translate
                )
                driver = AsyncDriver(under_way, partial(self._exception, request=request, is_async=True), upstream)
                return self._response(await driver.head(), self._async_body(driver), request)

            return handle_async_request

        return wrap

    # --- the sentinel -------------------------------------------------------------------------------------------

    def _sync_sentinel(self, original: Any) -> Any:
        def send(client: Any, request: Any, **options: Any) -> Any:
            chaos, found, url = _look(request, tick=False)
            if chaos is None or found is None:
                return original(client, request, **options)
            with watch((request, request.url, chaos, found, url)) as sent:
                response = original(client, request, **options)
            if not sent.seen:
                chaos.escaped(found, str(request.url.host), client._transport_for_url(request.url))
            return response

        return send

    def _async_sentinel(self, original: Any) -> Any:
        async def send(client: Any, request: Any, **options: Any) -> Any:
            chaos, found, url = _look(request, tick=False)
            if chaos is None or found is None:
                return await original(client, request, **options)
            with watch((request, request.url, chaos, found, url)) as sent:
                response = await original(client, request, **options)
            if not sent.seen:
                chaos.escaped(found, str(request.url.host), client._transport_for_url(request.url))
            return response

        return send

    # --- translation --------------------------------------------------------------------------------------------

    def _neutral(self, request: Any, url: str) -> HttpRequest:
        limits = request.extensions.get("timeout") or {}
        known = (limits.get("pool"), limits.get("connect"), limits.get("write"), limits.get("read"))
        return HttpRequest(request.method, url, _headers(request.headers), request.content, _limits(*known))

    def _response(self, head: Head, stream: Any, request: Any) -> Any:
        return self._module.Response(
            head.status,
            headers=[(name.encode("ascii"), value.encode("ascii")) for name, value in head.headers],
            stream=stream,
            request=request,
            extensions={"http_version": b"HTTP/1.1"},
        )

    def _exception(self, kind: FailKind, request: Any, *, is_async: bool) -> BaseException:
        if kind in CERTIFICATES:  # both kinds of client have the text of the error behind it
            behind = certificate_error(kind, request.url.host)
            refused: BaseException = self._module.ConnectError(str(behind), request=request)
            refused.__cause__ = behind
            return refused
        name, sync_text, async_text, sync_cause, async_cause = _FAILURES[kind]
        error: BaseException = getattr(self._module, name)(async_text if is_async else sync_text, request=request)
        cause = async_cause if is_async else sync_cause
        if cause is not None:
            error.__cause__ = cause()
        return error

    def _translate(self, error: Exception) -> Exception:
        """Return a route's httpx exception as this library's: `side_effect=httpx.ConnectError` works for both."""
        own = getattr(self._module, type(error).__name__, None)
        if type(error).__module__.partition(".")[0] != "httpx" or own is None:
            return error
        translated: Exception = own(str(error))
        return translated

    def _mocked(self, original: Any) -> bool:
        """Tell whether a mocking tool (respx, pytest-httpx, a cassette) answers beneath us."""
        if _home(original).partition(".")[0] not in self._roots:
            return True
        core = sys.modules.get(self.core)
        return core is not None and (
            _home(core.ConnectionPool.handle_request).partition(".")[0] not in self._roots
            or _home(core.AsyncConnectionPool.handle_async_request).partition(".")[0] not in self._roots
        )

    def _answers(self, own: bool, original: Any, request: Any) -> bool:
        """Tell whether a transport that answers for itself, or a mocking tool, may have an answer for the request."""
        return own or (self._mocked(original) and not (self.library == "httpx" and unrouted(request)))

    @cached_property
    def _sync_body(self) -> Any:
        class Body(self._module.SyncByteStream):  # type: ignore[misc,name-defined] # the library is known at run time
            def __init__(self, driver: SyncDriver) -> None:
                self._driver = driver

            def __iter__(self) -> Iterator[bytes]:
                while (chunk := self._driver.next()) is not None:
                    yield chunk.data

            def close(self) -> None:
                self._driver.close()

        return Body

    @cached_property
    def _async_body(self) -> Any:
        class Body(self._module.AsyncByteStream):  # type: ignore[misc,name-defined] # the library is known at run time
            def __init__(self, driver: AsyncDriver) -> None:
                self._driver = driver

            async def __aiter__(self) -> AsyncIterator[bytes]:
                while (chunk := await self._driver.next()) is not None:
                    yield chunk.data

            async def aclose(self) -> None:
                await self._driver.close()

        return Body


_limits = lru_cache(maxsize=64)(Timeouts)


def _headers(headers: Any) -> Headers:
    """Return headers in lower case, as `multi_items` does more slowly."""
    try:
        return tuple([(name.decode("ascii").lower(), value.decode("ascii")) for name, value in headers.raw])
    except UnicodeDecodeError:  # then all of them have to be looked at to tell their encoding
        return tuple(headers.multi_items())


def _home(function: Any) -> str:
    """Return the module in which a function was written: a wrapper may carry the name of what it wraps."""
    namespace = getattr(function, "__globals__", None)
    return str((namespace and namespace.get("__name__")) or getattr(function, "__module__", ""))


def _look(request: Any, tick: bool = True) -> tuple[Chaos | None, Any, str]:
    """Return the run under way, what it makes of the request's address, and that; tick the passage at a point."""
    from ..active_runs import active

    chaos = active()
    if chaos is None:
        return None, None, ""
    above = found_above() if tick else ()
    if above and above[0] is request and above[1] is request.url and above[2] is chaos:
        found, url = above[3:]
    else:
        url = str(request.url)
        found = chaos.providers.route(request.method, url)
    if tick:
        if _beneath.get() is request:
            let_through()
            return None, None, url
        if found is not None:
            passed()
    return chaos, found, url


class _SyncOriginal:
    """The library's own (or a mock's) answer, as steps."""

    def __init__(self, original: Any, transport: Any, request: Any) -> None:
        self._open: Callable[[], Any] = lambda: original(transport, request)
        self._request = request
        self._response: Any = None
        self._pieces: Iterator[bytes] = iter(())

    def pull(self) -> Step:
        if self._response is None:
            token = _beneath.set(self._request)
            try:
                self._response = self._open()
            finally:
                _beneath.reset(token)
            self._pieces = iter(self._response.stream)
            return Head(self._response.status_code, tuple(self._response.headers.multi_items()))
        for data in self._pieces:
            return Chunk(data)
        return End()

    def close(self) -> None:
        if self._response is not None:
            self._response.close()


class _AsyncOriginal:
    """The same, async."""

    def __init__(self, original: Any, transport: Any, request: Any) -> None:
        self._open: Callable[[], Any] = lambda: original(transport, request)
        self._request = request
        self._response: Any = None
        self._pieces: AsyncIterator[bytes]

    async def pull(self) -> Step:
        if self._response is None:
            token = _beneath.set(self._request)
            try:
                self._response = await self._open()
            finally:
                _beneath.reset(token)
            self._pieces = aiter(self._response.stream)
            return Head(self._response.status_code, tuple(self._response.headers.multi_items()))
        async for data in self._pieces:
            return Chunk(data)
        return End()

    async def close(self) -> None:
        if self._response is not None:
            await self._response.aclose()
