"""In a Python child: its HTTP libraries are intercepted, and an LLM call is stopped and told to the parent."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import intercept
from . import _current
from ._post import post

if TYPE_CHECKING:
    from ._stopping import Stopping

__all__ = ["intercepted", "stopped_by"]

_runs: dict[str, Stopping] = {}


def intercepted(folder: str, guard: Any) -> Any:
    """Intercept until the process ends; return the finder that patches libraries as they are imported.

    Args:
        folder: where the parent is told.
        guard: what stands for this process: `say(text, token)`.
    """
    post.adopt(Path(folder))
    _current.elsewhere = lambda: stopped_by(guard.say)
    intercept.acquire(post)
    return intercept.late


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
