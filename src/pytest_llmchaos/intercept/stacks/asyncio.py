"""asyncio looks names up in a thread, where nothing shows which line of the app asked: so it is asked before.

And what its loops are given to do is followed: whose work that is.
"""

from __future__ import annotations

import asyncio.base_events
import socket
from typing import Any

from ..work_owner import carrying, followed
from ._patches import Patching
from .socket import looked_up

__all__ = ["STACK", "WORK"]


class _Asyncio(Patching):
    library = "asyncio"
    breaks = False
    follows = True

    def install(self) -> None:
        """Watch the look-ups of its loops, and their work."""
        loop = asyncio.base_events.BaseEventLoop
        for name, wrap in (("getaddrinfo", _getaddrinfo), *WORK):
            self._patches.replace(loop, name, wrap)


def _getaddrinfo(original: Any) -> Any:
    async def getaddrinfo(loop: Any, host: Any, port: Any, **options: Any) -> Any:
        if not options.get("flags", 0) & socket.AI_PASSIVE:
            looked_up(host, port)
        return await original(loop, host, port, **options)

    return getaddrinfo


def _create_task(original: Any) -> Any:
    def create_task(loop: Any, *args: Any, **options: Any) -> Any:
        task = original(loop, *args, **options)
        followed(loop, task)
        return task

    return create_task


def _call_soon_threadsafe(original: Any) -> Any:
    def call_soon_threadsafe(loop: Any, callback: Any, *args: Any, context: Any = None) -> Any:
        return original(loop, callback, *args, context=carrying(context))

    return call_soon_threadsafe


WORK = (("create_task", _create_task), ("call_soon_threadsafe", _call_soon_threadsafe))
"""How a loop is given work, by the names of its methods."""

STACK = _Asyncio()
