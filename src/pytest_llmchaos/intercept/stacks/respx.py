"""respx: a router that demands calls is not told off for those that a fault answered."""

from __future__ import annotations

import sys
from typing import Any

from ...run.upstream import as_httpx
from ._watched import Watched, unasked

__all__ = ["STACK", "unrouted"]


def _excused(original: Any) -> Any:
    def assert_all_called(router: Any) -> None:
        requests = [as_httpx(each) for each in unasked()]
        wanting = [each for each in router.routes if not each.called]
        if not requests or any(not _meant(route, requests) for route in wanting):
            original(router)

    return assert_all_called


def _meant(route: Any, requests: list[Any]) -> bool:
    return any(not route.pattern or route.pattern.match(each) for each in requests)


def unrouted(request: Any) -> bool:
    """Tell whether respx is what answers an httpx request, and none of its routes is for it, or lets it through."""
    mocks: Any = sys.modules.get("respx.mocks")
    routers = [router for mocker in mocks.Mocker.registry.values() for router in mocker.routers] if mocks else []
    meant = [next((route for route in router.routes if _meant(route, [request])), None) for router in routers]
    return bool(routers) and all(route is None or route.is_pass_through for route in meant)


STACK = Watched("respx", "respx.router:Router", {"assert_all_called": _excused})
