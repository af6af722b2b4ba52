"""The provider does not serve the place the call comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._base import Fault

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["RegionBlocked"]


@dataclass(frozen=True)
class RegionBlocked(Fault):
    """Every call gets 403, for good: the key is fine, the egress address is not.

    OpenAI answers `unsupported_country_region_territory`, Anthropic `forbidden` ("Request not allowed"); no
    SDK retries it. Source: bodies pasted in public issues, such as home-assistant/core#120072.
    """

    name = "region_blocked"
    kind = "policy"

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Answer with the provider's region error."""
        return plan.answering(call.speaks.error("region_blocked", call, draw))
