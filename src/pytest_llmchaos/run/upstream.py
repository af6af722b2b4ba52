"""Healthy answers from the test's own respx router, with the simulated or original ones behind it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from ..core.plan import Chunk, End, Head, Step

if TYPE_CHECKING:
    import respx

    from ..core.call import HttpRequest

__all__ = [
    "AsyncRouted",
    "AsyncUpstream",
    "Given",
    "Routed",
    "SyncUpstream",
    "Translate",
    "as_httpx",
    "mocked_in_vain",
    "new_router",
]

Translate = Callable[[Exception], Exception]
"""Makes the stack's own exception of one that a route raised in httpx's terms; any other it returns as it is."""


class SyncUpstream(Protocol):
    """Where the steps of a passthrough plan come from: a Head first, then Chunks, then End."""

    def pull(self) -> Step:
        """Return the next step."""

    def close(self) -> None:
        """Let go of what the steps come from."""


class AsyncUpstream(Protocol):
    """The same for async stacks."""

    async def pull(self) -> Step:
        """Return the next step."""

    async def close(self) -> None:
        """Let go of what the steps come from."""


def new_router() -> respx.Router:
    """Return a router whose unmatched requests go on to the healthy answer behind it."""
    import respx

    return respx.Router(assert_all_called=False, assert_all_mocked=False)


def mocked_in_vain(request: HttpRequest, via: str) -> str | None:
    """Return the route of an active respx mock that is meant for a request but cannot answer it; None for none.

    respx mocks httpx alone: a request of another library passes its routes by and would go to the network.
    """
    mocks: Any = sys.modules.get("respx.mocks")
    if mocks is None or via == "httpx":
        return None
    routers = [router for mocker in mocks.Mocker.registry.values() for router in mocker.routers]
    for route in (route for router in routers for route in router.routes):
        # A route without a pattern stands for all requests and means none in particular.
        if route.pattern and not route.is_pass_through and route.pattern.match(as_httpx(request)):
            return repr(route)
    return None


def as_httpx(request: HttpRequest) -> Any:
    """Return a request in the form that mocks of httpx read."""
    import httpx

    return httpx.Request(request.method, request.url, headers=list(request.headers), content=request.content)


def _steps(response: Any) -> Iterator[Step]:
    yield Head(response.status_code, tuple(response.headers.multi_items()))
    for data in response.stream:
        yield Chunk(data)
    yield End()


class Given:
    """Takes the steps from a simulated answer."""

    def __init__(self, make: Callable[[], Iterable[Step]]) -> None:
        self._make = make
        self._steps: Iterator[Step] | None = None

    def pull(self) -> Step:
        """Return the next step."""
        if self._steps is None:
            self._steps = iter(self._make())
        return next(self._steps)

    def close(self) -> None:
        """Nothing to close."""

    def in_async(self) -> AsyncUpstream:
        """Return the same for async stacks."""
        return _AsyncGiven(self)


class _AsyncGiven:
    def __init__(self, given: Given) -> None:
        self._given = given

    async def pull(self) -> Step:
        return self._given.pull()

    async def close(self) -> None:
        pass


class Routed:
    """Takes the steps from the router's route, or from `behind` where none matches."""

    def __init__(self, router: respx.Router, request: HttpRequest, behind: SyncUpstream, translate: Translate) -> None:
        self._router = router
        self._translate = translate
        self._request = request
        self._behind = behind
        self._steps: Iterator[Step] | None = None
        self._asked = False

    def pull(self) -> Step:
        """Return the next step."""
        if not self._asked:
            self._asked = True
            try:
                resolved = self._router.resolve(as_httpx(self._request))
            except Exception as error:
                raise self._translate(error) from error
            if resolved.route is not None:
                self._steps = _steps(resolved.response)
        return next(self._steps) if self._steps is not None else self._behind.pull()

    def close(self) -> None:
        """Close what is behind."""
        self._behind.close()


class AsyncRouted:
    """The same for async stacks; async side effects of the router work."""

    def __init__(self, router: respx.Router, request: HttpRequest, behind: AsyncUpstream, translate: Translate) -> None:
        self._router = router
        self._translate = translate
        self._request = request
        self._behind = behind
        self._steps: AsyncIterator[Step] | None = None
        self._asked = False

    async def pull(self) -> Step:
        """Return the next step."""
        if not self._asked:
            self._asked = True
            try:
                resolved = await self._router.aresolve(as_httpx(self._request))
            except Exception as error:
                raise self._translate(error) from error
            if resolved.route is not None:
                self._steps = _async_steps(resolved.response)
        return await anext(self._steps) if self._steps is not None else await self._behind.pull()

    async def close(self) -> None:
        """Close what is behind."""
        await self._behind.close()


async def _async_steps(response: Any) -> AsyncIterator[Step]:
    yield Head(response.status_code, tuple(response.headers.multi_items()))
    async for data in response.stream:
        yield Chunk(data)
    yield End()
