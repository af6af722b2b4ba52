"""Other processes of this machine: the app's children, and who serves a port. Do they work, or wait to be asked?"""

from __future__ import annotations

import contextlib
import os
from typing import Literal, NamedTuple

from . import realtime
from ._syscalls import SLEEPS, blocked, read

State = Literal["works", "sleeps", "polls", "idle", "gone"]
"""What a process does: it computes; it sleeps and will go on; it waits with a limit for something to come in, as
servers do and as sleeping coroutines do; it waits without a limit."""

BUSY = 0.2
"""Share of a processor above which a process works, however it looks at this moment."""

_NO_CHILDREN_HERE = not hasattr(os, "waitid")


def any_children() -> bool:
    """True when this process has a child that has not been waited for; costs a microsecond."""
    if _NO_CHILDREN_HERE:
        return False
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


class Process(NamedTuple):
    """One process: its id, and when it began (jiffies since the machine's start), as ids are used again."""

    pid: int
    born: int


def this_moment() -> int:
    """Return the present as `Process.born` has it."""
    return int(realtime.boot_seconds() * os.sysconf("SC_CLK_TCK")) if hasattr(os, "sysconf") else 0


def children() -> list[Process]:
    """Return the living children of this process and theirs."""
    found: list[Process] = []
    parents: list[int | str] = ["self"]
    while parents:
        folder = f"/proc/{parents.pop()}/task"
        for tid in _listed(folder):
            for word in read(f"{folder}/{tid}/children").split():
                fields = _stat(f"/proc/{word}/stat")
                if fields and fields[0] not in "ZX":
                    found.append(Process(int(word), int(fields[19])))
                    parents.append(word)
    return found


def name(process: Process) -> str:
    """Return a process as a person would name it: its command line, cut, and its id."""
    words = read(f"/proc/{process.pid}/cmdline", 400).split("\0")
    command = " ".join(" ".join(words).split())
    return f"{command if len(command) < 60 else command[:57] + '...'} (pid {process.pid})"


class Watch:
    """Judges what processes do, from one look to the next."""

    def __init__(self) -> None:
        self._used: dict[Process, tuple[int, int]] = {}

    def state(self, process: Process) -> State:
        """Return what the process does."""
        folder = f"/proc/{process.pid}/task"
        ran = _stat(f"/proc/{process.pid}/stat")
        if not ran or int(ran[19]) != process.born or ran[0] in "ZX":
            self._used.pop(process, None)
            return "gone"
        if self._computes(process, int(ran[11]) + int(ran[12])):
            return "works"
        found: State = "idle"
        for tid in _listed(folder):
            fields = _stat(f"{folder}/{tid}/stat")
            if fields and fields[0] in "RD":
                return "works"
            what = blocked(int(tid), process.pid)
            if what is None or (what.call == "futex" and int(tid) != process.pid) or not what.timed:
                continue  # the threads of a runtime doze with a limit all the time
            if what.call in SLEEPS or what.call == "futex":
                found = "sleeps"
            elif found == "idle":
                found = "polls"
        return found

    def _computes(self, process: Process, jiffies: int) -> bool:
        now = realtime.monotonic_ns()
        used, since = self._used.setdefault(process, (jiffies, now))
        span = (now - since) / realtime.NS
        if span < 0.05:
            return False
        self._used[process] = (jiffies, now)
        return (jiffies - used) / os.sysconf("SC_CLK_TCK") > span * BUSY


def processes() -> list[Process]:
    """Return all processes that can be seen from here."""
    found = []
    for word in _listed("/proc"):
        fields = _stat(f"/proc/{word}/stat")
        if fields:
            found.append(Process(int(word), int(fields[19])))
    return found


def sockets_of(pid: int | str) -> set[str]:
    """Return the inodes of the sockets that a process has open; none of a process of somebody else."""
    folder, found = f"/proc/{pid}/fd", set()
    for fd in _listed(folder):
        with contextlib.suppress(OSError):
            kind, _, inode = os.readlink(f"{folder}/{fd}").partition(":")
            if kind == "socket":
                found.add(inode.strip("[]"))
    return found


def _listed(folder: str) -> list[str]:
    try:
        return [each for each in os.listdir(folder) if each.isdigit()]
    except OSError:
        return []


def _stat(path: str) -> list[str]:
    """The fields of a stat file from the state on: "4711 (a name (with brackets)) S ..."."""
    return read(path, 2048).rpartition(") ")[2].split()
