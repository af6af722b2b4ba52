"""The proxy's own HTTP: what comes in on a socket, and what goes out on it."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import contextmanager

import pytest

from pytest_llmchaos.game_day.wire import Connection, Limits

from .conftest import in_a_loop

GET = b"GET /%b HTTP/1.1\r\nHost: x\r\n%b\r\n"


async def echo(request, reply):
    """Tell what was asked."""
    body = f"{request.method} {request.target} {len(request.body)}".encode()
    await reply.send(200, body, "text/plain")


@contextmanager
def listening(service, **limits):
    """Serve; give what opens a connection, and the set of those that are open."""
    alive: set[Connection] = set()

    async def begin():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Connection(service, Limits(**limits), alive), "127.0.0.1", 0)
        return server, server.sockets[0].getsockname()

    async def end(server):
        server.close()
        for each in list(alive):
            each.close()
        await asyncio.sleep(0)

    with in_a_loop() as do:
        server, address = do(begin())
        opened: list[socket.socket] = []

        def connect() -> socket.socket:
            opened.append(socket.create_connection(address, timeout=30))
            return opened[-1]

        try:
            yield connect, alive
        finally:
            for each in opened:
                each.close()
            do(end(server))


def everything(sock: socket.socket) -> bytes:
    """Read until the other side closes."""
    parts = []
    while part := sock.recv(65536):
        parts.append(part)
    return b"".join(parts)


def exchange(connect, *sent: bytes) -> bytes:
    """Send, and read all that comes."""
    sock = connect()
    for each in sent:
        sock.sendall(each)
    return everything(sock)


def test_requests_of_one_connection_are_answered_in_order():
    """Pipelined ones too, and split anywhere."""
    with listening(echo) as (connect, _):
        asked = GET % (b"a", b"") + GET % (b"b", b"Connection: close\r\n")
        whole = exchange(connect, asked)
        assert [line for line in whole.split(b"\r\n") if b"GET" in line] == [b"GET /a 0HTTP/1.1 200 OK", b"GET /b 0"]
        assert whole == exchange(connect, *(asked[at : at + 7] for at in range(0, len(asked), 7)))


def test_what_follows_a_last_request_takes_nothing_from_it():
    """A client that closes and sends on gets its answer, and nothing more."""
    with listening(echo) as (connect, _):
        answer = exchange(connect, GET % (b"a", b"Connection: close\r\n") + GET % (b"b", b""))
        assert answer.endswith(b"GET /a 0")


def test_an_old_client_gets_no_chunks():
    """A new one does, and HEAD gets no body."""

    async def two_pieces(request, reply):
        await reply.head(200, [("content-type", "text/plain")])
        await reply.data(b"one")
        await reply.data(b"two")
        await reply.end()

    with listening(two_pieces) as (connect, _):
        head, _, body = exchange(connect, b"GET / HTTP/1.0\r\n\r\n").partition(b"\r\n\r\n")
        assert (b"chunked" in head, body) == (False, b"onetwo")
        head, _, body = exchange(connect, GET % (b"", b"Connection: close\r\n")).partition(b"\r\n\r\n")
        assert (b"transfer-encoding: chunked" in head, body) == (True, b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")
        head, _, body = exchange(connect, b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").partition(
            b"\r\n\r\n"
        )
        assert body == b""


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nLong: " + b"y" * 3000 + b"\r\n\r\n", 431),
        (b"GET /" + b"y" * 3000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3000\r\n\r\n" + b"y" * 3000, 413),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99000000000\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: nine\r\n\r\n", 400),
    ],
)
def test_what_costs_too_much_or_is_no_http_is_refused(sent, status):
    """Nobody is asked for it."""
    asked = []

    async def service(request, reply):
        asked.append(request)

    with listening(service, head=2000, body=2000) as (connect, _):
        assert exchange(connect, sent).startswith(f"HTTP/1.1 {status} ".encode())
    assert asked == []


def test_a_client_that_sends_its_head_slowly_is_not_waited_for():
    """Nor one that sends nothing."""
    with listening(echo, seconds=0.05) as (connect, alive):
        assert exchange(connect, b"GET / HT").startswith(b"HTTP/1.1 408 ")
        assert exchange(connect) == b""  # one that sends nothing is just closed
        assert not alive


def test_who_asks_for_more_than_is_answered_is_cut_off():
    """Requests that are sent ahead are kept up to a limit, and no further."""
    may_go_on = asyncio.Event()

    async def slow(request, reply):
        await may_go_on.wait()

    with listening(slow, ahead=3) as (connect, _):
        sock = connect()
        sock.sendall(b"".join(GET % (b"%d" % each, b"") for each in range(20)))
        assert everything(sock) == b""


def test_a_client_that_leaves_ends_the_work_for_it():
    """Its answer is nobody's."""
    cancelled = []
    begun = []

    async def slow(request, reply):
        begun.append(request.target)
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            cancelled.append(request.target)
            raise

    with listening(slow) as (connect, alive):
        sock = connect()
        sock.sendall(GET % (b"a", b""))
        until(lambda: begun)
        sock.close()
        until(lambda: cancelled)
        until(lambda: not alive)
    assert cancelled == ["/a"]


def test_a_reset_is_one_and_a_drop_is_none():
    """RST and FIN are told apart by clients."""

    async def breaks(request, reply):
        await reply.head(200, [])
        await reply.data(b"half")
        reply.reset() if request.target == "/reset" else reply.drop()

    with listening(breaks) as (connect, _):
        assert exchange(connect, GET % (b"drop", b"")).endswith(b"\r\n\r\n4\r\nhalf\r\n")
        with pytest.raises(ConnectionResetError):
            exchange(connect, GET % (b"reset", b""))


def test_a_body_shorter_than_its_head_says_ends_with_the_connection():
    """There is no other way to tell."""

    async def short(request, reply):
        await reply.head(200, [("Content-Length", "10")])
        await reply.data(b"half")
        await reply.end()

    with listening(short) as (connect, _):
        assert exchange(connect, GET % (b"", b"")).endswith(b"\r\n\r\nhalf")


def test_a_failure_of_our_own_is_told_as_one():
    """It looks like none of the provider's, and shows no code."""

    async def fails(request, reply):
        raise KeyError("a bug")

    with listening(fails) as (connect, _):
        told = exchange(connect, GET % (b"", b""))
        assert told.startswith(b"HTTP/1.1 500 ")
        assert b"the proxy itself failed" in told
        assert b"KeyError" not in told


def test_a_client_that_reads_nothing_is_not_written_for():
    """What it does not take waits in the provider's place, and not in memory."""
    written = []

    async def endless(request, reply):
        await reply.head(200, [])
        while True:
            await reply.data(b"x" * 65536)
            written.append(None)

    with listening(endless) as (connect, _):
        sock = connect()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.sendall(GET % (b"", b""))
        before = -1
        while before != len(written):
            before = len(written)
            _a_moment()
        assert len(written) < 500
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def until(condition) -> None:
    """Wait until it is so, for half a minute at most."""
    for _ in range(3000):
        if condition():
            return
        _a_moment()
    raise AssertionError("it never came")


def _a_moment() -> None:
    from pytest_llmchaos.clock import realtime

    realtime.sleep(0.01)
