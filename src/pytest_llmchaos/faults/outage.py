"""The provider is down and says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.parameters import choice, param
from ._base import Fault

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["Outage"]


@dataclass(frozen=True)
class Outage(Fault):
    """Every call gets a server error: the provider's own JSON, or the page of the CDN in front of it.

    Args:
        status: 500, 502, 503 or 504; with `page="html"` also the CDN's own 520 to 524 and 530.
        page: `json` for the provider's error body, `html` for the CDN's error page.
    """

    name = "outage"
    kind = "outage"

    status: int = param(choice(500, 502, 503, 504, 520, 521, 522, 523, 524, 530), default=503)
    page: str = param(choice("json", "html"), default="json")

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Answer with the provider's server error."""
        return plan.answering(call.speaks.error("outage", call, draw, status=self.status, page=self.page))
