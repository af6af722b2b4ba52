"""requests-mock: its mocks lie beneath the faults."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

from ._requests_mocked import sent_over
from ._watched import Watched

__all__ = ["STACK"]


def _beneath(original: Any) -> Any:
    def send(mock: Any, request: Any, **options: Any) -> Any:
        lock = getattr(sys.modules["requests_mock.mocker"], "_send_lock", None) or RLock()

        def answer() -> Any:
            with lock:
                return original(mock, request, **options)

        with _let_go(lock):
            return sent_over(None, request, options, answer)

    return send


@contextmanager
def _let_go(lock: Any) -> Iterator[None]:
    """Let go of the lock that a mocker holds while it sends: a call that a fault makes wait is in nobody's way."""
    held = lock._release_save() if lock._is_owned() else None
    try:
        yield
    finally:
        if held is not None:
            lock._acquire_restore(held)


STACK = Watched("requests_mock", "requests_mock.adapter:Adapter", {"send": _beneath})
