"""The provider's host swallows the connection attempt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.plan import Fail, Wait
from ._base import Fault

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["ConnectTimeout"]

# Linux sends a SYN and, with the default net.ipv4.tcp_syn_retries = 6, six more, 1 s doubling apart:
# connect() gives up with ETIMEDOUT after 1 + 2 + 4 + ... + 64 s (tcp(7), and ip-sysctl.rst of the kernel's
# documentation).
_KERNEL_GIVES_UP = 127.0


@dataclass(frozen=True)
class ConnectTimeout(Fault):
    """No TCP handshake is completed; no request is sent.

    The client's own connect timeout decides how long that takes (5 s in the openai and anthropic SDKs). Where
    it has none, the kernel gives up after 127 s.
    """

    name = "connect_timeout"
    kind = "outage"

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Let the connection attempt time out."""
        return plan.instead(Wait(_KERNEL_GIVES_UP, "connect"), Fail("connect_timeout"))
