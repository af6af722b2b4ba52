"""Nobody listens at the provider's address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.plan import Fail
from ._base import Fault

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["ConnectionRefused"]


@dataclass(frozen=True)
class ConnectionRefused(Fault):
    """The TCP connection is refused at once (ECONNREFUSED); no request is sent.

    SDKs retry it as a connection error.
    """

    name = "connection_refused"
    kind = "outage"

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Refuse the connection."""
        return plan.instead(Fail("connection_refused"))
