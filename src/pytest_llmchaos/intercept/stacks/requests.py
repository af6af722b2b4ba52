"""requests: its calls are intercepted in urllib3, beneath its adapters; here it is only watched.

What answers in an adapter's place is above that step, where no fault can reach a call: an LLM call answered so is an
escape, unless it is a mock that we know (`responses`, requests-mock: see `_requests_mocked`). A mock may replace
`Session.send`, so `Session.request` is watched too.
"""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

from ._patches import Patching
from ._requests_mocked import in_use
from ._urllib3_sentinel import watched
from .urllib3 import STACK as URLLIB3

__all__ = ["STACK"]


class RequestsStack(Patching):
    """Watches requests' sessions."""

    library = "requests"

    @property
    def breaks(self) -> bool:
        """Whether faults reach its calls, in urllib3."""
        return URLLIB3.breaks

    def install(self) -> None:
        """Patch the library, or lie on top again where another tool patched over us."""
        if not self.breaks:
            return
        session = sys.modules[self.library].Session
        self._patches.replace(session, "request", _request)
        self._patches.replace(session, "send", _send)


def _request(original: Any) -> Any:
    def request(session: Any, method: Any, url: Any, *args: Any, **options: Any) -> Any:
        address = _text(url)
        token = in_use.set((session, address))
        try:
            return watched(
                _text(method).upper(),
                address,
                lambda: _answering(session, address),
                partial(original, session, method, url, *args, **options),
            )
        finally:
            in_use.reset(token)

    return request


def _send(original: Any) -> Any:
    def send(session: Any, request: Any, **options: Any) -> Any:
        token = in_use.set((session, request.url))
        try:
            return watched(
                request.method or "",
                request.url or "",
                lambda: _answering(session, request.url),
                partial(original, session, request, **options),
            )
        finally:
            in_use.reset(token)

    return send


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _answering(session: Any, url: Any) -> Any:
    """Return what answers: a mock's function in the place of a `send`, a session with its own, or the adapter."""
    adapter = session.get_adapter(url)
    base = sys.modules["requests"].Session
    for send, home in ((type(adapter).send, type(adapter).__module__), (base.send, __name__)):
        if send.__module__ != home:
            return send
    return adapter if type(session).send is base.send else session


STACK = RequestsStack()
