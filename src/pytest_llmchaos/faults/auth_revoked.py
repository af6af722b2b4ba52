"""The API key is no longer accepted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._base import Fault

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["AuthRevoked"]


@dataclass(frozen=True)
class AuthRevoked(Fault):
    """Every call gets 401: the key was revoked, rotated or leaked, or the provider ended the contract.

    OpenAI answers `invalid_api_key`, Anthropic `authentication_error`; no SDK retries it. Sources:
    https://developers.openai.com/api/docs/guides/error-codes and
    https://platform.claude.com/docs/en/api/errors.
    """

    name = "auth_revoked"
    kind = "access"

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Answer with the provider's authentication error."""
        return plan.answering(call.speaks.error("auth_revoked", call, draw))
