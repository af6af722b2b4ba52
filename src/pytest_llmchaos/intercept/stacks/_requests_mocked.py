"""Mocks of requests' adapters (`responses`, requests-mock) answer above urllib3, where no fault could reach a call.

So an LLM call that comes to one is sent its genuine way first, down to urllib3's single-request step, where it gets its
plan; the mock is asked there for the healthy answer.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ...journal.app_behaviour import chain

__all__ = ["Mock", "in_use", "mock_beneath", "sent_over"]


class Mock:
    """What answers a request beneath its genuine way.

    Args:
        answer: gives the mock's answer, of requests' own class.

    Attributes:
        asked: whether it is being asked, so that what comes down once more is what it lets through.
        error: what it raised for the last try.
        given: what it answered last.
    """

    def __init__(self, answer: Callable[[], Any]) -> None:
        self._answer = answer
        self.asked = False
        self.error: Exception | None = None
        self.given: Any = None

    def __call__(self) -> Any:
        """Return its answer as urllib3 has it."""
        self.asked = True
        try:
            self.given = self._answer()
            return self.given.raw
        except Exception as error:
            self.error = error
            raise
        finally:
            self.asked = False


mock_beneath: ContextVar[Mock | None] = ContextVar("llmchaos_requests_mock", default=None)
"""The mock that a request on its genuine way has beneath it."""

in_use: ContextVar[tuple[Any, str] | None] = ContextVar("llmchaos_requests_session", default=None)
"""The session that is asked to send something, and the URL."""


def _mounted() -> Any:
    """Return the adapter that the session would send a request with, if no mock stood in its place; None for none."""
    requests: Any = sys.modules["requests"]
    if (used := in_use.get()) is None:
        return None
    try:
        mounted = requests.Session.get_adapter(*used)
    except requests.exceptions.InvalidSchema:
        return None
    return mounted if isinstance(mounted, requests.adapters.HTTPAdapter) else None


def sent_over(adapter: Any, request: Any, options: dict[str, Any], answer: Callable[[], Any]) -> Any:
    """Return the answer to a request that came to a mock.

    Args:
        adapter: sends it its genuine way; None for the one that the session has mounted.
        request: the prepared request.
        options: what the adapter was given with it.
        answer: gives the mock's answer.
    """
    from ..active_runs import active

    chaos = active()
    if chaos is None or mock_beneath.get() is not None or chaos.providers.route(request.method, request.url) is None:
        return answer()
    adapters: Any = sys.modules["requests.adapters"]
    send = adapters.HTTPAdapter.send
    if send.__module__ != adapters.__name__:
        send = sys.modules["responses"]._real_send
    mock = Mock(answer)
    token = mock_beneath.set(mock)
    try:
        return _whole(send(adapter or _mounted() or adapters.HTTPAdapter(), request, **options), mock.given)
    except Exception as error:
        if mock.error is None or mock.error not in chain(error):
            raise
    finally:
        mock_beneath.reset(token)
    raise mock.error  # as the mock raised it, and not as urllib3 and requests tell it


def _whole(response: Any, given: Any) -> Any:
    """Return an answer with what a mock says of it that does not come over a wire."""
    if given is not None and given.status_code == response.status_code:
        response.reason = given.reason
        sys.modules["requests.cookies"].merge_cookies(response.cookies, given.cookies)
    return response
