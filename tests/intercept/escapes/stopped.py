"""Ways of Python's own libraries, and of those built on its sockets: stopped, and told."""

from __future__ import annotations

import _socket
import asyncio
import http.client
import socket
import ssl
import urllib.request
from collections.abc import Iterator
from socket import create_connection, getaddrinfo, gethostbyname

from .broken import proxies
from .way import Stand, Way

taken = getaddrinfo, gethostbyname, create_connection
"""Copies that no patch reaches."""


def asking(host: str) -> bytes:
    """Return a whole request."""
    return f"POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\r\n{{}}".encode()


def by_other_name(stand: Stand) -> None:
    """The settings say localhost."""
    http.client.HTTPConnection("127.0.0.1", stand.port).request("POST", "/v1/x", b"{}")


def by_urllib(stand: Stand) -> None:
    """As the settings say."""
    urllib.request.build_opener().open(stand.url, b"{}", timeout=5)


def by_urllib_to_ollama(_: Stand) -> None:
    """Nobody named it."""
    urllib.request.build_opener().open("http://localhost:11434/api/chat", b"{}", timeout=5)


def by_http_client(_: Stand) -> None:
    """A new connection."""
    http.client.HTTPSConnection("api.openai.com").request("GET", "/v1/models")


def by_kept_http_client(stand: Stand) -> Iterator[None]:
    """A connection of before."""
    kept = http.client.HTTPConnection("localhost", stand.port)
    kept.request("POST", "/v1/chat/completions", b"{}")
    kept.getresponse().read()
    try:
        yield
        kept.request("POST", "/v1/chat/completions", b"{}")
    finally:
        kept.close()


def by_tunnel(stand: Stand) -> None:
    """CONNECT by hand."""
    connection = http.client.HTTPSConnection("127.0.0.1", stand.port, timeout=5)
    connection.set_tunnel("api.openai.com", 443)
    connection.request("POST", "/v1/chat/completions", b"{}")


def by_urllib_variables(stand: Stand) -> None:
    """As the environment says."""
    with proxies(f"http://127.0.0.1:{stand.port}"):
        urllib.request.build_opener().open("https://api.openai.com/v1/models", timeout=5)


def by_urllib_proxy(stand: Stand) -> None:
    """In the clear through a proxy, which is given the whole URL."""
    proxy = urllib.request.ProxyHandler({"http": f"http://127.0.0.1:{stand.port}"})
    urllib.request.build_opener(proxy).open("http://api.openai.com/v1/models", timeout=5)


def by_azure(_: Stand) -> None:
    """A host that serves other things too: the path tells."""
    raw, peer = socket.socketpair()
    with raw, peer:
        raw.sendall(asking("me.openai.azure.com").replace(b"/v1/", b"/openai/deployments/any/"))


def by_kept_socket(stand: Stand) -> Iterator[None]:
    """Bare bytes on a connection of before, with nothing in them that names a host."""
    with create_connection(("localhost", stand.port)) as raw:
        yield
        raw.sendall(b"\x81\x85mask-and-so-on")


def by_kept_tls_socket(_: Stand) -> Iterator[None]:
    """TLS of before, by whatever address."""
    left, right = socket.socketpair()
    with (
        right,
        ssl.create_default_context().wrap_socket(
            left, server_hostname="api.openai.com", do_handshake_on_connect=False
        ) as tls,
    ):
        yield
        tls.sendall(asking("api.openai.com"))


def by_kept_tls_object(_: Stand) -> Iterator[None]:
    """TLS of before as asyncio, anyio and trio carry it."""
    context = ssl.create_default_context()
    tls = context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="api.openai.com")
    yield
    tls.write(b"\x81\x85mask-and-so-on")


def by_address(_: Stand) -> None:
    """An address that was known: TLS is asked for the name."""
    left, right = socket.socketpair()
    with left, right:
        ssl.create_default_context().wrap_socket(left, server_hostname="api.anthropic.com")


def by_socks(stand: Stand) -> None:
    """The proxy looks the name up."""
    with create_connection(("127.0.0.1", stand.port)) as raw:
        raw.sendall(b"\x05\x01\x00\x03\x0eapi.openai.com\x01\xbb")


def by_unix_socket(_: Stand) -> None:
    """A gateway on this machine that is asked for the provider."""
    near, far = socket.socketpair()
    with near, far:
        near.sendall(asking("api.openai.com"))


async def by_streams(stand: Stand) -> None:
    """A connection of asyncio."""
    _, writer = await asyncio.open_connection("localhost", stand.port)
    writer.close()


async def by_loop_look_up(_: Stand) -> None:
    """The loop's own look-up."""
    await asyncio.get_running_loop().getaddrinfo("api.openai.com", 443)


async def by_sock_connect(stand: Stand) -> None:
    """A socket that the loop connects."""
    with socket.socket() as raw:
        raw.setblocking(False)
        await asyncio.get_running_loop().sock_connect(raw, ("127.0.0.1", stand.port))


def keeping(stand: Stand, loop: asyncio.AbstractEventLoop, *, closing: float = 0) -> Iterator[None]:
    """Open a stream, and ask on it later; a loop may need some seconds for closing it."""
    reader, writer = loop.run_until_complete(asyncio.open_connection("127.0.0.1", stand.port))

    async def ask() -> None:
        writer.write(asking(stand.host))
        await reader.read(1)

    try:
        yield
        loop.run_until_complete(ask())
    finally:
        writer.close()
        loop.run_until_complete(asyncio.sleep(closing))
        loop.close()


def by_kept_streams(stand: Stand) -> Iterator[None]:
    """A stream of before."""
    yield from keeping(stand, asyncio.new_event_loop())


def by_anyio(stand: Stand) -> None:
    """A connection of anyio."""
    import anyio

    async def ask() -> None:
        await anyio.connect_tcp("localhost", stand.port)

    anyio.run(ask)


def by_trio(stand: Stand) -> None:
    """A connection of trio."""
    import trio

    async def ask() -> None:
        await trio.open_tcp_stream("localhost", stand.port)

    trio.run(ask)


def by_uvloop(stand: Stand) -> None:
    """A connection of uvloop, which looks names up in C."""
    import uvloop

    async def ask() -> None:
        await asyncio.get_running_loop().create_connection(asyncio.Protocol, "localhost", stand.port)

    uvloop.run(ask())


def by_uvloop_look_up(stand: Stand) -> None:
    """Its look-up."""
    import uvloop

    async def ask() -> None:
        await asyncio.get_running_loop().getaddrinfo("api.openai.com", 443)

    uvloop.run(ask())


def by_grpc(_: Stand) -> None:
    """A channel."""
    import grpc

    grpc.insecure_channel("api.x.ai:443")


def by_kept_grpc(_: Stand) -> Iterator[None]:
    """A channel of before."""
    import grpc

    with grpc.insecure_channel("api.x.ai:443") as channel:
        ask = channel.unary_unary("/xai_api.Chat/GetCompletion")
        yield
        ask(b"")


def plainly(call: object) -> object:
    """Return a way that needs no stand-in."""
    return lambda _: call()  # type: ignore[operator]


LOOK_UPS = [
    ("getaddrinfo", lambda: socket.getaddrinfo("api.openai.com", 443)),
    ("gethostbyname", lambda: socket.gethostbyname("api.openai.com")),
    ("gethostbyname_ex", lambda: socket.gethostbyname_ex("api.openai.com")),
    ("connect with a name", lambda: socket.socket().connect(("api.openai.com", 443))),
    ("connect_ex with a name", lambda: socket.socket().connect_ex(("api.openai.com", 443))),
    ("create_connection", lambda: socket.create_connection(("api.openai.com", 443))),
    ("getaddrinfo, taken by name before", lambda: taken[0]("api.openai.com", 443)),
    ("gethostbyname, taken by name before", lambda: taken[1]("api.openai.com")),
    ("create_connection, taken by name before", lambda: taken[2](("api.openai.com", 443))),
    ("a look-up by the C module itself", lambda: _socket.getaddrinfo("api.openai.com", 443)),
    ("a name with the dot that ends it", lambda: socket.getaddrinfo("api.openai.com.", 443)),
    ("a name in capitals", lambda: socket.getaddrinfo("API.OpenAI.COM", 443)),
    ("a name as bytes", lambda: socket.getaddrinfo(b"api.openai.com", b"443")),
    ("a name that IDNA maps to the provider's", lambda: socket.getaddrinfo("api。openai。com", 443)),
]
WAYS = [
    *(Way(what, "socket", "stopped", plainly(go)) for what, go in LOOK_UPS),
    Way("an endpoint of one's own, by another name of this machine", "http.client", "stopped", by_other_name),
    Way("an endpoint of one's own with its port", "urllib", "stopped", by_urllib),
    Way("a local server at the port of Ollama", "urllib", "stopped", by_urllib_to_ollama),
    Way("a request over TLS", "http.client", "stopped", by_http_client),
    Way("a connection opened before the run", "http.client", "stopped", by_kept_http_client),
    Way("TLS through an HTTP proxy", "http.client", "stopped", by_tunnel),
    Way("a proxy named by HTTPS_PROXY", "urllib", "stopped", by_urllib_variables),
    Way("in the clear through an HTTP proxy", "urllib", "stopped", by_urllib_proxy),
    Way("a host that serves other things too (Azure), told by the path", "socket", "stopped", by_azure),
    Way("a connection to an endpoint of one's own opened before the run", "socket", "stopped", by_kept_socket),
    Way("a SOCKS proxy that looks the name up", "socket", "stopped", by_socks),
    Way("HTTP over a unix socket, asked for the provider's host", "socket", "stopped", by_unix_socket),
    Way("TLS opened before the run", "ssl.SSLSocket", "stopped", by_kept_tls_socket),
    Way("TLS opened before the run (asyncio, anyio, trio)", "ssl.SSLObject", "stopped", by_kept_tls_object),
    Way("TLS to an address that was known before", "ssl", "stopped", by_address),
    Way("open_connection", "asyncio", "stopped", by_streams),
    Way("loop.getaddrinfo", "asyncio", "stopped", by_loop_look_up),
    Way("loop.sock_connect", "asyncio", "stopped", by_sock_connect),
    Way("a stream opened before the run", "asyncio", "stopped", by_kept_streams),
    Way("connect_tcp", "anyio", "stopped", by_anyio),
    Way("open_tcp_stream", "trio", "stopped", by_trio),
    Way("create_connection", "uvloop", "stopped", by_uvloop, needs="uvloop"),
    Way("loop.getaddrinfo", "uvloop", "stopped", by_uvloop_look_up, needs="uvloop"),
    Way("a channel", "grpc", "stopped", by_grpc, needs="grpc"),
    Way("a channel opened before the run", "grpc", "stopped", by_kept_grpc, needs="grpc"),
]
