"""Sockets of this process: who is at the other end, and whether an answer is due from there.

On Linux the kernel tells when data went out and came in last: where the app spoke last, an answer is due. A peer in
this process is none that anybody waits for in real time: it is one of the threads and loops that the clock knows.
"""

from __future__ import annotations

import _socket
import contextlib
import os
import socket
import stat
import struct
from typing import NamedTuple

from ._processes import Process, processes, sockets_of
from ._syscalls import read


class Peer(NamedTuple):
    """The other end of a connection.

    Attributes:
        name: its address, as a person would write it.
        key: the connection and what went over it so far; another one after each exchange.
        due: whether an answer is due; None where that cannot be told.
        process: who it is; None for another machine, or where we may not look.
    """

    name: str
    key: tuple[object, ...]
    due: bool | None
    process: Process | None


_ESTABLISHED, _SYN_SENT = 1, 2
_TIMES = struct.Struct("=4I")  # milliseconds since data sent, ack sent (never kept), data received, ack received
_TIMES_AT = 44
_BYTES = struct.Struct("=2Q")  # acknowledged, received
_BYTES_AT = 120


class Peers:
    """Remembers who serves an address, as finding out takes milliseconds."""

    def __init__(self) -> None:
        self._owners: dict[tuple[object, ...], Process | None] = {}

    def of(self, fd: int) -> Peer | None:
        """Return who is at the other end of a descriptor; None for no connection, and for one within this process."""
        try:
            if not stat.S_ISSOCK(os.fstat(fd).st_mode):
                return None
            sock = _socket.socket(fileno=fd)
        except (OSError, ValueError):
            return None
        try:
            return self._of(sock)
        except (OSError, ValueError, struct.error):
            return None  # not connected, or closed just now
        finally:
            sock.detach()

    def _of(self, sock: _socket.socket) -> Peer | None:
        if sock.getsockopt(socket.SOL_SOCKET, getattr(socket, "SO_ACCEPTCONN", 30)):
            return None  # who may call is not known, and owes nothing
        inode = os.fstat(sock.fileno()).st_ino
        if sock.family == getattr(socket, "AF_UNIX", None):
            return _unix(sock, inode)
        if sock.type != socket.SOCK_STREAM or sock.family not in (socket.AF_INET, socket.AF_INET6):
            there = sock.getpeername()
            return Peer(str(there), (inode,), None, None)
        return self._tcp(sock, inode)

    def _tcp(self, sock: _socket.socket, inode: int) -> Peer | None:
        info = sock.getsockopt(socket.IPPROTO_TCP, getattr(socket, "TCP_INFO", 11), 192) if _TELLS else b""
        state = info[0] if info else _ESTABLISHED
        if state not in (_ESTABLISHED, _SYN_SENT):
            return None
        here, there = sock.getsockname(), sock.getpeername() if state == _ESTABLISHED else ("?", 0)
        name = f"[{there[0]}]:{there[1]}" if ":" in there[0] else f"{there[0]}:{there[1]}"
        if state == _SYN_SENT:
            return Peer("a server that is being connected to", (inode,), True, None)
        if not info:
            return Peer(name, (inode,), None, None)
        sent, _, received, _ = _TIMES.unpack_from(info, _TIMES_AT)
        out, into = _BYTES.unpack_from(info, _BYTES_AT) if len(info) >= _BYTES_AT + _BYTES.size else (sent, received)
        due = None if sent == received else sent < received
        if out > 1 and into == 0:  # (the first byte is the greeting of the protocol itself)
            due = True
        key: tuple[object, ...] = (inode, out, into)
        if not _is_local(there[0]):
            return Peer(name, key, due, None)
        address = (here[:2], there[:2])
        if self._owners.get(address) is None:
            self._owners[address] = _owner(here, there)
        owner = self._owners[address]
        return None if owner == _OURSELVES else Peer(name, key, due, owner)


_TELLS = hasattr(socket, "TCP_INFO") and os.path.exists("/proc/net/tcp")
_OURSELVES = Process(0, 0)


def _unix(sock: _socket.socket, inode: int) -> Peer | None:
    there = sock.getpeername()
    if not hasattr(socket, "SO_PEERCRED"):
        return Peer(str(there), (inode,), None, None)
    pid, _, _ = struct.unpack("=3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    if pid == os.getpid():
        return None
    name = there.decode("utf-8", "replace") if isinstance(there, bytes) else str(there)
    process = next((each for each in processes() if each.pid == pid), None)
    return Peer(name or f"the process {pid}", (inode,), None, process)


def _is_local(host: str) -> bool:
    return host.startswith(("127.", "::ffff:127.")) or host == "::1"


def _owner(here: tuple[str, int], there: tuple[str, int]) -> Process | None:
    """Return who has the other end of a connection within this machine; who listens there, until it is accepted."""
    inodes = _inodes(here, there)
    if not inodes:
        return None
    if inodes & sockets_of("self"):
        return _OURSELVES
    return next((each for each in processes() if inodes & sockets_of(each.pid)), None)


def _inodes(here: tuple[str, int], there: tuple[str, int]) -> set[str]:
    end, listening = set(), set()
    for path in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in read(path, 4_000_000).splitlines()[1:]:
            fields = line.split()
            if len(fields) < 10 or _port(fields[1]) != there[1]:
                continue
            if fields[3] == "0A":
                listening.add(fields[9])
            elif _port(fields[2]) == here[1]:
                end.add(fields[9])
    return (end - {"0"}) or listening


def _port(address: str) -> int:
    with contextlib.suppress(ValueError):
        return int(address.rpartition(":")[2], 16)
    return -1
