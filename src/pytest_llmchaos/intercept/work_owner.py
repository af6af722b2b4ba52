"""Whose work it is that code does: that of the run in which it was handed over, whoever does it, and when.

Tasks and callbacks of event loops have that in their context, which is a copy of the one in which they were made. A
thread is marked; where it takes work from others, its mark is that of the work at hand.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from types import FrameType
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

from ..clock import frames
from ..clock.internals import running_loop
from . import queue_workers

__all__ = ["begin", "carrying", "doing", "end", "followed", "handing", "mark", "owner", "still_done", "take"]

_MARK = "_llmchaos_run"
_run: ContextVar[Any] = ContextVar("llmchaos_work", default=None)
_tasks: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
_loops: WeakSet[Any] = WeakSet()
_jobs: WeakKeyDictionary[threading.Thread, FrameType] = WeakKeyDictionary()
_before: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
_began_with: WeakKeyDictionary[Any, dict[threading.Thread, FrameType | None]] = WeakKeyDictionary()
_lying: WeakKeyDictionary[Any, WeakSet[Any]] = WeakKeyDictionary()
_RECEIVING = {("asyncio.queues", "get"), ("anyio.streams.memory", "receive")}


# --- what runs now ----------------------------------------------------------------------------------------------------


def owner() -> Any:
    """Return the run whose work the calling code does, also when that is over; None for nobody's."""
    if (run := _run.get()) is not None:
        return run
    thread = threading._active.get(threading.get_ident())  # type: ignore[attr-defined]
    if thread is None:
        return None
    job = _jobs.get(thread)
    if job is not None and not queue_workers.on(sys._getframe(), job):
        mark(thread, None)
    return _marked(thread)


def handing() -> Any:
    """Return the run whose work is what the calling code hands over or starts; None for nobody's."""
    from .active_runs import active

    run = active()
    return None if run is None or run.shared else run


def begin(run: Any) -> None:
    """Let what the calling code does be a run's, until `end`."""
    _before[run] = _run.get()
    _run.set(None if run.shared else run)
    _began_with[run] = queue_workers.workers()


def end(run: Any) -> None:
    """Let it be what it was before, and mark what workers of queues do for the run even now."""
    if _run.get() in (run, None):
        _run.set(_before.get(run))
    began_with = _began_with.pop(run, {})
    for thread, job in ({} if run.shared else queue_workers.settled()).items():
        if _marked(thread) is run or (_marked(thread) is None and began_with.get(thread) is not job):
            mark(thread, None if job is None else run, job)


@contextmanager
def doing(run: Any) -> Iterator[None]:
    """Do the work of a run in a block, in a thread that works for others too."""
    thread = threading.current_thread()
    before, token = _marked(thread), _run.set(None)
    mark(thread, run)
    try:
        yield
    finally:
        mark(thread, before)
        _run.reset(token)


def carrying(context: Context | None) -> Context:
    """Return the context of what is handed to a loop in another thread: it knows whose work it is."""
    context = copy_context() if context is None else context
    if context.get(_run) is None and (run := handing()) is not None:
        context.run(_run.set, run)
    return context


def take(run: Any) -> None:
    """Go on, in the calling task or thread, with work that was handed over in a run; None for nobody's.

    What a test that is on takes from a queue for itself, such as a result or a connection, is no work of an earlier
    one; and the line of a test is nobody's worker.
    """
    from .active_runs import is_on

    task = None if running_loop() is None else asyncio.current_task()
    if _leads(task) or (not is_on(run) and is_on(owner())):
        return
    if task is None:
        mark(threading.current_thread(), run)
    else:
        _run.set(run)


def _leads(task: Any) -> bool:
    from .active_runs import is_home

    if not is_home(threading.get_ident()) and threading.current_thread() is not threading.main_thread():
        return False
    return task is None or any("run_until_complete" in each[0].__qualname__ for each in task._callbacks or ())


# --- what is under way ------------------------------------------------------------------------------------------------


def mark(thread: threading.Thread, run: Any, job: FrameType | None = None) -> None:
    """Let a thread's work be a run's, or nobody's; with a frame as long as that is under way.

    Threads that Python has not started are left out, as nobody tells when they end.
    """
    if isinstance(thread, threading._DummyThread):
        return
    thread.__dict__[_MARK] = run
    _jobs.pop(thread, None)
    if job is not None:
        _jobs[thread] = job


def followed(loop: Any, task: Any) -> None:
    """Keep whose a new task is."""
    _loops.add(loop)
    if (run := handing()) is not None:
        _tasks[task] = run


def still_done(run: Any) -> bool:
    """Tell whether a run's work is still done, or lies in a queue; threads that wait at one for some are let go."""
    if _lying.get(run):
        return True
    tops, me = frames.others(), threading.current_thread()
    threads = [each for each in threading.enumerate() if each is not me and _marked(each) is run]
    for each in threads:
        frame, job = tops.get(each.ident or 0), _jobs.get(each)
        if _waits_for_work(frame) or (job is not None and not queue_workers.on(frame, job)):
            mark(each, None)
    return (
        any(_marked(each) is run for each in threads)
        or any(of is run and not task.done() and not _idle(task) for task, of in list(_tasks.items()))
        or any(each._context.get(_run) is run and not each.cancelled() for each in _timers())
    )


def _marked(thread: threading.Thread) -> Any:
    return thread.__dict__.get(_MARK)


def _timers() -> Iterator[Any]:
    for loop in list(_loops):
        if not loop.is_closed():
            yield from list(getattr(loop, "_scheduled", ()))


def _idle(task: Any) -> bool:
    """Tell whether a task waits for work, or can't go on, as its loop is closed."""
    coroutine: Any = task.get_coro()
    while (frame := getattr(coroutine, "cr_frame", None)) is not None:
        if (frame.f_globals.get("__name__"), frame.f_code.co_name) in _RECEIVING:
            return True
        coroutine = coroutine.cr_await
    return bool(task.get_loop().is_closed())


def _waits_for_work(frame: FrameType | None) -> bool:
    while frame is not None:
        module = str(frame.f_globals.get("__name__"))
        if module == "queue" and frame.f_code.co_name == "get":
            return True
        if module != "threading" and not module.startswith("pytest_llmchaos."):  # waits pass through the clock's
            return False
        frame = frame.f_back
    return False


class Handed:
    """Whose the work is that lies in queues: each item's, from when it is put in until it is taken out."""

    _KEPT = "_llmchaos_handed"

    def put(self, queue: Any, item: Any, *, empty: bool) -> None:
        """Note that it is put in, by the caller, in a queue that may be empty."""
        known = self._known(queue)
        if empty:  # else what was taken out while nobody looked would stay
            known.clear()
        run = handing()
        known.setdefault(id(item), []).append(lies := _Lies(item, run))
        if run is not None:
            _lying.setdefault(run, WeakSet()).add(lies)

    def got(self, queue: Any, item: Any) -> None:
        """Note that the caller has taken it out, and works on it."""
        known = self._known(queue)
        if lying := known.get(id(item)):
            take(lying[0].run)
            del lying[0]
            if not lying:
                del known[id(item)]

    def _known(self, queue: Any) -> dict[int, list[_Lies]]:
        found: dict[int, list[_Lies]] = vars(queue).setdefault(self._KEPT, {})
        return found


class _Lies:
    """An item in a queue, which is kept so that no other has its id."""

    def __init__(self, item: Any, run: Any) -> None:
        self._item = item
        self.run = run
