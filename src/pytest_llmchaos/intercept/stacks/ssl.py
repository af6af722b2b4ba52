"""TLS by Python's ssl module: it is asked for the provider by name, through whatever proxy, address or library.

So a connection opened before the run is seen when it is used, before anything is encrypted. As few clients get there,
their contexts read the bundles of certificates late.
"""

from __future__ import annotations

import ssl
from typing import Any

from ._ca_bundles import default_bundle_later, read_later
from ._outward import at, called, is_call, stop
from ._patches import Patching

__all__ = ["STACK"]


class _Tls(Patching):
    library = "ssl"
    breaks = False

    def install(self) -> None:
        """Watch what is sent, by sockets and by those who carry the bytes themselves (asyncio, anyio, trio)."""
        for kind, names in ((ssl.SSLSocket, ("write", "send")), (ssl.SSLObject, ("write",))):
            self._patches.replace(kind, "do_handshake", _handshake)
            for name in names:
                self._patches.replace(kind, name, _write)
        if ssl.SSLContext.__module__ == "ssl":  # else truststore's, which reads the system's bundles
            self._patches.replace(ssl.SSLContext, "load_verify_locations", read_later, inherited=True)
            self._patches.replace(ssl.SSLContext, "set_default_verify_paths", default_bundle_later, inherited=True)


def _handshake(original: Any) -> Any:
    def do_handshake(tls: Any, *args: Any) -> Any:
        if tls.server_hostname:
            stop(_place(tls), "TLS was begun with it")
        return original(tls, *args)

    return do_handshake


def _write(original: Any) -> Any:
    def write(tls: Any, data: Any, *args: Any) -> Any:
        from ..active_runs import active

        if active() is not None and not tls.server_side:
            host, path = called(data)
            if host:
                stop(host + path, "a request was sent to it")
            if tls.server_hostname and is_call(data):
                stop(_place(tls) + path, "a request was sent to it on an open connection")
        return original(tls, data, *args)

    return write


def _place(tls: Any) -> str:
    """Return the name that TLS was asked for, with the port where the socket knows it."""
    peer: Any = None
    if isinstance(tls, ssl.SSLSocket):
        try:
            peer = tls.getpeername()
        except OSError:  # no longer connected
            peer = None
    return at(tls.server_hostname, peer[1] if isinstance(peer, tuple) else None)


STACK = _Tls()
