"""The provider takes the request and never answers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.plan import Fail, Wait
from ._base import Fault

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["NoResponse"]


@dataclass(frozen=True)
class NoResponse(Fault):
    """The connection stands, the request is sent, and not one byte comes back.

    Only the app's own read timeout or deadline ends it. The openai and anthropic SDKs wait 600 s, three times
    over; google-genai and ollama wait for ever.
    """

    name = "no_response"
    kind = "outage"

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Wait for ever; what stands behind the wait is never reached, but every plan has an end."""
        return plan.instead(Wait(math.inf), Fail("server_disconnected"))
