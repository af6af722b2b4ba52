"""What the app may be waiting for outside virtual time: a peer, a child process, a lock or a sleep in C.

Each is a `Reason` to let time pass as real time does instead of jumping. A reason has only so much patience, as nothing
tells a database that thinks for nine seconds from one that never answers; where time then jumps all the same, the run
says so and names it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Hashable, Iterable, Iterator
from typing import NamedTuple

from . import _processes, _quiet, _syscalls, frames
from ._peers import Peer, Peers
from ._processes import Process, State
from ._waits import SelectWait, Wait

TELLS = _quiet.EXACT and os.path.exists("/proc/self/task/" + str(os.getpid()) + "/syscall")
"""True where the kernel tells what a thread is blocked in."""


class Patience(NamedTuple):
    """Real seconds for which a reason holds back a jump, and the verdict that the app is hung."""

    jump: float
    hung: float


_TIMED = Patience(60, math.inf)
"""A wait with a limit in C ends by itself."""

_ROUND = Patience(3, 60)
"""The same, once more and once more at one place: somebody polls, and may do so for ever."""

_DUE = {"works": Patience(60, math.inf), "sleeps": Patience(60, math.inf), None: Patience(10, 60)}
"""A peer that owes an answer, by what it does."""

_PERHAPS = {"works": Patience(10, math.inf), "sleeps": Patience(10, math.inf), "idle": Patience(0, 5)}
"""A peer of which nobody can tell whether it owes one, as it answered a moment ago or has no such clock."""

_SPOKE_LAST = {"works": Patience(3, 60), "sleeps": Patience(3, 60), None: Patience(0.3, 5)}
"""A peer that sent something last: idle, or in the middle of a stream."""

_CHILD = {"works": Patience(60, math.inf), "sleeps": Patience(60, math.inf), "polls": Patience(3, 60)}
"""A child that was started in this run, by what it does."""

_OLD_CHILD = {"works": Patience(10, math.inf), "sleeps": Patience(3, 60), "polls": Patience(0.2, 5)}
"""A child that is older than the run: most likely a server."""


_IDLE = _syscalls.LOCKS | {"", "accept", "accept4", "rt_sigsuspend"}
"""Calls without a limit that wait for another thread, or for nobody knows whom."""


class Reason(NamedTuple):
    """Something real that may end a wait.

    Attributes:
        key: the same as long as it is the same wait for the same thing.
        patience: how long it holds.
        text: what it is, for people; a clause such as "127.0.0.1:6333 had not answered".
    """

    key: Hashable
    patience: Patience
    text: str


class Outside:
    """Looks at what is going on outside virtual time, from one look to the next.

    Args:
        asleep: the processor time that each of the kernel's threads had used when the run began.
    """

    def __init__(self, asleep: dict[int, int]) -> None:
        self._peers = Peers()
        self._processes = _processes.Watch()
        self._rounds: dict[int, tuple[Hashable, int, int]] = {}
        self._began = _processes.this_moment() if TELLS else 0
        self._asleep = asleep

    def reasons(self, waits: Iterable[Wait], others: dict[int, int], used: dict[int, int]) -> list[Reason]:
        """Return why time should not jump now.

        Args:
            waits: the waits in virtual time.
            others: the other threads: their kernel's ids by their idents.
            used: the processor time that each of the kernel's threads has used so far.
        """
        found = [reason for wait in waits if isinstance(wait, SelectWait) for reason in self._files(_registered(wait))]
        tops = frames.others()
        for ident, tid in others.items():
            frame = tops.get(ident)
            place = (tid, id(frame), frame.f_lasti) if frame is not None else (tid,)
            found += self._thread(tid, place, used.get(tid, 0))
        if _processes.any_children():
            found += self._children()
        return found

    def anybody(self, tids: Iterable[int]) -> bool:
        """Tell in little time whether one of the threads waits for something real."""
        for tid in tids:
            what = _syscalls.blocked(tid) if TELLS else None
            if what is not None and (what.timed or what.call not in _IDLE):
                return True
        return not TELLS

    def _thread(self, tid: int, place: Hashable, used: int) -> Iterator[Reason]:
        if not TELLS:
            yield Reason(place, _PERHAPS["works"], "a thread was blocked")
            return
        what = _syscalls.blocked(tid)
        if what is None:
            return
        fds = _syscalls.files(what)
        yield from self._files(fds)
        if what.timed and used != self._asleep.get(tid):  # else it has not moved since before the run: an idle worker
            rounds = self._count_rounds(tid, (place, what.call), used)
            text = f"a thread was in {what.call}() with a limit of its own"
            yield Reason((place, what.call), _TIMED if rounds < 3 else _ROUND, text)

    def _count_rounds(self, tid: int, key: Hashable, used: int) -> int:
        """Return how many times a thread has come back to one wait, by the processor time that it used meanwhile."""
        before, seen, rounds = self._rounds.get(tid, (None, 0, 0))
        if before != key:
            rounds = 0
        elif used != seen:
            rounds += 1
        self._rounds[tid] = key, used, rounds
        return rounds

    def _files(self, fds: Iterable[int]) -> Iterator[Reason]:
        for fd in fds:
            peer = self._peers.of(fd)
            if peer is not None:
                reason = self._peer(peer)
                if reason is not None:
                    yield reason

    def _peer(self, peer: Peer) -> Reason | None:
        state: State | None = None if peer.process is None else self._processes.state(peer.process)
        if state == "gone":
            return None
        if peer.due:
            patience = _DUE.get(state, _DUE[None])
            text = f"{peer.name} had not answered"
        elif peer.due is None:
            patience = _PERHAPS.get(state or "", Patience(1, 30))
            text = f"{peer.name} may have owed an answer"
        else:
            patience = _SPOKE_LAST.get(state, _SPOKE_LAST[None])
            text = f"{peer.name} may have had more to say"
        return Reason((peer.key, peer.due), patience, text)

    def _children(self) -> Iterator[Reason]:
        for child in _processes.children():
            state = self._processes.state(child)
            table = _CHILD if self._is_young(child) else _OLD_CHILD
            if state in table:
                yield Reason((child, state), table[state], f"the child process {_processes.name(child)} was at work")

    def _is_young(self, child: Process) -> bool:
        return child.born >= self._began


def _registered(wait: SelectWait) -> list[int]:
    """The files that an event loop waits for; some may be closed by now."""
    return [
        fd for fd, events in ((key.fd, key.events) for key in list((wait.selector.get_map() or {}).values())) if events
    ]
