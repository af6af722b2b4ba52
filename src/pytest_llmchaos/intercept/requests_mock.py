"""requests-mock: its mocks lie beneath the faults."""

from __future__ import annotations

from typing import Any

from ._requests_mocked import sent_over
from ._watched import Watched

__all__ = ["STACK"]


def _beneath(original: Any) -> Any:
    def send(mock: Any, request: Any, **options: Any) -> Any:
        return sent_over(None, request, options, lambda: original(mock, request, **options))

    return send


STACK = Watched("requests_mock", "requests_mock.adapter:Adapter", {"send": _beneath})
