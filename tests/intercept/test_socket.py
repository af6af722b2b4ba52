"""The last line: nothing reaches a provider by Python's sockets unnoticed, whatever library it uses."""

from __future__ import annotations

import asyncio
import http.client
import socket
import ssl
import sys
import urllib.request

import pytest

from pytest_llmchaos import ChaosFailed, inject
from pytest_llmchaos.intercept import active_runs
from pytest_llmchaos.intercept.stacks import _audit, _outward
from pytest_llmchaos.providers import Providers
from pytest_llmchaos.run.chaos import Chaos

OWN = {"our-gateway": {"hosts": ["localhost:8123"]}}


def by_urllib():
    """Call through the standard library."""
    urllib.request.urlopen("https://api.anthropic.com/v1/messages", data=b"{}")


def by_http_client():
    """Call through its lower half."""
    http.client.HTTPSConnection("api.openai.com").request("POST", "/v1/chat/completions", body=b"{}")


def by_asyncio():
    """Connect as a websocket library does."""
    asyncio.run(asyncio.open_connection("api.openai.com", 443))


@pytest.mark.parametrize("call", [by_urllib, by_http_client, by_asyncio])
def test_a_library_that_is_not_intercepted_is_stopped_and_told(call):
    """The call fails as an unknown host does, and the run fails although the app swallowed that."""
    with (
        pytest.raises(ChaosFailed, match=r"(its name was looked up|a connection was opened to it).*"),
        inject(),
        pytest.raises(OSError, match="nothing intercepted"),
    ):
        call()


def test_the_line_of_the_app_is_told_where_asyncio_looks_up_in_a_thread():
    """The place is named, as for every other call."""
    told = pytest.raises(ChaosFailed, match=r"looked\s+up\s+from\s+\S*test_socket\.py:\d+")
    with told, inject(), pytest.raises(OSError, match="nothing intercepted"):
        by_asyncio()


def test_other_names_are_resolved():
    """Local services stay reachable, and everything is restored after the run."""
    watched = [(socket, "getaddrinfo"), (socket, "gethostbyname"), (ssl.SSLSocket, "send"), (ssl.SSLObject, "write")]
    original = [getattr(*each) for each in watched]
    with inject():
        assert socket.getaddrinfo("127.0.0.1", 80)
        assert socket.getaddrinfo(None, 80)
        assert socket.getaddrinfo(b"localhost", "https")
        assert socket.gethostbyname("localhost")
    assert [getattr(*each) for each in watched] == original
    assert not {"connect", "connect_ex", "send", "sendall", "sendmsg"} & set(vars(socket.socket))


def test_passthrough_may_look_up_what_it_wants(monkeypatch):
    """With the real provider as upstream its name is resolved like any other."""
    asked = []
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: asked.append(args[0]) or [])
    with inject(upstream="passthrough"):
        socket.getaddrinfo("api.openai.com", 443)
    assert asked == ["api.openai.com"]


def test_a_server_of_this_process_may_look_for_its_own_address():
    """Whoever listens at an endpoint of one's own calls nobody."""

    async def listen():
        (await asyncio.start_server(lambda *_: None, "localhost", 8123)).close()

    def passive():
        socket.getaddrinfo("localhost", 8123, flags=socket.AI_PASSIVE)

    for listens in (passive, lambda: asyncio.run(listen())):
        chaos = Chaos(providers=Providers(OWN))
        active_runs.start(chaos)
        try:
            listens()
        finally:
            active_runs.stop(chaos)
        assert not chaos.verdicts


def test_a_look_up_that_only_asks_whether_to_use_a_proxy_is_none():
    """On macOS requests has urllib ask so for every host, which must not accuse an intercepted call."""
    exceptions = {"exclude_simple": False, "exceptions": ["169.254/16"]}
    with inject():
        assert urllib.request._proxy_bypass_macosx_sysconf("api.openai.com", exceptions) is False


def test_the_hook_stays_and_is_idle_without_a_run():
    """It cannot be taken away; its table is empty, and runs within runs share it."""
    before = dict(vars(sys).get(_audit._NAME, {}))  # of an earlier test's thread that still lives
    with inject(), inject():
        assert vars(sys)[_audit._NAME]
    assert vars(sys)[_audit._NAME] in ({}, before)  # that thread may have ended meanwhile


@pytest.mark.parametrize(
    ("host", "port", "place"),
    [
        ("api.openai.com", 443, "api.openai.com:443"),
        (b"api.openai.com", "https", "api.openai.com:443"),
        (bytearray(b"localhost"), b"8000", "localhost:8000"),
        ("localhost", None, "localhost"),
        ("localhost", 0, "localhost"),
        ("::1", 8000, "[::1]:8000"),
        (None, 80, ":80"),
    ],
)
def test_places(host, port, place):
    """Addresses come as Python takes them."""
    assert _outward.at(host, port) == place


@pytest.mark.parametrize(
    ("data", "host", "path"),
    [
        (
            b"POST /v1/x?key=s HTTP/1.1\r\nContent-Length: 2\r\nHost: api.openai.com\r\n\r\n{}",
            "api.openai.com",
            "/v1/x",
        ),
        (bytearray(b"GET / HTTP/1.1\r\nhost:localhost:8000\r\n\r\n"), "localhost:8000", "/"),
        (b"POST /v1/x HTTP/1.1\r\n", "", "/v1/x"),
        (b"CONNECT api.openai.com:443 HTTP/1.1\r\nHost: proxy\r\n\r\n", "api.openai.com:443", ""),
        (b"POST http://u:p@llm.corp/v1/x?a HTTP/1.0\r\nHost: proxy\r\n\r\n", "llm.corp", "/v1/x"),
        (b"\x05\x01\x00\x03\x0eapi.openai.com\x01\xbb", "api.openai.com:443", ""),
        (b"\x04\x01\x01\xbb\0\0\0\x01me\0api.openai.com\0", "api.openai.com:443", ""),
        (b"\x05\x01\x00", "", ""),
        (b"\x05\x01\x00\x03\xffcut", "", ""),
        (b"\x04\x01\x01\xbb\0\0\0\x01", "", ""),
        (b"SELECT 1 HTTP", "", ""),
        ("text", "", ""),
        (None, "", ""),
    ],
)
def test_what_the_first_bytes_name(data, host, path):
    """HTTP/1, proxies and SOCKS name the host; what else is sent names none."""
    assert _outward.called(data) == (host, path)


PING = b"\x00\x00\x08\x06\x00\x00\x00\x00\x00" + bytes(8)
WINDOW = b"\x00\x00\x04\x08\x00\x00\x00\x00\x00" + bytes(4)
HEADERS = b"\x00\x00\x01\x01\x05\x00\x00\x00\x01\x82"


@pytest.mark.parametrize(
    ("data", "asks"),
    [
        (b"POST / HTTP/1.1\r\n", True),
        (b"\x81\x85mask", True),
        (HEADERS, True),
        (WINDOW + HEADERS, True),
        (_outward._PREFACE + WINDOW + HEADERS, True),
        (b"{}", True),
        (b"\x89\x80mask", False),
        (b"\x88\x82mask\x03\xe8", False),
        (PING, False),
        (_outward._PREFACE + WINDOW, False),
        (b"\x15\x03\x03\x00\x02\x01\x00", False),
        (b"", False),
        (None, False),
    ],
)
def test_keeping_a_connection_is_no_call(data, asks):
    """A ping or the end of a connection of old accuses nobody."""
    assert _outward.is_call(data) is asks
