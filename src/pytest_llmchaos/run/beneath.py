"""What answers beneath a call: asked or not, and whether a mock there has an answer for it at all."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

from .upstream import Given

if TYPE_CHECKING:
    from ..core.call import HttpRequest
    from ..core.plan import Step
    from .upstream import AsyncUpstream, SyncUpstream

__all__ = ["AsyncBeneath", "Beneath", "LetThrough", "Unasked", "let_through", "no_answer"]

# Errors by which a mock says that it has nothing for a request. Those with a class of their own, and those that are
# known by the function of the mock that raises them: their class is the library's own, which a test may script too.
_OWN = {
    (__name__, "LetThrough"),
    ("respx.models", "AllMockedAssertionError"),
    ("vcr.errors", "CannotOverwriteExistingCassetteException"),
    ("requests_mock.exceptions", "NoMockAddress"),
    ("requests_mock.adapter", "_RunRealHTTP"),
}
_RAISED_BY = {
    ("pytest_httpx._httpx_mock", "_request_not_matched"),
    ("aioresponses.core", "_request_mock"),
    ("responses", "_on_request"),
}


class LetThrough(Exception):
    """A mock lets a call through that must not leave this machine; never reaches the app."""


_spared: ContextVar[bool] = ContextVar("llmchaos_beneath", default=False)


def let_through() -> None:
    """What is asked for a healthy answer lets the call through.

    Raises:
        LetThrough: the simulated provider answers in its place.
    """
    if _spared.get():
        raise LetThrough


def no_answer(error: BaseException) -> bool:
    """Tell whether an error says that a mock has no answer for a request: no more than that there is no mock."""
    if any((kind.__module__, kind.__qualname__) in _OWN for kind in type(error).__mro__):
        return True
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    frame = trace.tb_frame if trace is not None else None
    return frame is not None and (frame.f_globals.get("__name__", ""), frame.f_code.co_name) in _RAISED_BY


class Unasked:
    """The requests that a mock beneath never answered: a fault did, or the simulated provider in its place."""

    def __init__(self) -> None:
        self.requests: list[HttpRequest] = []

    def answered(self, request: HttpRequest) -> None:
        """The mock answered it."""
        self.requests[:] = [each for each in self.requests if each is not request]


class Beneath:
    """Takes the steps from what lies beneath, or from `instead` where that is a mock without an answer.

    Args:
        original: what lies beneath.
        request: the call.
        unasked: the book of requests that it did not answer.
        instead: the simulated provider's answer; None where the mock's refusal is the app's to meet.
    """

    def __init__(self, original: SyncUpstream, request: HttpRequest, unasked: Unasked, instead: Given | None) -> None:
        self._source = original
        self._original = original
        self._request, self._unasked, self._instead = request, unasked, instead
        self._asked = False

    def pull(self) -> Step:
        """Return the next step."""
        if self._asked:
            return self._source.pull()
        self._asked = True
        token = _spared.set(self._instead is not None)
        try:
            step = self._source.pull()
        except Exception as error:
            if self._instead is None or not no_answer(error):
                self._unasked.answered(self._request)
                raise
            self._source = self._instead
            return self._source.pull()
        finally:
            _spared.reset(token)
        self._unasked.answered(self._request)
        return step

    def close(self) -> None:
        """Close what lies beneath."""
        self._original.close()


class AsyncBeneath:
    """The same for async stacks."""

    def __init__(self, original: AsyncUpstream, request: HttpRequest, unasked: Unasked, instead: Given | None) -> None:
        self._source = original
        self._original = original
        self._request, self._unasked, self._instead = request, unasked, instead
        self._asked = False

    async def pull(self) -> Step:
        """Return the next step."""
        if self._asked:
            return await self._source.pull()
        self._asked = True
        token = _spared.set(self._instead is not None)
        try:
            step = await self._source.pull()
        except Exception as error:
            if self._instead is None or not no_answer(error):
                self._unasked.answered(self._request)
                raise
            self._source = self._instead.in_async()
            return await self._source.pull()
        finally:
            _spared.reset(token)
        self._unasked.answered(self._request)
        return step

    async def close(self) -> None:
        """Close what lies beneath."""
        await self._original.close()
