"""Notices an LLM call that was answered above urllib3's single-request step: by a mock or a transport of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from ._passage import passed, watch

__all__ = ["watched"]


def watched(method: str, url: str, transport: Callable[[], Any], send: Callable[[], Any]) -> Any:
    """Send a request and return its answer, which must not come from above the interception point.

    Args:
        method, url: of the request.
        transport: tells what answers such requests, for the report.
        send: sends it.
    """
    from ..active_runs import active

    chaos = active()
    if chaos is None or (found := chaos.providers.route(method, url)) is None:
        return send()
    with watch() as sent:
        response = send()
    if not sent.seen:
        chaos.escaped(found, urlsplit(url).hostname or "", transport())
        passed()  # told here, and not again by the sentinels around this one
    return response
