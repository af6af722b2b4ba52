"""responses: its mocks lie beneath the faults, and do not demand what a fault answered."""

from __future__ import annotations

import sys
from typing import Any

from ._requests_mocked import sent_over
from ._watched import Watched, unasked

__all__ = ["STACK"]


def _beneath(original: Any) -> Any:
    def _on_request(mock: Any, adapter: Any, request: Any, *, retries: Any = None, **options: Any) -> Any:
        if retries is not None:  # it asks itself once more
            return original(mock, adapter, request, retries=retries, **options)

        def answer() -> Any:
            # The genuine way has the adapter's retries, which the mock would play a second time.
            return original(mock, adapter, request, retries=sys.modules["urllib3.util"].Retry(0), **options)

        return sent_over(adapter, request, options, answer)

    return _on_request


def _prepared() -> list[Any]:
    module: Any = sys.modules["requests"]
    return [
        module.Request(each.method, each.url, headers=dict(each.headers), data=each.content).prepare()
        for each in unasked()
    ]


def _excused(original: Any) -> Any:
    def stop(mock: Any, allow_assert: bool = True) -> None:
        requests = _prepared()
        for each in requests:
            each.params, each.req_kwargs = mock._parse_request_params(each.path_url), {}
        wanting = [each for each in mock.registered() if not each.call_count]
        excused = bool(requests) and all(any(each.matches(one)[0] for one in requests) for each in wanting)
        original(mock, allow_assert=allow_assert and not excused)

    return stop


def _counted(original: Any) -> Any:
    def assert_call_count(mock: Any, url: str, count: int) -> bool:
        answered = sum(each.url == url for each in _prepared())
        return bool(original(mock, url, max(count - answered, 0)))

    return assert_call_count


STACK = Watched(
    "responses", "responses:RequestsMock", {"_on_request": _beneath, "stop": _excused, "assert_call_count": _counted}
)
