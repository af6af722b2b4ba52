"""The provider has no capacity left for the moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._base import Fault

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["Overloaded"]


@dataclass(frozen=True)
class Overloaded(Fault):
    """Every call gets the provider's own "overloaded" error, which a later try may not meet again.

    OpenAI answers 503 `server_is_overloaded`, Anthropic 529 `overloaded_error`; their SDKs retry both.
    Sources: https://developers.openai.com/api/docs/guides/error-codes and
    https://platform.claude.com/docs/en/api/errors.
    """

    name = "overloaded"
    kind = "outage"

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Answer with the provider's overload error."""
        return plan.answering(call.speaks.error("overloaded", call, draw))
