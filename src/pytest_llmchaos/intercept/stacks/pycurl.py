"""libcurl by pycurl: its calls are seen and stopped, not broken.

Its types cannot be patched, so others lie in their place during a run: a `Curl` that was made before, or one by a name
taken from the module earlier, is seen only where a `CurlMulti` of the run plays it.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from ._native import SENT
from ._outward import named, stop
from ._patches import Patching

__all__ = ["STACK"]


class _Pycurl(Patching):
    library = "pycurl"
    breaks = False

    def install(self) -> None:
        """Put watched types in place of the library's own."""
        module: Any = sys.modules[self.library]
        # pytest-recording puts an object and a type of its own in their place; it tells the class of what is behind.
        if not issubclass(type(module), ModuleType):
            self._patches.replace(module.Curl, "__getattribute__", _asked)
            module = sys.modules["pytest_recording.network"].pycurl
        self._patches.replace(module, "Curl", _curl)
        self._patches.replace(module, "CurlMulti", _multi)


def _curl(original: Any) -> Any:
    class Curl(original):  # type: ignore[misc]
        def perform(self) -> Any:
            _guard(self)
            return super().perform()

        def perform_rb(self) -> Any:
            _guard(self)
            return super().perform_rb()

        def perform_rs(self) -> Any:
            _guard(self)
            return super().perform_rs()

    return Curl


def _asked(original: Any) -> Any:
    def __getattribute__(curl: Any, name: str) -> Any:
        if name.startswith("perform"):
            _guard(curl)
        return original(curl, name)

    return __getattribute__


def _multi(original: Any) -> Any:
    class CurlMulti(original):  # type: ignore[misc]
        def add_handle(self, curl: Any) -> Any:
            _guard(curl)
            return super().add_handle(curl)

    return CurlMulti


def _guard(curl: Any) -> None:
    host, path = named(curl.getinfo(sys.modules["pycurl"].EFFECTIVE_URL))
    stop(host + path, SENT)


STACK = _Pycurl()
