"""urllib3, and with it requests, botocore (boto3) and every other library that sends through its pools.

The place is `HTTPConnectionPool._make_request`, the single request beneath `urlopen`: its Retry, redirects and pool
handling run on top of us, and so do requests' adapters and botocore's retry modes. Sentinels at `PoolManager.urlopen`
and, in the stack of requests, at its Session notice an LLM call that was answered above this step.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from ...core.errors import ChaosError
from ...core.framing import framer
from ...core.plan import Chunk, End, Head, Step
from ...run.beneath import let_through
from ...run.driver import CONNECTING, SyncDriver
from ._passage import passed
from ._patches import Patching
from ._requests_mocked import mock_beneath
from ._urllib3_failures import Failures
from ._urllib3_head import ReadyResponse
from ._urllib3_request import Bodies, limits, neutral, url_of
from ._urllib3_sentinel import watched
from ._urllib3_wire import Wire, framed

if TYPE_CHECKING:
    from ...core.plan import FailKind, Plan

__all__ = ["STACK"]

_PIECE = 65536  # bytes; what an upstream sends comes on in pieces of at most that size
_LEFT_OUT = ("User-Agent", "Accept-Encoding", "Host")  # the request was read before, and nobody reads it again
_READING = ("preload_content", "decode_content", "enforce_content_length")


class Urllib3Stack(Patching):
    """Intercepts urllib3 2 and 1.26."""

    library = "urllib3"

    def __init__(self) -> None:
        super().__init__()
        self._bodies = Bodies()
        # Connections whose tunnel through a proxy was put off until we know that the request goes out.
        self._tunnels: WeakKeyDictionary[Any, Callable[[Any, Any], None]] = WeakKeyDictionary()

    @property
    def _module(self) -> Any:
        return sys.modules[self.library]

    @property
    def breaks(self) -> bool:
        """Whether faults reach its calls: not where another library has taken its name."""
        return not self.replaced_by

    @property
    def replaced_by(self) -> str:
        """The library that has taken its name: urllib3-future, which reads no answer by http.client; empty for none."""
        return "urllib3-future" if hasattr(sys.modules.get(self.library), "AsyncPoolManager") else ""

    def install(self) -> None:
        """Patch the library, or lie on top again where another tool patched over us.

        Raises:
            ChaosError: a name that we rely on is gone in the installed version.
        """
        if self.replaced_by:
            return
        pools = self._module.connectionpool
        for name in ("_put_conn", "_raise_timeout"):
            if not hasattr(pools.HTTPConnectionPool, name):
                raise ChaosError(
                    f"urllib3: {name} of its connection pool is gone in the installed version, so its calls cannot "
                    "be intercepted; please report this with the version you use"
                )
        self._patches.replace(pools.HTTPConnectionPool, "_make_request", self._step)
        self._patches.replace(pools.HTTPSConnectionPool, "_prepare_proxy", self._put_off)
        self._patches.replace(self._module.PoolManager, "urlopen", _sentinel)

    def uninstall(self) -> None:
        """Give the library back as it was."""
        super().uninstall()
        self._tunnels.clear()

    # --- the interception point ---------------------------------------------------------------------------------

    def _step(self, original: Any) -> Any:
        def _make_request(
            pool: Any, conn: Any, method: str, url: str, body: Any = None, headers: Any = None, **options: Any
        ) -> Any:
            from ..active_runs import active

            def send(body: Any, **changed: Any) -> Any:
                self._tunnel(pool, conn)
                return original(pool, conn, method, url, body=body, headers=headers, **{**options, **changed})

            chaos = active()
            if chaos is None:
                return send(body)
            whole_url = url_of(pool, url)
            found = chaos.providers.route(method, whole_url)
            passed()
            mock = mock_beneath.get()
            if mock is not None and mock.asked:
                let_through()
                return send(body)
            mocked = mock is not None or _mocked(conn, original)
            if found is None and not mocked:
                found = chaos.guard(method, whole_url)
            if found is None:
                return send(body)
            content, same_body = self._bodies.read(body)
            request = neutral(method, whole_url, headers, content, limits(options.get("timeout")))
            under_way = chaos.begin(found, request, self.library, own=mocked)
            if under_way is None:
                return mock() if mock is not None else send(same_body)
            upstream = _Original(conn, mock or (lambda: send(same_body, **_unread(options))))
            failures = Failures(self._module.exceptions, pool, conn, url, request.timeouts)
            driver = SyncDriver(under_way, failures, chaos.upstream_for(under_way, upstream, failures.translate))
            try:
                head = driver.head()
            except BaseException:
                if failures.last in CONNECTING:
                    self._bodies.unsent(body, content)
                _leave(failures.last, pool, conn)
                raise
            failures.in_body = True
            wire = Wire(_reframed(head, under_way.plan), driver, under_way.end)
            return self._received(wire, pool, method, url, options)

        return _make_request

    def _received(self, wire: Wire, pool: Any, method: str, url: str, options: dict[str, Any]) -> Any:
        """Return the answer on that wire as the single-request step returns it: urllib3's own, parsed by its own code.

        The pool's connection has no part in it. It is released or closed with the answer as always, and stays
        unconnected where no upstream used it.
        """
        reading = {key: options[key] for key in _READING if key in options}
        if not reading:  # urllib3 1.26 makes its own answer of http.client's in urlopen
            answer: Any = ReadyResponse if wire.plain else HTTPResponse
            bare = answer(wire, method=method)
            bare.begin()
            return bare
        front = _genuine(self._module.connection.HTTPConnection)(pool.host, pool.port)
        front.sock = wire
        if wire.plain:
            front.response_class = ReadyResponse
        front.request(method, url, headers=dict.fromkeys(_LEFT_OUT, self._module.util.SKIP_HEADER), **reading)
        response = front.getresponse()
        response.retries = options.get("retries")
        response._connection = options.get("response_conn")
        response._pool = pool
        return response

    # --- proxies ------------------------------------------------------------------------------------------------

    def _put_off(self, original: Any) -> Any:
        """urlopen connects to a tunnelling proxy before the single-request step: too early for a simulated answer."""

        def _prepare_proxy(pool: Any, conn: Any) -> None:
            from ..active_runs import active

            if active() is None:
                original(pool, conn)
            else:
                self._tunnels[conn] = original

        return _prepare_proxy

    def _tunnel(self, pool: Any, conn: Any) -> None:
        prepare = self._tunnels.pop(conn, None)
        if prepare is None:
            return
        try:
            prepare(pool, conn)
        except OSError as error:  # as urlopen does
            pool._raise_timeout(err=error, url=pool.proxy.url, timeout_value=conn.timeout)
            raise


def _sentinel(original: Any) -> Any:
    def urlopen(manager: Any, method: str, url: str, *args: Any, **options: Any) -> Any:
        return watched(method, url, lambda: manager, lambda: original(manager, method, url, *args, **options))

    return urlopen


def _mocked(conn: Any, original: Any) -> bool:
    """Tell whether a mocking tool answers beneath us: a cassette's connection, or a step that is not urllib3's."""
    return original.__module__.partition(".")[0] != "urllib3" or _of_a_cassette(type(conn).__mro__)


@lru_cache(maxsize=32)
def _of_a_cassette(classes: tuple[type, ...]) -> bool:
    return any(each.__module__.partition(".")[0] == "vcr" for each in classes)


def _leave(kind: FailKind | None, pool: Any, conn: Any) -> None:
    """Leave the pool's connection as urlopen expects it when the request failed in this way; None was no fault."""
    if kind == "pool_timeout":
        pool._put_conn(conn)  # urlopen takes it for never handed out
    elif kind is not None and getattr(conn, "proxy", None):
        # The failure is the provider's: urlopen would blame a proxy that was never reached.
        conn._has_connected_to_proxy = True


def _genuine(connection: type[Any]) -> type[Any]:
    """Return urllib3's own class, which a cassette's in its place derives from."""
    return next(each for each in connection.__mro__ if each.__module__ == "urllib3.connection")


def _unread(options: dict[str, Any]) -> dict[str, Any]:
    """Return what to change in the options, so that the upstream's answer comes raw and piece by piece."""
    raw = {"preload_content": False, "decode_content": False, "response_conn": None}
    return {key: value for key, value in raw.items() if key in options}


def _reframed(head: Head, plan: Plan) -> Head:
    """Return the head of the answer with the frame that its body will have."""
    if plan.source is not None:
        return Head(head.status, framed(head.headers), head.error)
    if plan.shapers and framer(head.headers):
        return Head(head.status, framed(head.headers, anew=True), head.error)
    return head


class _Original:
    """urllib3's own (or a cassette's) answer, as steps."""

    def __init__(self, conn: Any, send: Callable[[], Any]) -> None:
        self._conn = conn
        self._send = send
        self._sock: Any = None
        self._response: Any = None
        self._pieces: Iterator[bytes] = iter(())
        self._complete = False

    def pull(self) -> Step:
        if self._response is None:
            response = self._response = self._send()
            self._sock = getattr(self._conn, "sock", None)
            self._pieces = _pieces(response)
            pairs = response.getheaders() if isinstance(response, HTTPResponse) else response.headers.items()
            return Head(response.status, tuple(pairs))
        for data in self._pieces:
            return Chunk(data)
        self._complete = True
        self._response.close()  # http.client does not see the end of a body of known length by itself
        return End()

    def close(self) -> None:
        """Close an answer that was not read to its end, with its connection: what follows on it is the rest of it."""
        if self._response is None or self._complete:
            return
        self._complete = True
        left = not self._nothing_left()
        self._response.close()
        if left and self._sock is not None and getattr(self._conn, "sock", None) is self._sock:
            self._conn.close()

    def _nothing_left(self) -> bool:
        known = "length" if isinstance(self._response, HTTPResponse) else "length_remaining"
        return getattr(self._response, known, None) == 0


def _pieces(response: Any) -> Iterator[bytes]:
    if getattr(response, "chunked", False) is True and hasattr(response, "stream"):
        yield from response.stream(_PIECE, decode_content=False)
        return
    raw = {} if isinstance(response, HTTPResponse) else {"decode_content": False}
    read = response.read1 if hasattr(response, "read1") else response.read
    while data := read(_PIECE, **raw):
        yield data


STACK = Urllib3Stack()
