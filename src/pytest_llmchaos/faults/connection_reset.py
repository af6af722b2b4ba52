"""The connection breaks while the client waits for the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.plan import Fail
from ._base import Fault

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["ConnectionReset"]


@dataclass(frozen=True)
class ConnectionReset(Fault):
    """The request was sent, then the peer resets the connection (ECONNRESET) before any byte of the answer.

    Whether the provider did the work (and bills it) is unknown to the client. SDKs retry it.

    Over TLS a blocking client on a Python before 3.13 sees the connection end, not reset (cpython#115627): httpx
    raises RemoteProtocolError there, ReadError from 3.13 on and in async code (measured).
    """

    name = "connection_reset"
    kind = "outage"

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Reset the connection after the request."""
        return plan.instead(Fail("connection_reset"))
