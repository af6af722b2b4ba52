"""A connection of aiohttp's own without a socket: a plan's bytes go in where those of the network would.

Beneath the client everything is the library's: its protocol parses the bytes, frames and decompresses the body, and
turns the end of the connection into its exceptions. Only who feeds it and who measures the waits differs.
"""

from __future__ import annotations

import asyncio
import errno
import importlib
import socket
from functools import cache
from http import HTTPStatus
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from ...core.plan import FailKind, Head
from ...run.driver import CONNECTING, AsyncDriver
from ...run.upstream import AsyncUpstream
from ._certificates import CERTIFICATES, certificate_error

if TYPE_CHECKING:
    from ...run.exchange_under_way import ExchangeUnderWay

__all__ = ["Failed", "LineDriver", "connect_error", "line_class"]

# What each failure is in aiohttp, measured with 3.14.5 on Linux against a scripted loopback server (connect_timeout: a
# listener with a full backlog). The first six come from `connect_error`, the others from the library's own protocol:
#
# connection_refused   ClientConnectorError(key, ConnectionRefusedError(111, "Connect call failed (address, port)"))
# dns_failure          ClientConnectorDNSError(key, gaierror(-2, "Name or service not known"))
# certificate_expired  ClientConnectorCertificateError(key, SSLCertVerificationError(1, "[SSL: ...")), and the same for
#                      certificate_wrong_host
# connect_timeout      ConnectionTimeoutError("Connection timeout to host URL") by ClientTimeout.connect or
#                      .sock_connect; where the kernel gives up ClientConnectorError(key, TimeoutError(110, ...))
# pool_timeout         ConnectionTimeoutError("Connection timeout to host URL"), by ClientTimeout.connect
# total_timeout        TimeoutError(), of no class of aiohttp's, at whatever point
# connection_reset     ClientOSError(104, "Connection reset by peer"); in the body ClientPayloadError("Response payload
#                      is not completed: <TransferEncodingError: 400, ...>. ConnectionResetError(104, ...)")
# server_disconnected  ServerDisconnectedError("Server disconnected")
# stream_cut           ClientPayloadError("Response payload is not completed: <TransferEncodingError: 400, ...>")
# read_timeout         SocketTimeoutError("Timeout on reading data from socket"), by ClientTimeout.sock_read
# write_timeout        none of its own: the kernel gives up, ClientOSError(110, "Connection timed out")
_SOMEWHERE = "192.0.2.1"  # of RFC 5737, for documentation: what a name resolved to, had it been asked for

# How often the loop turns between two pieces of a body, so that a reader takes each as it comes. Three suffice for a
# read within a task of its own, as in `asyncio.wait_for` of Python 3.11.
_TURNS = 3


class Failed(Exception):
    """The plan fails in this way; the line lets the library raise its own exception for it."""

    def __init__(self, kind: FailKind) -> None:
        super().__init__(kind)
        self.kind = kind


class LineDriver(AsyncDriver):
    """Plays a plan into a line.

    Args:
        under_way: the call.
        upstream: where passthrough plans take their steps from.
        timer: the request's own total timeout, which cancels the task that waits.
    """

    def __init__(self, under_way: ExchangeUnderWay, upstream: AsyncUpstream, timer: Any) -> None:
        super().__init__(under_way, Failed, upstream)
        self._timer = timer
        self.asked = asyncio.Event()

    async def _wanted(self) -> None:
        """Go on with what strikes within the body when its reader asks for more: the app may leave before."""
        if self._ongoing.exchange.status is not None:
            await self.asked.wait()

    def _wants(self) -> bool:
        """Never: the line has taken in by then what was there, and the library closes in plain functions."""
        return False

    def _broke(self, error: BaseException) -> None:
        if isinstance(error, Failed):
            self._injected = error.kind
        elif isinstance(error, asyncio.CancelledError) and timed_out(self._timer):
            self._injected = "total_timeout"
        super()._broke(error)


def timed_out(timer: Any) -> bool:
    """Tell whether the request's total timeout has struck; without one, its timer has no such attribute."""
    return bool(getattr(timer, "_cancelled", False))


def connect_error(kind: FailKind, key: Any, *, limited: bool) -> BaseException:
    """Return what `connect` raises; aiohttp itself makes its ConnectionTimeoutError of a bare TimeoutError.

    Args:
        kind: how connecting fails.
        key: the request's ConnectionKey.
        limited: whether the client has a limit of its own; else the kernel gave up.
    """
    exceptions = importlib.import_module("aiohttp.client_exceptions")
    try:
        address = str(ip_address(key.host))
    except ValueError:
        address = _SOMEWHERE
    call = f"Connect call failed {(address, key.port)!r}"
    behind: OSError
    if kind == "dns_failure":
        behind = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        error: BaseException = exceptions.ClientConnectorDNSError(key, behind)
    elif kind == "connection_refused":
        behind = ConnectionRefusedError(errno.ECONNREFUSED, call)
        error = exceptions.ClientConnectorError(key, behind)
    elif kind in CERTIFICATES:
        behind = certificate_error(kind, key.host)
        error = exceptions.ClientConnectorCertificateError(key, behind)
    elif limited:
        return TimeoutError()
    else:
        behind = TimeoutError(errno.ETIMEDOUT, call)
        error = exceptions.ClientConnectorError(key, behind)
    error.__cause__ = behind
    return error


class _NoSocket(asyncio.Transport):
    """Takes what the client sends, tells whether there is room for more to read, and when it hangs up."""

    def __init__(self, line: Any) -> None:
        super().__init__()
        self._line = line
        self._closing = False
        self.room = asyncio.Event()
        self.room.set()

    def write(self, data: Any) -> None:
        pass

    def pause_reading(self) -> None:
        self.room.clear()

    def resume_reading(self) -> None:
        self.room.set()

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        if not self._closing:
            self._closing = True
            self._line.hung_up()
            # As a socket's transport does: a session that closes waits for it.
            self._line._loop.call_soon(self._line.connection_lost, None)

    abort = close


@cache
def line_class() -> Any:
    """Return the class of our connections; aiohttp is imported by then."""
    handler: Any = importlib.import_module("aiohttp.client_proto").ResponseHandler

    class Line(handler):  # type: ignore[misc] # the library is known at run time
        """Plays one call's plan into aiohttp's own protocol.

        Args:
            loop: the client's event loop.
            timer: the request's own total timeout.
            key: its ConnectionKey.
        """

        def __init__(self, loop: Any, timer: Any, key: Any) -> None:
            super().__init__(loop=loop)
            self._total = timer
            self._key = key
            self._ongoing: ExchangeUnderWay | None = None
            self._driver: LineDriver | None = None
            self._pump: asyncio.Task[None] | None = None
            self._answered = False
            self._chunked = False
            self._empty = False
            self.params: dict[str, Any] = {}
            self._socket = _NoSocket(self)
            self.connection_made(self._socket)
            self.force_close()  # never kept for another request

        @property
        def connected(self) -> bool:
            """Whether the connection stands: what a reader that waits for more looks at first."""
            if self._driver is not None:
                self._driver.asked.set()
            stands: bool = super().connected
            return stands

        def carry(self, under_way: ExchangeUnderWay, driver: LineDriver) -> None:
            """Give it the call."""
            self._ongoing, self._driver = under_way, driver

        def set_response_params(self, **params: Any) -> None:
            """Take over how the client wants to read, without its read timeout, which the plan meets."""
            self.params = params
            self._empty = bool(params.get("skip_payload"))
            super().set_response_params(**{**params, "read_timeout": None})

        async def read(self) -> Any:
            """Return the head of the answer; the request is sent, so the plan goes on from here."""
            if self._pump is None:
                self._pump = self._loop.create_task(self._play())
            return await super().read()

        def hung_up(self) -> None:
            """Stop: the client needs no more, was cancelled, or ran into its total timeout."""
            if self._driver is None or self._ongoing is None:
                return
            task = _current_task()
            if timed_out(self._total):
                self._ongoing.end("total_timeout")
            elif not self._answered or (task is not None and task is not self._pump and task.cancelling()):
                self._ongoing.end("cancelled")
            elif self._ongoing.plan.source is None and self._payload is not None and self._payload.is_eof():
                self._ongoing.end()  # whole by its length, before the upstream has said so
            _at_once(self._driver.close())
            if self._pump is not None:
                self._pump.cancel()

        async def time_out(self) -> None:
            """Let the request's own total timeout strike now. Its timer would, rounded up to a whole second."""
            self._total.timeout()
            await asyncio.Event().wait()

        async def _play(self) -> None:
            assert self._driver is not None  # noqa: S101 # carry() came first
            failed: FailKind | None = None
            try:
                head = await self._driver.head()
                self._answered = True
                self.data_received(self._opening(head))
                while (chunk := await self._driver.next()) is not None:
                    if self._empty or not chunk.data:
                        continue
                    self._driver.asked.clear()
                    self.data_received(b"%x\r\n%b\r\n" % (len(chunk.data), chunk.data) if self._chunked else chunk.data)
                    for _ in range(_TURNS):
                        await asyncio.sleep(0)
                    await self._socket.room.wait()
            except Failed as told:
                failed = told.kind
            except Exception as error:  # from the upstream beneath, or ours: the client gets it
                self._broken_by(error)
            else:
                self._end()
            if failed is not None:  # only here, so that what the library raises has no `Failed` behind it
                self._fail(failed)

        def _opening(self, head: Head) -> bytes:
            names = {name.lower(): value for name, value in head.headers}
            self._empty = self._empty or head.status in (204, 304)
            self._chunked = "chunked" in names.get("transfer-encoding", "").lower()
            headers = head.headers
            if not self._empty and not self._chunked and "content-length" not in names:
                # The providers' CDN sends what has no length in chunks; without either a cut would look like the end.
                self._chunked = True
                headers = (*headers, ("Transfer-Encoding", "chunked"))
            try:
                reason = HTTPStatus(head.status).phrase
            except ValueError:
                reason = ""
            lines = [f"HTTP/1.1 {head.status} {reason}", *(f"{name}: {value}" for name, value in headers), "", ""]
            return "\r\n".join(lines).encode("utf-8", "surrogateescape")

        def _end(self) -> None:
            if self._chunked and not self._empty:
                self.data_received(b"0\r\n\r\n")
            elif self._payload is not None and not self._payload.is_eof():
                self._payload.feed_eof()  # the answer is shorter than its length says, and well so by the plan

        def _fail(self, kind: FailKind) -> None:
            if kind == "total_timeout":
                self._total.timeout()
            elif kind == "read_timeout":
                self._on_read_timeout()
            elif kind == "connection_reset":
                self.connection_lost(ConnectionResetError(errno.ECONNRESET, "Connection reset by peer"))
            elif kind in ("server_disconnected", "stream_cut"):
                self.connection_lost(None)
            elif kind in CONNECTING:  # told by a route of the test: the plan's own came before the request was sent
                self._broken_by(connect_error(kind, self._key, limited=False))
            else:
                self.connection_lost(TimeoutError(errno.ETIMEDOUT, "Connection timed out"))

        def _broken_by(self, error: BaseException) -> None:
            self.set_exception(error)
            if self._payload is not None:
                self._payload.set_exception(error)

    return Line


def _current_task() -> asyncio.Task[Any] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None


def _at_once(closing: Any) -> None:
    """Run a coroutine that never suspends: the library closes its connections in plain functions."""
    try:
        closing.send(None)
    except StopIteration:
        return
    closing.close()
