"""Not an HTTP library: what goes through a memory stream may be work; it stays that of the run in which it was sent."""

from __future__ import annotations

import importlib
from typing import Any

from ..work_owner import Handed
from ._patches import Patching

__all__ = ["STACK"]

_handed = Handed()


class _Streams(Patching):
    library = "anyio"
    breaks = False
    follows = True

    def install(self) -> None:
        """Watch what is sent and received."""
        streams = importlib.import_module("anyio.streams.memory")  # anyio itself may wait with it until it is used
        self._patches.replace(streams.MemoryObjectSendStream, "send_nowait", _send_nowait)
        self._patches.replace(streams.MemoryObjectReceiveStream, "receive_nowait", _receive_nowait)
        self._patches.replace(streams.MemoryObjectReceiveStream, "receive", _receive)


def _send_nowait(original: Any) -> Any:
    def send_nowait(stream: Any, item: Any) -> None:
        state = stream._state
        _handed.put(state, item, empty=not state.buffer and not state.waiting_senders)
        original(stream, item)

    return send_nowait


def _receive_nowait(original: Any) -> Any:
    def receive_nowait(stream: Any) -> Any:
        item = original(stream)
        _handed.got(stream._state, item)
        return item

    return receive_nowait


def _receive(original: Any) -> Any:
    async def receive(stream: Any) -> Any:
        item = await original(stream)
        _handed.got(stream._state, item)
        return item

    return receive


STACK = _Streams()
