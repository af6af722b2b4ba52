"""The last line: a look-up of a provider's host name, by whatever library, is a call that nothing intercepted.

Every intercepted call is answered before it comes to this. What does come (a stack that is not intercepted, a
websocket, a subclass that went its own way) would leave the machine, so it is stopped here and fails the run. gRPC
resolves names by itself and has a watcher of its own.
"""

from __future__ import annotations

import socket
from typing import Any

from ._patches import Patches

__all__ = ["STACK"]


class _Resolver:
    library = "socket"
    breaks = False

    def __init__(self) -> None:
        self._patches = Patches(self.library)

    def install(self) -> None:
        """Watch name resolution."""
        self._patches.replace(socket, "getaddrinfo", _guarded)

    def uninstall(self) -> None:
        """Stop watching."""
        self._patches.restore()


def _guarded(original: Any) -> Any:
    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        from ..session import active

        chaos = active()
        if chaos is not None and host:
            name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host)
            if not chaos.may_reach(name, "its name was looked up"):
                raise socket.gaierror(
                    socket.EAI_FAIL, f"llmchaos: {name} was looked up by a call that nothing intercepted"
                )
        return original(host, *args, **kwargs)

    return getaddrinfo


STACK = _Resolver()
