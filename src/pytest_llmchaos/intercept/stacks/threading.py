"""Not an HTTP library: where threads begin, and where pools of threads are handed work."""

from __future__ import annotations

import concurrent.futures.thread
import multiprocessing.pool
import threading
from typing import Any

from ..work_owner import doing, handing, mark
from ._patches import Patching

__all__ = ["STACK"]

_POOLS = {(concurrent.futures.thread.__name__, "_worker"), (multiprocessing.pool.__name__, "worker")}
_BY_CONTEXT = ("anyio", "trio")
"""Their workers do each work in the context in which it was handed over."""


class _Threads(Patching):
    library = "threading"
    breaks = False
    follows = True

    def install(self) -> None:
        """Watch where threads and the work of pools begin."""
        self._patches.replace(threading.Thread, "start", _start)
        self._patches.replace(concurrent.futures.thread.ThreadPoolExecutor, "submit", _handing_over)
        for name in ("apply_async", "_map_async", "imap", "imap_unordered"):
            self._patches.replace(multiprocessing.pool.ThreadPool, name, _handing_over, inherited=True)


def _start(original: Any) -> Any:
    def start(thread: Any) -> None:
        target = getattr(thread, "_target", None)
        module = str(getattr(target, "__module__", ""))
        pooled = (module, getattr(target, "__name__", "")) in _POOLS
        by_context = any(each.partition(".")[0] in _BY_CONTEXT for each in (module, type(thread).__module__))
        if not pooled and not by_context and (run := handing()) is not None:
            mark(thread, run)
        original(thread)

    return start


def _handing_over(original: Any) -> Any:
    def submit(pool: Any, function: Any, /, *args: Any, **options: Any) -> Any:
        run = handing()
        if run is None:
            return original(pool, function, *args, **options)

        def work(*args: Any, **options: Any) -> Any:
            with doing(run):
                return function(*args, **options)

        return original(pool, work, *args, **options)

    return submit


STACK = _Threads()
