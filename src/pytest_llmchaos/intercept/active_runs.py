"""Runs that are on: they begin and end here, where the process is patched for them, and each call finds its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..core import locks
from ..core.redact import look_around
from . import random_seed, stacks, work_owner
from .children import _current
from .children._forks import watch
from .children._post import post
from .surroundings import SURROUNDINGS

if TYPE_CHECKING:
    from ..run.chaos import Chaos

__all__ = [
    "active",
    "afterwards",
    "forsake",
    "in_forked_child",
    "is_home",
    "is_on",
    "on",
    "reseed",
    "running",
    "start",
    "stop",
]

_lock = locks.rlock()
_stack: list[Chaos] = []
_begun: list[Chaos] = []
# Runs that are over, with work that is not: sockets stay watched for these, so that they reach no provider.
_lingering: list[Chaos] = []


# --- whose a call is --------------------------------------------------------------------------------------------------


def active() -> Chaos | None:
    """Return the run that the calling code's calls belong to; None when chaos is off.

    The innermost run that the calling thread has started itself, else the innermost of all; for work that outlives the
    run in which it was handed over, still that one, which stops its calls. The stack is process-wide: a context
    variable would not reach the threads in which apps call their SDKs.
    """
    runs = tuple(_stack)
    owner: Chaos | None = work_owner.owner() if runs or _lingering else None
    if owner is not None and owner not in runs:
        return owner
    if not runs:
        return _current.elsewhere() if _current.elsewhere is not None else None
    return runs[0] if len(runs) == 1 else on()


def on() -> Chaos | None:
    """Return the run that is on for the calling thread, whatever it does; None where none is."""
    runs = tuple(_stack)
    if len(runs) < 2:
        return runs[0] if runs else None
    me = threading.get_ident()
    return next((run for run in reversed(runs) if run.home == me), runs[-1])


def is_home(ident: int) -> bool:
    """Tell whether a thread has started a run that is on."""
    return any(run.home == ident for run in tuple(_stack))


def is_on(run: Any) -> bool:
    """Tell whether a run is on; None is none."""
    return run in _stack


# --- from the start to the end ----------------------------------------------------------------------------------------


def start(run: Chaos) -> None:
    """Begin a run here: patch the HTTP stacks, start its clock, hand it the calls of this process.

    The calling thread is taken for the one that runs the test.
    """
    look_around()
    if run.clock.name == "real" and not run.shared:  # else it costs no time of a test's
        import faker  # noqa: F401 - within an answer that needs it, it would pass for the provider's doing
    with _lock:
        _clean_up()
        _reap()
        run.forsaken = False
        _begun.append(run)
        try:
            stacks.acquire(run)
            random_seed.seed(run, run.dice)
            run.surroundings = SURROUNDINGS
            run.start()
            run.journal.app.written.start()
            watch()
            _stack.append(run)
            work_owner.begin(run)
            post.write(on())
        except BaseException:
            stop(run)
            raise


def stop(run: Chaos) -> None:
    """End a run and give everything back, whatever happened. Harmless when it has ended already.

    Can be called again after an interrupt; the start of the next run and the end of pytest do so too.
    """
    with _lock:
        if run not in _begun:
            return
        if run not in _lingering:  # before it is off, so that nothing goes on in between as if it were nobody's
            _lingering.append(run)
        if run in _stack:
            _stack.remove(run)
            post.write(on())
        try:
            run.stop()
        finally:
            work_owner.end(run)
            _reap()
            stacks.release(run, watching=bool(_lingering))
            random_seed.restore(run)
        if run in _begun:  # else the collector ended it in the middle of this
            _begun.remove(run)


def forsake(run: Chaos) -> None:
    """Nobody can end this run any more: end it here, or have the start of the next one do so.

    Called by the garbage collector, in any thread and in the middle of anything, so it waits for no lock of another
    thread: it could be one that waits for a lock of this thread.
    """
    if run not in _begun:
        return
    run.forsaken = True
    if run.home == threading.get_ident():
        stop(run)


def reseed(run: Chaos) -> None:
    """Let Python's dice begin anew: another plugin may have seeded them since the run began."""
    random_seed.seed(run, run.dice)


@contextmanager
def afterwards(run: Chaos) -> Iterator[None]:
    """Stop the calls of a block, which does work of a run, where that is over."""
    if run in _stack:
        yield
        return
    _lingering.append(run)
    stacks.acquire(run)
    try:
        with work_owner.doing(run):
            yield
    finally:
        _reap()
        stacks.release(run, watching=bool(_lingering))


def running() -> tuple[Chaos, ...]:
    """Return the runs that are on, inner ones last."""
    return tuple(_stack)


def in_forked_child() -> tuple[Chaos, ...]:
    """Forget all runs, in a child that has none of their threads; return those that were on."""
    if runs := tuple(_stack):
        _stack.clear()
        _begun.clear()
        _lingering.clear()  # nobody of those is here
    return runs


def _reap() -> None:
    """Forget runs whose work has come to its end meanwhile."""
    _lingering[:] = [each for each in _lingering if work_owner.still_done(each)]


def _clean_up() -> None:
    """Stop the runs whose start or stop was interrupted."""
    with _lock:
        for run in [each for each in reversed(_begun) if each.forsaken or each not in _stack]:
            stop(run)
