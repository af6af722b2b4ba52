"""aioresponses: a mock that begins within the run lies beneath the faults too, and one that is asked whether it was
called is not told off for what a fault answered."""

from __future__ import annotations

from typing import Any

from ._watched import Watched, begins, unasked

__all__ = ["STACK"]


def _excused(original: Any) -> Any:
    def demand(mock: Any, url: Any = None, method: str = "GET", *args: Any, **more: Any) -> None:
        try:
            original(mock, *(() if url is None else (url, method)), *args, **more)
        except AssertionError:
            if not any(_meant(each, url, method) for each in unasked()):
                raise

    return demand


def _meant(request: Any, url: Any, method: str) -> bool:
    return url is None or (
        request.url.partition("?")[0] == str(url).partition("?")[0] and request.method == method.upper()
    )


_DEMANDS = ("assert_called", "assert_called_once", "assert_called_with", "assert_called_once_with", "assert_any_call")

STACK = Watched(
    "aioresponses", "aioresponses.core:aioresponses", {"start": begins, **dict.fromkeys(_DEMANDS, _excused)}
)
