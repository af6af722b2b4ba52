"""HTTP/1.1 on a socket that is ours: what a proxy answers may break off anywhere, as a provider's answer does.

Servers of web frameworks hide the socket, and so can neither reset it nor stop in the middle of a chunk.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import httptools

__all__ = ["HOP_BY_HOP", "Connection", "Limits", "Reply", "Request", "Service"]

HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "te", "trailer"}
)
"""Headers that speak of one connection and not of what is sent over it."""

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, with no time: closing sends RST and not FIN."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may cost: the longest head and body in bytes, seconds until a request must have come in, and how
    many requests it may send ahead of the answers."""

    head: int = 65_536
    body: int = 64 * 1024 * 1024
    seconds: float = 30.0
    ahead: int = 16


@dataclass(slots=True)
class Request:
    """One request as it came: `target` is its path with the query, or a whole URL as proxies are asked."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes = field(repr=False)
    version: str = "1.1"
    keep_alive: bool = True

    def header(self, name: str) -> str | None:
        """Return the first header of that name (given in lower case), or None."""
        return next((value for key, value in self.headers if key.lower() == name), None)


Service = Callable[[Request, "Reply"], Awaitable[None]]
"""Answers one request; it is cancelled when the client leaves."""


class Reply:
    """The answer to one request, written as it comes to be."""

    def __init__(self, connection: Connection, request: Request) -> None:
        self._connection = connection
        self._request = request
        self._left: float | None = None  # bytes that are still due; None where chunks tell the end
        self._raw = False
        self.begun = False
        self.over = False

    @property
    def whole(self) -> bool:
        """Whether all bytes that the head has promised were sent."""
        return self.begun and self._left == 0

    async def head(self, status: int, headers: Iterable[tuple[str, str]]) -> None:
        """Send status and headers; a length among them is kept, and else chunks tell where the body ends."""
        kept = [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP]
        length = next((value for name, value in kept if name.lower() == "content-length"), None)
        if self._request.method == "HEAD" or status in (204, 304) or status < 200:
            self._left = 0.0
        elif length is not None and length.isdecimal():
            self._left = float(length)
        elif self._request.version == "1.0":
            self._raw, self._request.keep_alive = True, False
        else:
            kept.append(("transfer-encoding", "chunked"))
        if not self._request.keep_alive:
            kept.append(("connection", "close"))
        lines = "".join(f"{name}: {value}\r\n" for name, value in kept)
        self.begun = True
        await self._write(f"HTTP/1.1 {status} {_phrase(status)}\r\n{lines}\r\n".encode("latin-1", "replace"))

    async def data(self, data: bytes) -> None:
        """Send bytes of the body; what is more than the head has promised is left out."""
        if self._raw:
            await self._write(data)
        elif self._left is None:
            if data:
                await self._write(b"%x\r\n%b\r\n" % (len(data), data))
        else:
            data = data[: int(self._left)]
            self._left -= len(data)
            if data:
                await self._write(data)

    async def end(self) -> None:
        """The body is complete. One that is shorter than the head has promised ends with the connection."""
        self.over = True
        if self._left is None and not self._raw:
            await self._write(b"0\r\n\r\n")
        elif self._left:
            self._request.keep_alive = False

    async def send(self, status: int, body: bytes, content_type: str, *more: tuple[str, str]) -> None:
        """Send a whole answer."""
        await self.head(status, (("content-type", content_type), ("content-length", str(len(body))), *more))
        await self.data(body)
        await self.end()

    async def take_over(self, last_words: bytes) -> Any:
        """Write this and give the transport away, for what is no HTTP of ours. Nothing is read of it for now."""
        self.over = True
        return await self._connection.give_away(last_words)

    def reset(self) -> None:
        """Tear the connection down: the client gets RST."""
        self.over = True
        self._connection.reset()

    def drop(self) -> None:
        """Close the connection in good order, whatever has been sent: the client gets FIN."""
        self.over = True
        self._request.keep_alive = False

    async def _write(self, data: bytes) -> None:
        await self._connection.write(data)


class Connection(asyncio.Protocol):
    """One client: its requests are read as they come and answered one after the other.

    Args:
        service: answers them.
        limits: what it may cost.
        alive: the connections there are; this one adds and removes itself.
    """

    def __init__(self, service: Service, limits: Limits, alive: set[Connection]) -> None:
        self._service = service
        self._limits = limits
        self._alive = alive
        self._transport: Any = None
        self._parser: Any = httptools.HttpRequestParser(self)
        self._waiting: deque[Request] = deque()
        self._task: asyncio.Task[None] | None = None
        self._resumed = asyncio.Event()
        self._resumed.set()
        self._timer: asyncio.TimerHandle | None = None
        self._refusal: int | None = None
        self._ended = False
        self._given_away = False
        self._early = b""
        self._clear()

    def _clear(self) -> None:
        self._url = b""
        self._headers: list[tuple[str, str]] = []
        self._body: list[bytes] = []
        self._size = self._head_size = 0

    @property
    def idle(self) -> bool:
        """Whether nothing is being answered."""
        return self._task is None

    # --- what asyncio tells ---

    def connection_made(self, transport: Any) -> None:
        """A client has come."""
        self._transport = transport
        self._alive.add(self)
        with contextlib.suppress(OSError, AttributeError):
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._wait_for_request()
        if self._early:
            early, self._early = self._early, b""
            self.data_received(early)

    def connection_lost(self, error: Exception | None) -> None:
        """It has left."""
        self._alive.discard(self)
        self._resumed.set()
        self._stop_waiting()
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()

    def eof_received(self) -> bool:
        """It sends no more."""
        # A client that closes its half has left: no client of an LLM waits for an answer behind that.
        self._ended = True
        return False

    def pause_writing(self) -> None:
        """It does not take what is sent."""
        self._resumed.clear()

    def resume_writing(self) -> None:
        """It takes it again."""
        self._resumed.set()

    def data_received(self, data: bytes) -> None:
        """It sent something."""
        if self._transport is None:
            self._early += data  # sent with the end of a handshake, of which we hear only then
            return
        if self._ended:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._ended = True  # whatever follows is not HTTP, and no request of ours
        except httptools.HttpParserError:
            self._refuse(self._refusal or 400)

    # --- what httptools tells ---

    def on_message_begin(self) -> None:
        """A request begins."""
        self._clear()

    def on_url(self, url: bytes) -> None:
        """A part of its target."""
        self._url += url
        self._grow(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """One of its headers."""
        self._grow(len(name) + len(value) + 4)
        if name.lower() == b"content-length" and value.isdigit() and int(value[:20]) > self._limits.body:
            self._fail(413)  # before it is sent
        self._headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_body(self, body: bytes) -> None:
        """A part of its body."""
        self._size += len(body)
        if self._size > self._limits.body:
            self._fail(413)
        self._body.append(body)

    def on_message_complete(self) -> None:
        """It is there."""
        self._stop_waiting()
        if len(self._waiting) >= self._limits.ahead:
            self._fail(429)
        version = self._parser.get_http_version()
        request = Request(
            self._parser.get_method().decode("latin-1"),
            self._url.decode("latin-1"),
            tuple(self._headers),
            b"".join(self._body),
            version,
            bool(self._parser.should_keep_alive()),
        )
        self._clear()
        self._waiting.append(request)
        self._next()

    def _grow(self, size: int) -> None:
        self._head_size += size
        if self._head_size > self._limits.head:
            self._fail(431)

    def _fail(self, status: int) -> None:
        self._refusal = status
        raise ValueError(status)  # httptools makes an error of its own of it

    # --- answering ---

    def _next(self) -> None:
        if self._task is None and self._waiting and not self._transport.is_closing():
            self._task = asyncio.get_running_loop().create_task(self._answer(self._waiting.popleft()))
            self._task.add_done_callback(self._answered)

    async def _answer(self, request: Request) -> None:
        reply = Reply(self, request)
        try:
            await self._service(request, reply)
        except (ConnectionError, asyncio.CancelledError):
            self._transport.abort()
            raise
        except Exception:
            # A fault of ours must look like none of the provider's.
            if reply.begun:
                self._transport.abort()
            else:
                request.keep_alive = False
                await reply.send(500, b"llmchaos: the proxy itself failed\n", "text/plain")
                self._transport.close()
            raise
        if not self._given_away and (not request.keep_alive or not reply.over):
            self._transport.close()

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, ConnectionError):
            asyncio.get_running_loop().call_exception_handler(
                {"message": "llmchaos: a request could not be answered", "exception": error}
            )
        if self._given_away:
            return
        if self._transport.is_closing():
            self._waiting.clear()
        elif self._waiting:
            self._next()
        elif self._ended:
            self._transport.close()
        else:
            self._wait_for_request()

    async def give_away(self, last_words: bytes) -> Any:
        """Write this, forget the client, and return its transport, which is not read from for now."""
        self._transport.pause_reading()
        await self.write(last_words)
        self._given_away = self._ended = True
        self._alive.discard(self)
        self._stop_waiting()
        return self._transport

    async def write(self, data: bytes) -> None:
        """Send, and wait while the client does not take it.

        Raises:
            ConnectionResetError: it has left.
        """
        if self._transport.is_closing():
            raise ConnectionResetError
        self._transport.write(data)
        if not self._resumed.is_set():
            await self._resumed.wait()

    def reset(self) -> None:
        """Close with RST."""
        with contextlib.suppress(OSError, AttributeError):
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def close(self) -> None:
        """Close in good order."""
        self._transport.close()

    # --- clients that cost too much ---

    def _wait_for_request(self) -> None:
        self._stop_waiting()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._limits.seconds, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _too_slow(self) -> None:
        if self._url or self._headers or self._body:
            self._refuse(408)
        else:
            self._transport.close()

    def _refuse(self, status: int) -> None:
        self._ended = True
        if self._task is not None and status == 400:
            return  # what was whole is answered before that ends the connection
        if self._task is None and not self._transport.is_closing():
            phrase = _phrase(status)
            text = f"llmchaos: {phrase}\n"
            self._transport.write(
                f"HTTP/1.1 {status} {phrase}\r\ncontent-type: text/plain\r\ncontent-length: {len(text)}\r\n"
                f"connection: close\r\n\r\n{text}".encode("latin-1")
            )
        self._transport.close()


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
