"""pytest-httpx: a mock that demands calls is not told off for those that a fault answered, nor for those that the
simulated provider answered in its place."""

from __future__ import annotations

import sys
from typing import Any

from ...run.upstream import as_httpx
from ._watched import Watched, unasked

__all__ = ["STACK"]


def _excused(original: Any) -> Any:
    def _assert_options(mock: Any) -> None:
        if requests := [as_httpx(each) for each in unasked()]:
            transport = sys.modules["httpx"].HTTPTransport()
            for matcher, _ in mock._callbacks:
                if not matcher.nb_calls and any(matcher.match(transport, each) for each in requests):
                    matcher.nb_calls = 1
            answered = [(each.method, str(each.url), each.content) for each in requests]
            mock._requests_not_matched[:] = [
                each
                for each in mock._requests_not_matched
                if (each.method, str(each.url), each.content) not in answered
            ]
        original(mock)

    return _assert_options


STACK = Watched("pytest_httpx", "pytest_httpx:HTTPXMock", {"_assert_options": _excused})
