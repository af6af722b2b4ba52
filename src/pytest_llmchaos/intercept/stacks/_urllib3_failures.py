"""What each failure is at urllib3's single-request step, and what becomes of it above.

Measured with urllib3 2.8, requests 2.34 and botocore 1.44 on Linux against a scripted loopback server (urllib3 1.26
differs where said):

| failure | at the step | requests | botocore |
| --- | --- | --- | --- |
| refused | NewConnectionError from ConnectionRefusedError | ConnectionError | EndpointConnectionError |
| no such name | NameResolutionError from gaierror (1.26: as above) | ConnectionError | EndpointConnectionError |
| certificate | SSLError(SSLCertVerificationError) | SSLError | SSLError |
| connect timeout | ConnectTimeoutError(connection, text) from TimeoutError | ConnectTimeout | ConnectTimeoutError |
| read timeout | ReadTimeoutError from TimeoutError | ReadTimeout | ReadTimeoutError |
| reset (over TLS see `_resets`) | ConnectionResetError | ConnectionError | ConnectionClosedError |
| no answer | RemoteDisconnected | ConnectionError | ConnectionClosedError |

The last two become `ProtocolError('Connection aborted.', ...)` in urlopen. Within the body, urllib3's reader makes of
a TimeoutError a ReadTimeoutError (requests: ConnectionError), of a ConnectionResetError `ProtocolError('Connection
broken: ...')`, and of an early end IncompleteRead within `ProtocolError`, or `ProtocolError('Response ended
prematurely')` where a new chunk was due (requests: ChunkedEncodingError; botocore: ConnectionClosedError, and urllib3's
own error where the app reads the stream). So there the socket's own errors are raised, for that reader to judge.
"""

from __future__ import annotations

import errno
import importlib
import socket
from http.client import RemoteDisconnected
from typing import TYPE_CHECKING, Any

from ._certificates import CERTIFICATES, certificate_error
from ._resets import seen_by_blocking
from ._urllib3_wire import BrokenOff

if TYPE_CHECKING:
    from ...core.call import Timeouts
    from ...core.plan import FailKind

__all__ = ["Failures"]

# httpx's names for them, in which the routes of `llmchaos.upstream` raise.
_AS_KINDS: dict[str, FailKind] = {
    "ConnectError": "connection_refused",
    "ConnectTimeout": "connect_timeout",
    "PoolTimeout": "pool_timeout",
    "ReadTimeout": "read_timeout",
    "WriteTimeout": "write_timeout",
    "ReadError": "connection_reset",
    "WriteError": "connection_reset",
    "CloseError": "connection_reset",
    "RemoteProtocolError": "server_disconnected",
}

_SOMEBODY = "parked.example"  # whose certificate a wrong host shows


class Failures:
    """Makes the exception of a failure, for one request.

    Args:
        exceptions: the module `urllib3.exceptions`.
        pool, connection, url: of the request, as the exceptions name them.
        limits: the client's own, as the exceptions name them.

    Attributes:
        in_body: whether status and headers have arrived.
        last: the failure that struck, None so far.
    """

    def __init__(self, exceptions: Any, pool: Any, connection: Any, url: str, limits: Timeouts) -> None:
        self.in_body = False
        self.last: FailKind | None = None
        self._exceptions = exceptions
        self._pool = pool
        self._connection = connection
        self._url = url
        self._limits = limits

    def __call__(self, kind: FailKind) -> BaseException:
        """Return it with the system's error as its cause."""
        self.last = kind
        kind = seen_by_blocking(kind, self._pool.scheme, in_body=self.in_body)
        return self._from_the_socket(kind) if self.in_body else self._before_the_head(kind)

    def translate(self, error: Exception) -> Exception:
        """Return a route's httpx exception as what urllib3 raises then; any other as it is."""
        kind = _AS_KINDS.get(type(error).__name__) if type(error).__module__.partition(".")[0] == "httpx" else None
        translated = error if kind is None else self._before_the_head(kind)
        return translated if isinstance(translated, Exception) else error

    def _from_the_socket(self, kind: FailKind) -> BaseException:
        if kind in ("stream_cut", "server_disconnected"):
            return BrokenOff()
        if kind == "connection_reset":
            return _reset()
        return TimeoutError("The read operation timed out")

    def _before_the_head(self, kind: FailKind) -> BaseException:
        if kind == "connection_refused":
            return self._no_connection(ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"))
        if kind == "dns_failure":
            return self._no_name(socket.gaierror(socket.EAI_NONAME, "Name or service not known"))
        if kind in CERTIFICATES:
            refused = self._not_verified(kind)
            return _caused(self._exceptions.SSLError(refused), refused)
        if kind == "connect_timeout":
            host = self._connection.host
            text = f"Connection to {host} timed out. (connect timeout={self._limits.connect})"
            return _caused(self._exceptions.ConnectTimeoutError(self._connection, text), TimeoutError("timed out"))
        if kind == "pool_timeout":
            text = "Pool is empty and a new connection can't be opened due to blocking mode."
            return _caused(self._exceptions.EmptyPoolError(self._pool, text), None)
        if kind == "read_timeout":
            text = f"Read timed out. (read timeout={self._limits.read})"
            cause = TimeoutError("The read operation timed out")
            return _caused(self._exceptions.ReadTimeoutError(self._pool, self._url, text), cause)
        if kind == "write_timeout":
            return TimeoutError("The write operation timed out")
        if kind == "connection_reset":
            return _reset()
        return RemoteDisconnected("Remote end closed connection without response")

    def _not_verified(self, kind: FailKind) -> BaseException:
        host = self._connection.host
        context = getattr(self._connection, "ssl_context", None)
        if kind == "certificate_wrong_host" and context is not None and not context.check_hostname:
            # urllib3 compares the names itself where the context does not, as botocore's
            match = importlib.import_module(f"{self._exceptions.__package__}.util.ssl_match_hostname")
            mismatch: BaseException = match.CertificateError(f"hostname {host!r} doesn't match {_SOMEBODY!r}")
            return mismatch
        return certificate_error(kind, host)

    def _no_connection(self, cause: OSError) -> BaseException:
        text = f"Failed to establish a new connection: {cause}"
        return _caused(self._exceptions.NewConnectionError(self._connection, text), cause)

    def _no_name(self, cause: socket.gaierror) -> BaseException:
        by_name = getattr(self._exceptions, "NameResolutionError", None)
        if by_name is None:  # urllib3 1.26
            return self._no_connection(cause)
        return _caused(by_name(self._connection.host, self._connection, cause), cause)


def _reset() -> ConnectionResetError:
    return ConnectionResetError(errno.ECONNRESET, "Connection reset by peer")


def _caused(error: BaseException, cause: BaseException | None) -> BaseException:
    error.__cause__ = cause
    return error
