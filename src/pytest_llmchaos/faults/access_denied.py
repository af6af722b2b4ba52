"""The provider no longer serves this customer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.parameters import choice, param
from ._base import Fault

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["AccessDenied"]


@dataclass(frozen=True)
class AccessDenied(Fault):
    """Every call is refused for who the customer is or what was agreed with it; the key itself is fine, and no retry
    helps.

    Args:
        reason: `ownership`: the customer belongs to somebody in a country that the provider does not serve, wherever
            it works (Anthropic, September 2025: the body is not known, so that of a blocked country stands in);
            `verification`: the organisation must be verified first (OpenAI: 400 `unsupported_value` with `param:
            stream` for streamed calls, which work again without streaming; 403 for the others, as for gpt-image-1);
            `suspension`: closed for a breach of the usage policy (OpenAI 401 `account_deactivated`, Anthropic 400
            "This organization has been disabled.", Gemini 403 `CONSUMER_SUSPENDED`, Groq 400
            `organization_restricted`); `residency`: data of this project may be handled elsewhere only (OpenAI 401
            `incorrect_hostname`).

    Where a provider's own body is not known, its nearest one comes: that of a blocked country for `ownership` and
    `residency`, that of a revoked key for the others. The known ones are from answers pasted in public issues, among
    them continuedev/continue#9607, openai-php/client#565, NextChat#2782, skill-validator#70,
    anthropics/claude-code#72457, google/generative-ai-docs#356, songquanpeng/one-api#1764.
    """

    name = "access_denied"
    kind = "access"

    reason: str = param(choice("ownership", "verification", "suspension", "residency"), default="ownership")

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Answer with the provider's refusal of the customer."""
        return plan.answering(call.speaks.error("access_denied", call, draw, reason=self.reason))
