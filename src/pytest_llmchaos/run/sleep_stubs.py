"""Whether the test has replaced sleep: then an app that waits as it should takes no time, and its waits are unseen."""

from __future__ import annotations

import sys
from pathlib import PurePath
from typing import Any

__all__ = ["sleep_is_stubbed"]

_SLEEPS = ("time", "asyncio", "anyio", "trio", "tenacity.nap")
_REAL = {"time", "asyncio", "anyio", "trio", "tenacity", "gevent", "eventlet", __name__.partition(".")[0]}
_DEEPEST = 80  # frames


def sleep_is_stubbed() -> bool:
    """Tell whether the `sleep` of a library, or what the code at hand calls by that name, is a stub of the test."""
    for name in _SLEEPS:
        sleep = getattr(sys.modules.get(name), "sleep", None)
        if sleep is not None and _home(sleep).partition(".")[0] not in _REAL:
            return True
    frame: Any = sys._getframe(1)
    for _ in range(_DEEPEST):
        if frame is None:
            return False
        names = frame.f_globals
        known = [names[name] for name in ("sleep", "time", "asyncio") if name in names]
        if not _of_test(frame.f_code.co_filename) and any(_mock(each) or _of_test(_file(each)) for each in known):
            return True
        frame = frame.f_back
    return False


def _home(function: Any) -> str:
    return str(getattr(function, "__globals__", {}).get("__name__") or getattr(function, "__module__", None) or "")


def _mock(value: Any) -> bool:
    return type(value).__module__ in ("unittest.mock", "mock.mock")


def _file(value: Any) -> str:
    code = getattr(value, "__code__", None)
    return str(code.co_filename) if code is not None else ""


def _of_test(file: str) -> bool:
    name = PurePath(file).name
    return name.startswith(("test_", "conftest.")) or name.endswith("_test.py")
