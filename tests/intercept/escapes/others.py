"""Ways of other libraries: they are tried where they are installed."""

from __future__ import annotations

from importlib import import_module
from socket import create_connection

from .stopped import asking, keeping
from .way import Stand, Way


def call(path: str, *names: str):
    """Return a way: `module:name` called with the stand-in's URL, then methods of what it gave."""

    def go(stand: Stand) -> object:
        module, _, attributes = path.partition(":")
        found = import_module(module)
        for name in attributes.split("."):
            found = getattr(found, name)
        for name in names:
            found = getattr(found(), name)
        return found(stand.url)

    return go


def by_coroutine(way):
    """Return the same for a call that must be made, and may be awaited, in a loop."""

    def go(stand: Stand) -> object:
        async def ask() -> None:
            await way(stand)

        return ask()

    return go


by_pyreqwest = call("pyreqwest.simple.sync_request:pyreqwest_get")
by_tornado = by_coroutine(call("tornado.httpclient:AsyncHTTPClient", "fetch"))


def by_pycurl(stand: Stand) -> None:
    """libcurl, by its own resolver."""
    import pycurl

    curl = pycurl.Curl()
    curl.setopt(pycurl.URL, stand.url)
    curl.perform()


def by_pycurl_multi(stand: Stand):
    """A handle made before, played by a multi handle of the run."""
    import pycurl

    curl = pycurl.Curl()
    curl.setopt(pycurl.URL, stand.url)
    yield
    pycurl.CurlMulti().add_handle(getattr(curl, "handle", curl))  # pytest-recording lays its own around it


def by_curl_cffi_kept(stand: Stand):
    """A session of before, with its connection."""
    import curl_cffi

    with curl_cffi.Session() as session:
        session.get(stand.url)
        yield
        session.get(stand.url)


def by_websocket(stand: Stand) -> None:
    """A handshake in the clear."""
    import websocket

    websocket.create_connection(stand.url.replace("http", "ws"), timeout=5)


def by_websockets(stand: Stand) -> None:
    """The same."""
    from websockets.sync.client import connect

    connect(stand.url.replace("http", "ws"))


def by_httplib2(stand: Stand) -> None:
    """Built on http.client."""
    import httplib2

    httplib2.Http().request(stand.url)


async def by_niquests(stand: Stand) -> None:
    """On urllib3-future, which takes the name of urllib3 and is another library; HTTP/1 to a server of one's own."""
    import niquests

    async with niquests.AsyncSession() as session:
        await session.get(stand.url)


def by_kept_niquests(stand: Stand):
    """A session of before, with its connection."""
    import niquests

    with niquests.Session() as session:
        session.get(stand.url)
        yield
        session.get(stand.url)


def by_treq(stand: Stand) -> None:
    """Twisted's reactor, and its own resolver in a thread."""
    import treq
    from twisted.internet import reactor

    asked = treq.get(stand.url)
    asked.addErrback(lambda _: None)
    asked.addBoth(lambda _: reactor.stop())
    reactor.run(installSignalHandlers=False)


def by_old_pycurl(stand: Stand):
    """A handle made before, performed by itself."""
    import pycurl

    curl = pycurl.Curl()
    curl = getattr(curl, "handle", curl)  # pytest-recording lays its own around it, which is seen
    curl.setopt(pycurl.URL, stand.url)
    curl.setopt(pycurl.WRITEFUNCTION, lambda _: None)
    yield
    curl.perform()
    curl.close()


def by_primp_taken(stand: Stand):
    """A function by a name taken before."""
    from primp import get

    yield
    get(stand.url)


def by_kept_uvloop(stand: Stand):
    """A connection that uvloop opened before."""
    import uvloop

    yield from keeping(stand, uvloop.new_event_loop(), closing=0.01)


def by_kept_trio(stand: Stand):
    """A connection that trio opened before, in the clear."""
    import trio

    with create_connection(("127.0.0.1", stand.port)) as raw:
        raw.setblocking(False)

        async def ask() -> None:
            carried = trio.socket.from_stdlib_socket(raw)
            await carried.send(asking(stand.host))
            await carried.recv(1)

        yield
        trio.run(ask)


RUST = "primp and other Rust clients"
NATIVE = "resolves, connects and encrypts without Python"
WAYS = [
    Way("a request", "pycurl", "stopped", by_pycurl, needs="pycurl"),
    Way("a handle made before the run, in a multi handle", "pycurl", "stopped", by_pycurl_multi, needs="pycurl"),
    Way("a request", "curl_cffi", "stopped", call("curl_cffi:get"), needs="curl_cffi"),
    Way("a connection opened before the run", "curl_cffi", "stopped", by_curl_cffi_kept, needs="curl_cffi"),
    Way("a request", "tls_client (Go)", "stopped", call("tls_client:Session", "get"), needs="tls_client"),
    Way("a request", "primp (Rust)", "stopped", call("primp:Client", "get"), needs="primp"),
    Way("a request", "httpr (Rust)", "stopped", call("httpr:get"), needs="httpr"),
    Way("a request", "impit (Rust)", "stopped", call("impit:get"), needs="impit"),
    Way("a request", "rnet (Rust)", "stopped", by_coroutine(call("rnet:get")), needs="rnet"),
    Way("a request", "wreq (Rust)", "stopped", by_coroutine(call("wreq:get")), needs="wreq"),
    Way("a request", "pyreqwest (Rust)", "stopped", by_pyreqwest, needs="pyreqwest"),
    Way("a websocket's handshake", "websocket-client", "stopped", by_websocket, needs="websocket"),
    Way("a websocket's handshake", "websockets", "stopped", by_websockets, needs="websockets"),
    Way("a request", "httplib2", "stopped", by_httplib2, needs="httplib2"),
    Way("a request", "aiosonic", "stopped", by_coroutine(call("aiosonic:HTTPClient", "get")), needs="aiosonic"),
    Way("a request", "tornado", "stopped", by_tornado, needs="tornado"),
    Way("a request", "treq (Twisted)", "stopped", by_treq, needs="treq"),
    Way("a request", "niquests (urllib3-future)", "stopped", call("niquests:get"), needs="niquests"),
    Way("an async request", "niquests (urllib3-future)", "stopped", by_niquests, needs="niquests"),
    Way(
        "a connection opened before the run", "niquests (urllib3-future)", "stopped", by_kept_niquests, needs="niquests"
    ),
    Way(
        "a handle made before the run, performed by itself",
        "pycurl",
        "unseen",
        by_old_pycurl,
        needs="pycurl",
        why="its types cannot be patched; make handles in the code under test, as `pycurl.Curl()`",
    ),
    Way(
        "a module's function taken by name before the run",
        RUST,
        "unseen",
        by_primp_taken,
        needs="primp",
        why=f"it {NATIVE}; their clients' methods are seen, whenever the client was made",
    ),
    Way(
        "a connection opened before the run",
        "uvloop",
        "unseen",
        by_kept_uvloop,
        needs="uvloop",
        why="its transports write in C; open connections in the test, or use asyncio's loop",
    ),
    Way(
        "a connection in the clear opened before the run",
        "trio",
        "unseen",
        by_kept_trio,
        why="it keeps copies of the socket's methods; over TLS it is seen",
    ),
    Way(
        "a base URL given to the client before the run",
        RUST,
        "unseen",
        why=f"the path alone is no place, and the client {NATIVE}",
    ),
    Way(
        "an asyncio channel of an older release (grpcio 1.66 is one) opened before the run",
        "grpc",
        "unseen",
        why="such a channel does not tell its target",
    ),
    Way(
        "HTTP/2 of another library to a host that serves other things too (Azure, Bedrock, watsonx)",
        "h2",
        "unseen",
        why="the path that would tell is compressed, and the name alone accuses nobody",
    ),
    Way(
        "a unix socket to a gateway that is asked for no provider's name",
        "any but httpx and aiohttp",
        "unseen",
        why="nothing that leaves names a provider; give the gateway a host of its own in `[tool.llmchaos.providers]`",
    ),
    Way(
        "a resolver that asks a DNS server itself, then plain HTTP without the host",
        "dnspython, aiodns",
        "unseen",
        why="the question goes to the DNS server; whoever then uses TLS or names the host in HTTP/1 is seen",
    ),
    Way(
        "a Python child started with -I, -E or -S",
        "python",
        "unseen",
        why="it takes no notice of its environment, by which it gets a guard, and another command line could change "
        "what it does; a test that hits no call names it as a process that chaos cannot see into",
    ),
    Way(
        "any other native or ctypes client",
        "any",
        "unseen",
        why="it leaves no trace in Python; a test that calls in no other way fails, because nothing was hit",
    ),
]
