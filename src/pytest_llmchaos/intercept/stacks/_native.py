"""HTTP clients that are no Python inside: they resolve names, connect and encrypt by themselves.

Their calls cannot be broken. They are asked where they go at their own top, which is Python's still; what one of them
does by another way (a base URL that it was given before, a function taken from its module earlier) is not seen.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from ._outward import named, stop
from ._patches import Patching

__all__ = ["SENT", "NativeStack", "apart"]

SENT = "a request was sent to it"
_URL_FIRST = ("get", "head", "options", "delete", "post", "put", "patch", "trace", "websocket")
_URL_SECOND = ("request", "stream", "execute_request")


# Clients that go past Python's sockets; of the last ones nothing is seen.
_APART = ("curl_cffi", "httpr", "impit", "primp", "pycurl", "pyreqwest", "rnet", "tls_client", "uvloop", "wreq")
_UNSEEN = ("hrequests", "noble_tls")


def apart() -> list[str]:
    """Return the imported libraries whose calls are not all seen: what a run without a call may have missed."""
    return [name for name in (*_APART, *_UNSEEN) if name in sys.modules]


class NativeStack(Patching):
    """Watches the functions and methods that take a method and a URL, or a URL alone.

    Args:
        library: name of its module.
        places: what has them, as `module:Class` or `module`; names of modules without that of the library.
    """

    breaks = False

    def __init__(self, library: str, *places: str) -> None:
        self.library = library
        self._places = places
        super().__init__()

    def install(self) -> None:
        """Patch the library, or lie on top again where another tool patched over us.

        Raises:
            ChaosError: a name that we rely on is gone in the installed version.
        """
        for place in self._places:
            module, _, kind = place.partition(":")
            owner: Any = importlib.import_module(f"{self.library}.{module}" if module else self.library)
            owner = vars(owner)[kind] if kind else owner
            for position, names in enumerate((_URL_FIRST, _URL_SECOND)):
                for name in (each for verb in names for each in (verb, f"{self.library}_{verb}")):
                    if name in vars(owner):
                        self._patches.replace(owner, name, _watched(position + bool(kind)))


def _watched(position: int) -> Any:
    def wrap(original: Any) -> Any:
        def call(*args: Any, **options: Any) -> Any:
            url = options["url"] if "url" in options else args[position] if len(args) > position else ""
            host, path = named(str(url))
            stop(host + path, SENT)
            return original(*args, **options)

        return call

    return wrap
