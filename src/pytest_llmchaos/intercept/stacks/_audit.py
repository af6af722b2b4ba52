"""Python's audit events while a run is on: they tell what is done by whatever name and copy a function is called.

A hook can never be taken away again. So there is one for the whole life of the process, added by its first run; while
no run is on its table is empty, and an event costs one look into it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["Listening"]

Handler = Callable[..., None]

# Beside the interpreter's own and not in this module: pytest runs within a process may import this one several times.
_NAME = "_llmchaos_audited"


def _table() -> dict[str, Handler]:
    found: dict[str, Handler] | None = vars(sys).get(_NAME)
    if found is not None:
        return found
    table: dict[str, Handler] = {}

    # As a default, because names of a module may be gone when the interpreter ends.
    def hook(event: str, args: tuple[Any, ...], table: dict[str, Handler] = table) -> None:
        handler = table.get(event)
        if handler is not None:
            handler(*args)

    setattr(sys, _NAME, table)
    sys.addaudithook(hook)
    return table


class Listening:
    """Handlers by the name of their event; what one raises ends what it was told of."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers
        self._before: dict[str, Handler] | None = None

    def start(self) -> None:
        """Begin to listen, in place of who listens now. Harmless when it has begun."""
        if self._before is None:
            table = _table()
            self._before = dict(table)
            table.update(self._handlers)

    def stop(self) -> None:
        """Listen no more. Harmless when it does not."""
        if self._before is not None:
            table, before = _table(), self._before
            for event in self._handlers:
                if event in before:
                    table[event] = before[event]
                else:
                    table.pop(event, None)
            self._before = None
