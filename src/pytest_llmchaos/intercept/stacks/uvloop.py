"""uvloop resolves names, connects and starts processes in C, where Python sees nothing: its loops are asked before.

What goes over a connection that one of its loops opened before the run is not seen.
"""

from __future__ import annotations

import socket
import sys
from typing import Any

from ..children.launch import into, started
from ._outward import at, stop
from ._patches import Patching
from .asyncio import WORK

__all__ = ["STACK"]


class _Uvloop(Patching):
    library = "uvloop"
    breaks = False
    follows = True

    def install(self) -> None:
        """Watch the loops' own ways to a place."""
        loop = sys.modules[self.library].Loop
        for name, wrap in (
            ("create_connection", _create_connection),
            ("create_datagram_endpoint", _create_datagram_endpoint),
            ("getaddrinfo", _getaddrinfo),
            ("sock_connect", _sock_connect),
            ("subprocess_exec", _starting),
            ("subprocess_shell", _starting),
            *WORK,
        ):
            self._patches.replace(loop, name, wrap, inherited=True)


def _create_connection(original: Any) -> Any:
    async def create_connection(loop: Any, factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        for name in (host, options.get("server_hostname")):
            if name:
                stop(at(name, port), "a connection was opened to it")
        return await original(loop, factory, host, port, **options)

    return create_connection


def _create_datagram_endpoint(original: Any) -> Any:
    async def create_datagram_endpoint(
        loop: Any, factory: Any, local_addr: Any = None, remote_addr: Any = None, **options: Any
    ) -> Any:
        if remote_addr:
            stop(at(*remote_addr[:2]), "a connection was opened to it")
        return await original(loop, factory, local_addr, remote_addr, **options)

    return create_datagram_endpoint


def _getaddrinfo(original: Any) -> Any:
    async def getaddrinfo(loop: Any, host: Any, port: Any, **options: Any) -> Any:
        if not options.get("flags", 0) & socket.AI_PASSIVE:  # else a server of this process looks for its own address
            stop(at(host, port), "its name was looked up")
        return await original(loop, host, port, **options)

    return getaddrinfo


def _sock_connect(original: Any) -> Any:
    async def sock_connect(loop: Any, sock: Any, address: Any) -> Any:
        if isinstance(address, tuple):
            stop(at(*address[:2]), "a connection was opened to it")
        return await original(loop, sock, address)

    return sock_connect


def _starting(original: Any) -> Any:
    async def subprocess(loop: Any, factory: Any, *words: Any, env: Any = None, **options: Any) -> Any:
        from ..active_runs import active

        if (run := active()) is None or run.lets_go:
            return await original(loop, factory, *words, env=env, **options)
        made = await original(loop, factory, *words, env=into(env), **options)
        started(run, made[0].get_pid(), words)
        return made

    return subprocess


STACK = _Uvloop()
