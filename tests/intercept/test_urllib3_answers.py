"""urllib3: every way to read an answer, and what becomes of its connection."""

from __future__ import annotations

import gc
import gzip
import io
import json
import socket
import warnings

import httpx
import pytest
import urllib3
from urllib3.exceptions import (
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
)

from pytest_llmchaos import faults, inject

from ..timing import about
from . import scripted
from .over_urllib3 import JSON, post, streaming, two
from .scripted import BODY, EVENTS, STREAM, URL, serving

# --- reading --------------------------------------------------------------------------------------------------------


def test_a_whole_answer():
    """A preloaded answer has status, reason, headers and data."""
    with inject():
        response = post()
    assert (response.status, response.reason, response.version) == (200, "OK", 11)
    assert response.headers["Content-Type"] == "application/json"
    assert json.loads(response.data)["object"] == "chat.completion"
    assert response.closed


def _into(response):
    buffer, got = bytearray(37), b""
    while count := response.readinto(buffer):
        got += buffer[:count]
    return got


def _buffered(response):
    response.auto_close = False
    return b"".join(io.BufferedReader(response))


def _pieces(response):
    return b"".join(iter(lambda: response.read(11), b""))


@pytest.mark.parametrize(
    "read",
    [
        lambda response: response.read(),
        lambda response: response.data,
        _pieces,
        pytest.param(lambda response: b"".join(iter(response.read1, b"")), marks=two),
        _into,
        lambda response: b"".join(response.stream(64)),
        lambda response: b"".join(response),
        lambda response: b"".join(response.read_chunked()),
        _buffered,
    ],
    ids=["read", "data", "pieces", "read1", "readinto", "stream", "iter", "chunks", "buffered"],
)
def test_every_way_to_read_a_stream(read):
    """All ways give the same bytes, and the call is over when they are read."""
    with inject() as chaos:
        chaos.replies("It works.")
        response = streaming()
        assert not response.closed
        got = read(response)
        assert got.endswith(b"data: [DONE]\n\n")
        assert b"It works." in b"".join(
            json.loads(line[6:])["choices"][0]["delta"].get("content", "").encode()
            for line in got.splitlines()
            if line.startswith(b"data: {")
        )
        call = chaos.calls[0]
        assert (call.ended is not None, call.error) == (True, None)


def test_streams_come_chunk_by_chunk():
    """A reader sees the first event before the second one's delay has passed."""
    at = []
    with inject(faults.latency("1s", first_token="2s", between_tokens="500ms")) as chaos:
        response = streaming()
        at.append(chaos.now)
        for _ in response.stream():
            at.append(chaos.now)  # noqa: PERF401 - each at its own time
    assert at[:3] == about([1, 3, 3.5], 0.3)


def test_compressed_answers_stay_compressed():
    """An upstream's gzip reaches urllib3 as it is, for the app to decode or not."""
    packed = gzip.compress(b'{"mine": true}')

    def script(connection, nth):
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n"
        connection.sendall(head.encode() + packed)

    with serving(script) as server, inject(faults.latency("1s"), upstream="passthrough"):
        assert post(server.url).data == b'{"mine": true}'
        assert post(server.url, decode_content=False).data == packed


def test_early_close_leaves_nothing_behind():
    """A reader that stops in the middle ends the call there, whether it closes or just drops the answer."""
    with warnings.catch_warnings(), inject() as chaos:
        warnings.simplefilter("error")
        response = streaming()
        next(response.stream())
        response.close()
        dropped = streaming()
        dropped.read(10)
        del dropped
        gc.collect()
        assert [call.error for call in chaos.calls] == ["closed", "closed"]
        streaming().drain_conn()
        assert chaos.calls[2].error is None


# --- pools ----------------------------------------------------------------------------------------------------------


def test_no_connection_is_lost_or_put_back_as_if_alive():
    """A pool of one connection that blocks serves answers read, closed, released, broken and failed in turn."""
    pool = urllib3.HTTPSConnectionPool("api.openai.com", maxsize=1, block=True)

    def ask(body=BODY, **options):
        return pool.urlopen(
            "POST", "/v1/chat/completions", body=json.dumps(body), headers=JSON, pool_timeout=0.01, **options
        )

    with inject(faults.connection_refused(calls=2), faults.stream_cut(calls=6)):
        assert ask().status == 200
        with pytest.raises(NewConnectionError):
            ask(retries=False)
        for release in ("close", "drain_conn"):
            response = ask(STREAM, preload_content=False)
            getattr(response, release)()
            response.release_conn()
        ask(STREAM, preload_content=False).read()
        with pytest.raises(ProtocolError):
            ask(STREAM, preload_content=False).read()
        assert ask().status == 200
    connection = pool.pool.get_nowait()
    assert connection is None or connection.sock is None


def test_real_connections_live_on_beneath():
    """Passing through keeps one connection alive over calls read to their end, and closes one that was left."""
    with serving(scripted.streamed) as server, inject(faults.latency("1s"), upstream="passthrough") as chaos:
        manager = urllib3.PoolManager()
        for _ in range(3):
            assert streaming(server.url, manager=manager).read() == b"".join(EVENTS)
        assert server.connections == 1
        left = streaming(server.url, manager=manager)
        left.read(5)
        left.close()
        left.release_conn()
        assert streaming(server.url, manager=manager).read() == b"".join(EVENTS)
        assert server.connections == 2
    assert [call.error for call in chaos.calls] == [None] * 3 + ["closed", None]


def test_passing_through_with_faults():
    """Faults that leave the answer alone lie on top of a real server's; those that answer keep it unasked."""
    with serving(scripted.whole) as server, inject(faults.outage(calls=1), upstream="passthrough") as chaos:
        assert post(server.url).status == 503
        assert json.loads(post(server.url).data) == {"mine": 1}
        assert json.loads(post(server.url, preload_content=False).read()) == {"mine": 2}
    assert [call.status for call in chaos.calls] == [503, 200, 200]
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("answer", "data"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", b"hello"),
        (b"HTTP/1.0 200 OK\r\n\r\nhello", b"hello"),
    ],
    ids=["length", "empty", "no content", "close", "old"],
)
@pytest.mark.parametrize("preload", [True, False])
def test_every_framing_of_an_upstream_is_kept(answer, data, preload):
    """Its end is seen as its end, and its connection goes on where the upstream keeps it."""
    keeps = b"close" not in answer and b"/1.1" in answer

    def script(connection, nth):
        connection.sendall(answer)
        if not keeps:
            connection.shutdown(socket.SHUT_RDWR)

    with serving(script) as server, inject(upstream="passthrough") as chaos:
        manager = urllib3.PoolManager()
        for _ in range(3):
            response = post(server.url, manager=manager, preload_content=preload)
            assert (response.data, response.headers.get("transfer-encoding")) == (data, None)
        assert server.connections == (1 if keeps else 3)
    assert [call.error for call in chaos.calls] == [None] * 3


def test_real_failures_beneath_are_its_own():
    """Where the real upstream fails by itself, the app gets urllib3's own error."""
    with serving(scripted.disconnect) as server, inject(upstream="passthrough", allow_unused=True) as chaos:
        with pytest.raises(ProtocolError, match="Remote end closed connection"):
            post(server.url, retries=False)
        with pytest.raises(NewConnectionError):
            post(scripted.refused(), retries=False)
    assert [call.error for call in chaos.calls] == ["RemoteDisconnected", "NewConnectionError"]


def test_a_route_fails_in_urllib3s_terms():
    """A side effect in httpx's words is raised in urllib3's."""
    with inject() as chaos:
        route = chaos.upstream.post(url=URL)
        for told, raised in [
            (httpx.ConnectError, NewConnectionError),
            (httpx.ReadTimeout, ReadTimeoutError),
            (httpx.RemoteProtocolError, ProtocolError),
            (ZeroDivisionError, ZeroDivisionError),
        ]:
            route.mock(side_effect=told)
            with pytest.raises(raised):
                post(retries=False)


@two
def test_a_proxy_is_not_reached():
    """A simulated answer needs no tunnel, and a failure is the provider's, not the proxy's."""
    with serving(scripted.disconnect) as server:
        proxied = urllib3.ProxyManager(f"http://{server.host}")
        with inject(faults.connection_reset(calls=1)) as chaos:
            with pytest.raises(ProtocolError):
                post(manager=proxied, retries=False)
            assert post(manager=proxied).status == 200
        assert server.connections == 0
        with inject(upstream="passthrough", allow_unused=True), pytest.raises(ProtocolError, match="Remote end"):
            post(manager=proxied, retries=False)
        assert server.connections == 1
    assert chaos.calls[1].provider == "openai"
