"""Threads: each knows the run that it began in, for its calls are that run's, also when it outlives it.

A worker of a pool serves whoever hands it work, so there it is the work that knows. The same goes for what carries a
context of its own (a coroutine handed to a loop in another thread): `session.active` says which.
"""

from __future__ import annotations

import concurrent.futures.thread
import multiprocessing.pool
import sys
import threading
from types import FrameType
from typing import Any

from ._patches import Patches

__all__ = ["STACK", "began_in", "busy", "let_idle_go"]

_RUN = "_llmchaos_run"
_POOLS = {(concurrent.futures.thread.__name__, "_worker"), (multiprocessing.pool.__name__, "worker")}


class _Threads:
    library = "threading"
    breaks = False

    def __init__(self) -> None:
        self._patches = Patches(self.library)

    def install(self) -> None:
        """Watch where threads and the work of pools begin."""
        self._patches.replace(threading.Thread, "start", _start)
        self._patches.replace(concurrent.futures.thread.ThreadPoolExecutor, "submit", _submit)

    def uninstall(self) -> None:
        """Stop watching."""
        self._patches.restore()


def began_in(thread: threading.Thread) -> Any:
    """Return the run that a thread, or the work that it does now, began in; None where that was no test's."""
    return thread.__dict__.get(_RUN)


def busy(run: Any) -> bool:
    """Tell whether a thread that began in a run still lives."""
    return any(began_in(each) is run for each in threading.enumerate() if each is not threading.current_thread())


def let_idle_go(run: Any) -> None:
    """Let go of the threads of a run that wait at a queue for work: from now on they serve whoever hands them some."""
    frames = sys._current_frames()
    for each in threading.enumerate():
        if began_in(each) is run and _waits_for_work(frames.get(each.ident or 0)):
            each.__dict__.pop(_RUN, None)


def _waits_for_work(frame: FrameType | None) -> bool:
    while frame is not None:
        module = str(frame.f_globals.get("__name__"))
        if module == "queue" and frame.f_code.co_name == "get":
            return True
        if module != "threading" and not module.startswith("pytest_llmchaos."):  # waits pass through the clock's
            return False
        frame = frame.f_back
    return False


def _start(original: Any) -> Any:
    def start(thread: Any) -> None:
        from ..session import active

        run = active()
        target = getattr(thread, "_target", None)
        pooled = (getattr(target, "__module__", ""), getattr(target, "__name__", "")) in _POOLS
        # anyio's workers run each work in the context that it was handed over in.
        if run is not None and not run.shared and not pooled and not type(thread).__module__.startswith("anyio"):
            setattr(thread, _RUN, run)
        original(thread)

    return start


def _submit(original: Any) -> Any:
    def submit(pool: Any, function: Any, /, *args: Any, **options: Any) -> Any:
        from ..session import active

        run = active()
        if run is None or run.shared:
            return original(pool, function, *args, **options)

        def work(*args: Any, **options: Any) -> Any:
            worker = threading.current_thread()
            before = worker.__dict__.get(_RUN)
            setattr(worker, _RUN, run)
            try:
                return function(*args, **options)
            finally:
                setattr(worker, _RUN, before)

        return original(pool, work, *args, **options)

    return submit


STACK = _Threads()
