"""pytest-httpx: a mock that demands calls is not told off for those that a fault answered, nor for those that the
simulated provider answered in its place."""

from __future__ import annotations

import sys
from typing import Any

from ..upstream import as_httpx
from ._patches import Patches

__all__ = ["STACK"]


class _PytestHttpx:
    library = "pytest_httpx"
    breaks = False

    def __init__(self) -> None:
        self._patches = Patches(self.library)

    def install(self) -> None:
        """Watch what mocks demand at their end."""
        self._patches.replace(sys.modules[self.library].HTTPXMock, "_assert_options", _excused)

    def uninstall(self) -> None:
        """Stop watching."""
        self._patches.restore()


def _excused(original: Any) -> Any:
    def _assert_options(mock: Any) -> None:
        from ..session import active

        if (chaos := active()) is not None and chaos.unasked:
            requests = [as_httpx(each) for each in chaos.unasked]
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


STACK = _PytestHttpx()
