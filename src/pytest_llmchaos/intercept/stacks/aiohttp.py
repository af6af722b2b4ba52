"""aiohttp: google-genai and litellm (async), the SDKs' aiohttp extras, and many apps.

The place is `BaseConnector.connect`, where a request asks for a connection: the client's middlewares, retries around
or within the session, redirects, cookies, tracing and `raise_for_status` all lie above it and stay the library's own,
and so do `ClientRequest.send` and `ClientResponse.start` beside it. An LLM call gets a real `Connection` whose
protocol is fed by its plan instead of a socket (`_aiohttp_line`); any other request gets the connection that it asked
for. A sentinel at `ClientSession._request`, the top step, notices an LLM call that passed no connector.

aioresponses and VCR.py replace that top step. The sentinel lies over them (those that begin later are watched, and it
comes on top again), sends the call its genuine way, and lets the mock or cassette be the healthy answer beneath.
"""

from __future__ import annotations

import asyncio
import copy
import sys
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...core.call import HttpRequest, Timeouts
from ...core.errors import ChaosError
from ...core.plan import Chunk, End, FailKind, Head, Step
from ...run.beneath import let_through
from ._aiohttp_line import Failed, LineDriver, connect_error, line_class
from ._passage import passed, watch
from ._patches import Patching

if TYPE_CHECKING:
    from ...run.chaos import Chaos

__all__ = ["STACK"]

# When the request under way in this context began, on the run's clock: its total timeout spans redirects and the
# retries of middlewares, each of which asks for a connection of its own.
_began: ContextVar[float | None] = ContextVar("llmchaos_aiohttp_began", default=None)

# What a mock of the whole request answers; the request itself is on its genuine way.
_mocked: ContextVar[Callable[[], Awaitable[Any]] | None] = ContextVar("llmchaos_aiohttp_mocked", default=None)

# Whether a request is the healthy answer of another, which has been intercepted.
_beneath: ContextVar[bool] = ContextVar("llmchaos_aiohttp_beneath", default=False)


class AiohttpStack(Patching):
    """Intercepts aiohttp's client."""

    library = "aiohttp"
    breaks = True

    def install(self) -> None:
        """Patch the library, or lie on top again where another tool patched over us."""
        module: Any = sys.modules[self.library]
        _need(module.BaseConnector, "_available_connections", "_wait_for_available_connection")
        _need(module.ClientSession, "_build_url")
        handler = sys.modules["aiohttp.client_proto"].ResponseHandler
        _need(handler, "_on_read_timeout", "connected", "connection_lost", "force_close")
        _need(sys.modules["aiohttp.helpers"].TimerContext, "_cancelled", "timeout")
        self._patches.replace(module.BaseConnector, "connect", self._point)
        self._patches.replace(module.ClientSession, "_request", self._sentinel)

    # --- the interception point ---------------------------------------------------------------------------------

    def _point(self, original: Any) -> Any:
        async def connect(connector: Any, req: Any, traces: Any, timeout: Any) -> Any:
            chaos = _active()
            address = req.method, str(req.url)
            if chaos is None or _beneath.get():
                let_through()
                return await original(connector, req, traces, timeout)
            found = chaos.providers.route(*address) or chaos.guard(*address)
            if found is None:
                return await original(connector, req, traces, timeout)
            passed()
            chaos.check_async()
            content = await _content(req)
            await _queue(connector, req, traces, timeout)
            mock = _mocked.get()
            neutral = _neutral(req, content, timeout, chaos)
            under_way = chaos.begin(found, neutral, self.library, own=mock is not None)
            if under_way is None:
                return await original(connector, req, traces, timeout)
            line = line_class()(connector._loop, req._timer, req.connection_key)
            network = partial(_from_network, original, connector, req, timeout, line)
            upstream = chaos.async_upstream_for(
                under_way, _Mocked(mock) if mock else _Original(network), self._translate
            )
            driver = LineDriver(under_way, upstream, req._timer)
            line.carry(under_way, driver)
            connection = _connection(connector, req, line, counted=under_way.simulated is not None)
            try:
                for trace in traces if under_way.simulated is not None else ():
                    await trace.send_connection_create_start()
                failed: FailKind | None = None
                try:
                    await driver.connect()
                except Failed as told:
                    failed = told.kind
                if failed is not None:  # only here, so that the error has no `Failed` behind it
                    if failed == "total_timeout":
                        await line.time_out()
                    limited = neutral.timeouts.connect is not None
                    raise connect_error(failed, req.connection_key, limited=limited)
                for trace in traces if under_way.simulated is not None else ():
                    await trace.send_connection_create_end()
            except BaseException:
                connection.close()
                raise
            return connection

        return connect

    # --- the sentinel -------------------------------------------------------------------------------------------

    def _sentinel(self, original: Any) -> Any:
        async def _request(session: Any, method: str, str_or_url: Any, **options: Any) -> Any:
            chaos = _active()
            if chaos is None or _beneath.get():
                return await original(session, method, str_or_url, **options)
            genuine = _genuine(original)
            mock = partial(original, session, method, str_or_url, **{**options, "raise_for_status": False})
            address = _address(session, str_or_url)
            found = chaos.providers.route(method.upper(), address)
            tokens = _began.set(chaos.clock.now()), _mocked.set(mock if genuine and found else _mocked.get())
            try:
                with watch() as sent:
                    response = await ((found and genuine) or original)(session, method, str_or_url, **options)
            finally:
                _began.reset(tokens[0])
                _mocked.reset(tokens[1])
            if found is not None and not sent.seen:
                chaos.escaped(found, urlsplit(address).hostname or "", session.connector)
            return response

        return _request

    def _translate(self, error: Exception) -> Exception:
        """Return a route's httpx exception as aiohttp's: `side_effect=httpx.ConnectError` works here too."""
        if type(error).__module__.partition(".")[0] != "httpx":
            return error
        kind = next((_ROUTED[base.__name__] for base in type(error).__mro__ if base.__name__ in _ROUTED), None)
        return error if kind is None else Failed(kind)


# What a route's httpx exception stands for.
_ROUTED: dict[str, FailKind] = {
    "ConnectError": "connection_refused",
    "ConnectTimeout": "connect_timeout",
    "PoolTimeout": "pool_timeout",
    "ReadTimeout": "read_timeout",
    "ReadError": "connection_reset",
    "RemoteProtocolError": "server_disconnected",
}

STACK = AiohttpStack()


def _need(thing: Any, *names: str) -> None:
    """Make sure that an object or class of the library has what we rely on.

    Raises:
        ChaosError: a name is gone.
    """
    for name in names:
        if not hasattr(thing, name):
            owner = thing if isinstance(thing, type) else type(thing)
            raise ChaosError(
                f"aiohttp: {owner.__module__}.{owner.__qualname__}.{name} is gone in the installed version, so its "
                "calls cannot be intercepted; please report this with the version you use"
            )


def _active() -> Chaos | None:
    from ..active_runs import active

    return active()


async def _content(req: Any) -> bytes:
    """Return the whole body of an LLM call; what is read of a generator here is kept for sending it."""
    body = req.body
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    if hasattr(body, "as_bytes"):
        content: bytes = await body.as_bytes()
        return content
    written = _Written()  # aiohttp 3.11 and before
    await body.write(written)
    req.body = sys.modules["aiohttp.payload"].BytesPayload(bytes(written))
    return bytes(written)


class _Written(bytearray):
    """A writer that keeps what is written."""

    async def write(self, data: bytes) -> None:
        self += data


def _neutral(req: Any, content: bytes, timeout: Any, chaos: Chaos) -> HttpRequest:
    connect = [limit for limit in (timeout.connect, timeout.sock_connect) if limit]
    total = timeout.total or None
    if total is not None and (began := _began.get()) is not None:
        total = max(total - (chaos.clock.now() - began), 0.0)
    return HttpRequest(
        method=req.method,
        url=str(req.url),
        headers=tuple(req.headers.items()),
        content=content,
        timeouts=Timeouts(connect=min(connect, default=None), read=timeout.sock_read or None, total=total),
    )


async def _queue(connector: Any, req: Any, traces: Any, timeout: Any) -> None:
    """Wait for a free place, as `connect` does: the connector's own limits rule."""
    _need(connector, "_loop", "_acquired", "_acquired_per_host", "_limit_per_host")
    _need(req, "_timer", "_traces", "connection_key")
    key = req.connection_key
    if connector._available_connections(key) <= 0:
        async with asyncio.timeout(timeout.connect or None):
            await connector._wait_for_available_connection(key, traces)


def _connection(connector: Any, req: Any, line: Any, *, counted: bool) -> Any:
    """Return a real connection over our line; `counted` takes its place in the connector, which it gives back."""
    key = req.connection_key
    if counted:
        connector._acquired.add(line)
        if connector._limit_per_host:
            connector._acquired_per_host[key].add(line)
    return sys.modules["aiohttp.connector"].Connection(connector, key, line, connector._loop)


def _address(session: Any, str_or_url: Any) -> str:
    """Return the whole URL; of one that is none the library itself complains."""
    try:
        return str(session._build_url(str_or_url))
    except (ValueError, TypeError):
        return ""


def _genuine(request: Any) -> Any:
    """Return the method that aioresponses or a cassette has replaced, None where none has."""
    if getattr(request, "__globals__", {}).get("__name__", "").startswith("vcr."):
        return getattr(request, "__wrapped__", None)
    mocking = getattr(getattr(request, "mock", None), "side_effect", None)
    return getattr(getattr(getattr(mocking, "__self__", None), "patcher", None), "temp_original", None)


async def _from_network(original: Any, connector: Any, req: Any, timeout: Any, line: Any) -> Any:
    """Return the answer that the request gets from beneath, its bytes as they come, nothing decompressed.

    The client's own request goes down the line, with its traces and timer; the network gets its twin.
    """
    twin = copy.copy(req)
    timer = sys.modules["aiohttp.helpers"].TimerNoop()
    twin._timer, twin._traces, twin._upload_tracker = timer, [], None
    try:
        connection = await original(connector, twin, req._traces, timeout)
    except TimeoutError as error:
        exceptions: Any = sys.modules["aiohttp.client_exceptions"]
        raise exceptions.ConnectionTimeoutError(f"Connection timeout to host {req.url}") from error
    try:
        connection.protocol.set_response_params(**{**line.params, "timer": timer, "auto_decompress": False})
        response = await twin.send(connection)
        try:
            await response.start(connection)
        except BaseException:
            response.close()
            raise
    except BaseException:
        connection.close()
        raise
    return response


class _Original:
    """The answer of the network, as steps."""

    def __init__(self, ask: Callable[[], Awaitable[Any]]) -> None:
        self._ask = ask
        self._response: Any = None

    async def pull(self) -> Step:
        """Return the next step."""
        if self._response is None:
            _beneath.set(True)  # in the task of the line, which does nothing else
            self._response = await self._ask()
            headers = tuple((_text(name), _text(value)) for name, value in self._response.raw_headers)
            return Head(self._response.status, headers)
        data = await self._response.content.readany()
        return Chunk(data) if data else End()

    async def close(self) -> None:
        """Close the connection; this never suspends."""
        if self._response is not None:
            self._response.close()


class _Mocked(_Original):
    """The answer of a mock or a cassette, whose body is whole and decoded whatever its headers say."""

    async def pull(self) -> Step:
        """Return the next step."""
        step = await super().pull()
        if not isinstance(step, Head):
            return step
        wire = ("content-encoding", "content-length", "transfer-encoding")
        return Head(step.status, tuple(each for each in step.headers if each[0].lower() not in wire))


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")
