"""In a Python child: its HTTP libraries are intercepted, and an LLM call is stopped and told to the parent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.call import HttpRequest
from .. import stacks
from . import _current
from ._post import post

if TYPE_CHECKING:
    from ._stopping import Stopping

__all__ = ["asked", "intercepted", "stopped_by"]

_runs: dict[str, Stopping] = {}


def intercepted(folder: str, guard: Any) -> Any:
    """Intercept until the process ends; return the finder that patches libraries as they are imported.

    Args:
        folder: where the parent is told.
        guard: what stands for this process: `say(text, token)`.
    """
    post.adopt(Path(folder))
    _current.elsewhere = lambda: stopped_by(guard.say)
    stacks.acquire(post)
    return stacks.late


def asked(head: bytes, body: bytes, guard: Any) -> None:
    """Stop a request of http.client that is an LLM call.

    Args:
        head: the request line and the headers, as they were sent.
        body: what is about to be sent.
        guard: what stands for this process.

    Raises:
        ChaosError: it is one.
    """
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target = first.split(" ")[:2]
    headers = tuple((name, value.strip()) for name, _, value in (line.partition(":") for line in lines if line))
    host = next((value for name, value in headers if name.lower() == "host"), "")
    url = target if "://" in target else f"http://{host}{target}"
    if (run := stopped_by(guard.say)) is not None and (found := run.providers.route(method, url)) is not None:
        run.begin(found, HttpRequest(method, url, headers, body), "http.client", own=False)


def stopped_by(say: Any) -> Stopping | None:
    """Return what stops the calls of this process while the parent's run is on; None when none is, or it lets them."""
    told = post.on()
    if told is None or told["open"]:
        return None
    token = told["run"]
    if token not in _runs:
        from ._stopping import Stopping

        _runs[token] = Stopping(token, told["own"], say)
    return _runs[token]
