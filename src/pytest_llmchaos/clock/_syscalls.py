"""What a blocked thread waits for, as the kernel tells it: in which system call, whether with a limit, on which files.

Only Linux tells. Each reading may be out of date by the time it is looked at; who uses it asks twice.
"""

from __future__ import annotations

import contextlib
import os
import platform
import select
import struct
from typing import NamedTuple


class _Shape(NamedTuple):
    """Where a system call has its limit and its files: the numbers of its arguments; None where it has none.

    `limit` holds a pointer to a time (`at`) or milliseconds (`ms`).
    """

    name: str
    limit: int | None = None
    unit: str = "at"
    fd: int | None = None


_SHAPES = {
    shape.name: shape
    for shape in (
        _Shape("futex", limit=3),
        _Shape("nanosleep", limit=0),
        _Shape("clock_nanosleep", limit=2),
        _Shape("rt_sigtimedwait", limit=2),
        _Shape("poll", limit=2, unit="ms"),
        _Shape("ppoll", limit=2),
        _Shape("select", limit=4),
        _Shape("pselect6", limit=4),
        _Shape("epoll_wait", limit=3, unit="ms", fd=0),
        _Shape("epoll_pwait", limit=3, unit="ms", fd=0),
        _Shape("epoll_pwait2", limit=3, fd=0),
        *(_Shape(name, fd=0) for name in ("read", "readv", "recvfrom", "recvmsg", "accept", "accept4", "connect")),
        *(_Shape(name, fd=0) for name in ("sendto", "sendmsg", "write", "flock")),
        *(_Shape(name) for name in ("wait4", "waitid", "rt_sigsuspend")),
    )
}
_NUMBERS = {
    "x86_64": {
        "futex": 202, "nanosleep": 35, "clock_nanosleep": 230, "rt_sigtimedwait": 128, "poll": 7, "ppoll": 271,
        "select": 23, "pselect6": 270, "epoll_wait": 232, "epoll_pwait": 281, "epoll_pwait2": 441, "read": 0,
        "readv": 19, "recvfrom": 45, "recvmsg": 47, "accept": 43, "accept4": 288, "connect": 42, "sendto": 44,
        "sendmsg": 46, "write": 1, "flock": 73, "wait4": 61, "waitid": 247, "rt_sigsuspend": 130,
    },
    "aarch64": {
        "futex": 98, "nanosleep": 101, "clock_nanosleep": 115, "rt_sigtimedwait": 137, "ppoll": 73, "pselect6": 72,
        "epoll_pwait": 22, "epoll_pwait2": 441, "read": 63, "readv": 65, "recvfrom": 207, "recvmsg": 212,
        "accept": 202, "accept4": 242, "connect": 203, "sendto": 206, "sendmsg": 211, "write": 64, "flock": 32,
        "wait4": 260, "waitid": 95, "rt_sigsuspend": 133,
    },
}.get(platform.machine(), {})  # fmt: skip
_NAMES = {str(number): name for name, number in _NUMBERS.items()}

SLEEPS = frozenset({"nanosleep", "clock_nanosleep"})
"""Calls that wait for time alone."""

LOCKS = frozenset({"futex"})
"""Calls that wait for another thread."""


class Blocked(NamedTuple):
    """A thread that the kernel has put to sleep.

    Attributes:
        call: the system call; empty where its number is not known.
        timed: whether it ends by itself.
        args: its arguments.
    """

    call: str
    timed: bool
    args: tuple[int, ...]


def blocked(tid: int, pid: int | str = "self") -> Blocked | None:
    """Return what a thread is blocked in; None when it runs, has ended, or nobody tells."""
    words = read(f"/proc/{pid}/task/{tid}/syscall").split()
    if len(words) < 8:
        return None  # "running", or "-1 ..." while it is blocked outside any call, by a page that comes from disk
    args = tuple(int(word, 16) for word in words[1:7])
    shape = _SHAPES.get(_NAMES.get(words[0], ""))
    if shape is None:
        return Blocked("", False, args)
    timed = False
    if shape.limit is not None:
        limit = args[shape.limit]
        timed = limit != 0 if shape.unit == "at" else limit & 0xFFFFFFFF < 0x80000000
    return Blocked(shape.name, timed, args)


def files(what: Blocked) -> list[int]:
    """Return the descriptors that a thread of this process is blocked on; those of an epoll are all it watches."""
    shape = _SHAPES.get(what.call)
    try:
        if what.call in ("poll", "ppoll"):
            count = min(what.args[1], 1024)
            return [fd for fd, _, _ in struct.iter_unpack("=iHH", _memory(what.args[0], 8 * count))]
        if what.call in ("select", "pselect6"):
            count = min(what.args[0], 1024)
            sets = [int.from_bytes(_memory(at, (count + 7) // 8), "little") for at in what.args[1:4] if at]
            return [fd for fd in range(count) if any(one >> fd & 1 for one in sets)]
    except (OSError, struct.error):
        return []
    if shape is None or shape.fd is None:
        return []
    fd = what.args[shape.fd]
    return watched(fd) if what.call.startswith("epoll") else [fd]


def watched(epoll: int) -> list[int]:
    """Return the descriptors that an epoll object of this process watches for input or output."""
    lines = (line.split() for line in read(f"/proc/self/fdinfo/{epoll}").splitlines())
    wanted = select.EPOLLIN | select.EPOLLOUT if hasattr(select, "EPOLLIN") else 0
    return [int(line[1]) for line in lines if line[:1] == ["tfd:"] and int(line[3], 16) & wanted]


def _memory(address: int, size: int) -> bytes:
    # Through the kernel: another thread's stack may be gone by now, and then this is an error and no crash.
    fd = os.open("/proc/self/mem", os.O_RDONLY)
    try:
        return os.pread(fd, size, address)
    finally:
        os.close(fd)


def read(path: str, size: int = 65536) -> str:
    """Return the beginning of a file of the kernel's; empty when it has gone, or when we may not look."""
    try:
        fd = os.open(path, os.O_RDONLY)
    except OSError:
        return ""
    parts = []
    try:
        with contextlib.suppress(OSError):
            while size > 0 and (part := os.read(fd, size)):
                parts.append(part)
                size -= len(part)
    finally:
        os.close(fd)
    return b"".join(parts).decode("ascii", "replace")
