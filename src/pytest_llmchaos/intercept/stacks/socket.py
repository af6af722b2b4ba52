"""The last line: whatever goes to a provider's place by way of Python's sockets, by whatever library.

Every intercepted call is answered before it comes to this. What does come (a stack that is not intercepted, a
websocket, a subclass that went its own way, a connection opened before the run) would leave the machine, so it is
stopped here and fails the run. Audit events tell of look-ups, connections and http.client whoever took which copy of a
function; the patches see what has no event: names before they are looked up by a connect, and what is sent on
connections of old. What is encrypted is seen in `ssl`; gRPC and uvloop have watchers of their own.
"""

from __future__ import annotations

import socket
import sys
import threading
from types import FrameType
from typing import Any

from ._audit import Listening
from ._outward import at, called, is_call, stop
from ._patches import Patching

__all__ = ["STACK", "looked_up"]

_WIRE = f"{__package__}._urllib3_wire"
_LOOKED_UP = "its name was looked up"
_CONNECTED = "a connection was opened to it"
_SENT = "a request was sent to it on an open connection"
_TUNNELLED = "a proxy was asked for it"


class _Sockets(Patching):
    library = "socket"
    breaks = False

    def __init__(self) -> None:
        super().__init__()
        self._events = Listening(
            {
                "socket.getaddrinfo": looked_up,
                "socket.gethostbyname": looked_up,
                "socket.connect": _connecting,
                "socket.sendto": _connecting,
                "http.client.connect": _http_connecting,
                "http.client.send": _http_sending,
            }
        )

    def install(self) -> None:
        """Watch name resolution, connections and what is sent."""
        self._events.start()
        self._patches.replace(socket, "getaddrinfo", _getaddrinfo)
        for name in ("gethostbyname", "gethostbyname_ex"):
            self._patches.replace(socket, name, _gethostbyname)
        for name in ("connect", "connect_ex"):
            self._patches.replace(socket.socket, name, _connect, inherited=True)
        for name in ("send", "sendall", "sendmsg"):
            if hasattr(socket.socket, name):  # Windows has no sendmsg
                self._patches.replace(socket.socket, name, _send, inherited=True)

    def rest(self) -> None:
        """Listen no more to events, which `uninstall` leaves on."""
        self._events.stop()


# --- look-ups ---------------------------------------------------------------------------------------------------


_to_listen = threading.local()


def _getaddrinfo(original: Any) -> Any:
    def getaddrinfo(host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> Any:  # noqa: A002 - their names
        if not flags & socket.AI_PASSIVE:
            looked_up(host, port)
            return original(host, port, family, type, proto, flags)
        _to_listen.now = True  # the event does not tell that a server of this process looks for its own address
        try:
            return original(host, port, family, type, proto, flags)
        finally:
            _to_listen.now = False

    return getaddrinfo


def _gethostbyname(original: Any) -> Any:
    def gethostbyname(host: Any) -> Any:
        looked_up(host)
        return original(host)

    return gethostbyname


def looked_up(host: Any, port: Any = None, *_: Any) -> None:
    """Stop a look-up of a provider's name.

    Raises:
        socket.gaierror: it is one; the run is marked as failed.
    """
    from ..active_runs import active

    chaos = active()
    if chaos is None or not host or getattr(_to_listen, "now", False):
        return
    place = at(host, port)
    if chaos.providers.owner(f"//{place}") is not None and _only_for_a_proxy():
        raise socket.gaierror(socket.EAI_FAIL, f"llmchaos: {place} is not looked up while chaos is on")
    if not chaos.may_reach(place, _LOOKED_UP):
        raise socket.gaierror(socket.EAI_FAIL, f"llmchaos: {place} was looked up by a call that nothing intercepted")


def _only_for_a_proxy() -> bool:
    """Tell whether urllib looks a name up to see if it needs a proxy; on macOS requests has it asked for any host."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_name.startswith("_proxy_bypass") and frame.f_globals.get("__name__") == "urllib.request":
            return True
        frame = frame.f_back
    return False


# --- connections ------------------------------------------------------------------------------------------------


def _connect(original: Any) -> Any:
    def connect(sock: Any, address: Any) -> Any:
        _connecting(sock, address)
        return original(sock, address)

    return connect


def _connecting(sock: Any, address: Any) -> None:
    if isinstance(address, tuple) and len(address) >= 2:
        stop(at(*address[:2]), _CONNECTED)


def _send(original: Any) -> Any:
    def send(sock: Any, data: Any, *args: Any) -> Any:
        from ..active_runs import active

        if active() is not None:
            _sending(sock, data)
        return original(sock, data, *args)

    return send


def _sending(sock: Any, data: Any) -> None:
    first = next(iter(data), b"") if isinstance(data, list | tuple) else data  # sendmsg takes several
    host, path = called(first)
    if host:
        stop(host + path, _SENT if path else _TUNNELLED)
    try:
        peer = sock.getpeername()
    except OSError:  # not connected, or no longer
        return
    if isinstance(peer, tuple) and len(peer) >= 2 and is_call(first):
        stop(at(*peer[:2]) + path, _SENT)


# --- http.client ------------------------------------------------------------------------------------------------


def _http_connecting(connection: Any, host: Any, port: Any) -> None:
    if tunnel := getattr(connection, "_tunnel_host", None):
        stop(at(tunnel, getattr(connection, "_tunnel_port", None)), _TUNNELLED)
    stop(at(host, port), _CONNECTED)


def _http_sending(connection: Any, data: Any) -> None:
    """A connection knows by name where it goes, also one that was opened before."""
    if type(connection.sock).__module__ == _WIRE:  # an answer of ours, given by way of http.client
        return
    host, path = called(data)
    if host:
        stop(host + path, _SENT if path else _TUNNELLED)
    if tunnel := getattr(connection, "_tunnel_host", None):
        stop(at(tunnel, getattr(connection, "_tunnel_port", None)) + path, _SENT)
    else:
        stop(at(connection.host, connection.port) + path, _SENT)


STACK = _Sockets()
