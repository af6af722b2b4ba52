"""The account has no credit left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._base import Fault

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["QuotaExhausted"]


@dataclass(frozen=True)
class QuotaExhausted(Fault):
    """Every call is refused until somebody pays; no retry can help.

    OpenAI answers 429 `insufficient_quota`, which looks like a rate limit and which its SDK retries;
    Anthropic answers 400 `invalid_request_error` ("Your credit balance is too low..."). Both were also seen
    at customers who had credit. Sources: https://help.openai.com/en/articles/6614457 and, for Anthropic,
    bodies pasted in public issues (anthropics/claude-code#66314).
    """

    name = "quota_exhausted"
    kind = "cost"

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Answer with the provider's out-of-credit error."""
        return plan.answering(call.speaks.error("quota_exhausted", call, draw))
