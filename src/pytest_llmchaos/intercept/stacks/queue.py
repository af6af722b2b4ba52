"""Not an HTTP library: work that lies in a queue stays that of the run in which it was put there."""

from __future__ import annotations

import asyncio.queues
import queue
from typing import Any

from ..work_owner import Handed
from ._patches import Patching

__all__ = ["STACK"]

_handed = Handed()


class _Queues(Patching):
    library = "queue"
    breaks = False
    follows = True

    def install(self) -> None:
        """Watch what is put in and taken out, at the steps that a `get` takes which has begun before, too."""
        for module in (queue, asyncio.queues):
            # Last in, first out is no order for work: pools of connections do so.
            for name in ("Queue", "PriorityQueue"):
                self._patches.replace(getattr(module, name), "_put", _put)
                self._patches.replace(getattr(module, name), "_get", _get)


def _put(original: Any) -> Any:
    def put(work: Any, item: Any) -> None:
        size = work._qsize() if isinstance(work, queue.Queue) else work.qsize()
        _handed.put(work, item, empty=not size)
        original(work, item)

    return put


def _get(original: Any) -> Any:
    def get(work: Any) -> Any:
        item = original(work)
        _handed.got(work, item)
        return item

    return get


STACK = _Queues()
