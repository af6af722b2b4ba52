"""libcurl by curl_cffi: its calls are seen and stopped, not broken, by handles and websockets of old too."""

from __future__ import annotations

import importlib
from typing import Any

from ._native import SENT
from ._outward import named, stop
from ._patches import Patching

__all__ = ["STACK"]


class _CurlCffi(Patching):
    library = "curl_cffi"
    breaks = False

    def install(self) -> None:
        """Patch the library, or lie on top again where another tool patched over us."""
        curl = importlib.import_module("curl_cffi.curl").Curl
        for name in ("perform", "ws_send"):
            self._patches.replace(curl, name, _performs)
        self._patches.replace(importlib.import_module("curl_cffi.aio").AsyncCurl, "add_handle", _adds)


def _performs(original: Any) -> Any:
    def perform(curl: Any, *args: Any, **options: Any) -> Any:
        _guard(curl)
        return original(curl, *args, **options)

    return perform


def _adds(original: Any) -> Any:
    def add_handle(multi: Any, curl: Any) -> Any:
        _guard(curl)
        return original(multi, curl)

    return add_handle


def _guard(curl: Any) -> None:
    url = curl.getinfo(importlib.import_module("curl_cffi").CurlInfo.EFFECTIVE_URL)
    host, path = named(url.decode("latin-1") if isinstance(url, bytes) else str(url))
    stop(host + path, SENT)


STACK = _CurlCffi()
