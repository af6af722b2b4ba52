"""gRPC: seen, not broken. `xai-sdk` and the gRPC clients of Google speak it; it resolves names by itself.

A channel to a provider's host that is opened during a run is an escape, and is not opened. One that was opened before
the run is not seen.
"""

from __future__ import annotations

import sys
from typing import Any

from ..errors import ChaosError
from ._patches import Patches

__all__ = ["STACK"]


class GrpcStack:
    """Watches the opening of channels, sync and asyncio."""

    library = "grpc"
    breaks = False

    def __init__(self) -> None:
        self._patches = Patches(self.library)

    def install(self) -> None:
        """Patch the library, or lie on top again where another tool patched over us."""
        grpc = sys.modules[self.library]
        for name in ("secure_channel", "insecure_channel"):
            self._patches.replace(grpc, name, _watched)
            # grpc.aio is not loaded by itself in every release.
            if "grpc.aio" in sys.modules:
                self._patches.replace(sys.modules["grpc.aio"], name, _watched)

    def uninstall(self) -> None:
        """Give the library back as it was."""
        self._patches.restore()


def _watched(original: Any) -> Any:
    def channel(target: str, *args: Any, **options: Any) -> Any:
        from ..session import active

        chaos = active()
        # `dns:///host:443` and `host:443` name the same place.
        host = target.rpartition("/")[2].rpartition(":")[0] or target
        if chaos is not None and not chaos.may_reach(host, "a gRPC channel was opened to it"):
            raise ChaosError(f"a gRPC channel to {host} cannot be broken, and would have left this machine")
        return original(target, *args, **options)

    return channel


STACK = GrpcStack()
