"""asyncio looks names up in a thread, where nothing shows which line of the app asked: so it is asked before."""

from __future__ import annotations

import asyncio.base_events
import socket
from typing import Any

from ._patches import Patches
from .socket import looked_up

__all__ = ["STACK"]


class _Asyncio:
    library = "asyncio"
    breaks = False

    def __init__(self) -> None:
        self._patches = Patches(self.library)

    def install(self) -> None:
        """Watch the look-ups of its loops."""
        self._patches.replace(asyncio.base_events.BaseEventLoop, "getaddrinfo", _getaddrinfo)

    def uninstall(self) -> None:
        """Stop watching."""
        self._patches.restore()


def _getaddrinfo(original: Any) -> Any:
    async def getaddrinfo(loop: Any, host: Any, port: Any, **options: Any) -> Any:
        if not options.get("flags", 0) & socket.AI_PASSIVE:
            looked_up(host, port)
        return await original(loop, host, port, **options)

    return getaddrinfo


STACK = _Asyncio()
