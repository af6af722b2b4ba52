"""gRPC: seen, not broken. `xai-sdk` and the gRPC clients of Google speak it; it resolves names by itself.

During a run a channel to a provider's host is an escape and is not opened, and a call on one that was opened before
is an escape and is not sent. The asyncio channels of older releases (1.66 is one) do not tell their target; calls on
such a one that was opened before are not seen.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

from ...core.errors import ChaosError
from ._patches import Patching

__all__ = ["STACK"]

# What a stub's method is: names of the classes in grpc's own modules, sync and asyncio (grpcio 1.66 to 1.85).
_SYNC = (
    "_UnaryUnaryMultiCallable",
    "_UnaryStreamMultiCallable",
    "_SingleThreadedUnaryStreamMultiCallable",
    "_StreamUnaryMultiCallable",
    "_StreamStreamMultiCallable",
)
_ASYNC = tuple(name.removeprefix("_") for name in _SYNC if "SingleThreaded" not in name)
_CALLS = ("__call__", "with_call", "future")


class GrpcStack(Patching):
    """Watches the opening of channels and the calls on them, sync and asyncio."""

    library = "grpc"
    breaks = False

    def install(self) -> None:
        """Patch the library, or lie on top again where another tool patched over us.

        Raises:
            ChaosError: a name that we rely on is gone in the installed version.
        """
        for module, home, channel, names in (
            ("grpc", "grpc._channel", "Channel", _SYNC),
            ("grpc.aio", "grpc.aio._channel", "AioChannel", _ASYNC),
        ):
            if module not in sys.modules:  # grpc.aio is not loaded by itself in every release
                continue
            for name in ("secure_channel", "insecure_channel"):
                self._patches.replace(sys.modules[module], name, _opened)
            channels: Any = importlib.import_module(home)  # grpc itself loads the sync one with the first channel
            if hasattr(getattr(channels.cygrpc, channel), "target"):
                for name in names:
                    self._watch(channels, name)

    def _watch(self, channels: Any, name: str) -> None:
        kind = getattr(channels, name, None)
        if kind is None:
            raise ChaosError(
                f"grpc: {channels.__name__}.{name} is gone in the installed version, so calls on earlier channels "
                "cannot be seen; please report this with the version you use"
            )
        for method in _CALLS:
            if method == "__call__" or method in vars(kind):
                self._patches.replace(kind, method, _called)


def _opened(original: Any) -> Any:
    def channel(target: str, *args: Any, **options: Any) -> Any:
        _guard(target, "a gRPC channel was opened to it", "a gRPC channel to {host}")
        return original(target, *args, **options)

    return channel


def _called(original: Any) -> Any:
    def call(stub: Any, *args: Any, **options: Any) -> Any:
        from ..active_runs import active

        if active() is not None:
            target = stub._channel.target  # a method of sync channels, the bytes themselves of asyncio's
            target = target() if callable(target) else target
            _guard(target.decode(), "a gRPC call was made to it", "a gRPC call to {host}")
        return original(stub, *args, **options)

    return call


def _guard(target: str, how: str, what: str) -> None:
    """Stop what goes to a provider.

    Raises:
        ChaosError: it does; the run is marked as failed.
    """
    from ..active_runs import active

    chaos = active()
    # `dns:///host:443`, `dns:host:443` and `host:443` name the same place.
    place = target.rpartition("/")[2].removeprefix("dns:").removeprefix("ipv4:").removeprefix("ipv6:")
    if chaos is not None and not chaos.may_reach(place, how):
        raise ChaosError(
            f"{what.format(host=place.removesuffix(':443'))} cannot be broken, and would have left this machine"
        )


STACK = GrpcStack()
