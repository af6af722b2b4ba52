"""The client sends more than its limits allow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.parameters import choice, param
from ..core.units import duration
from ._base import Fault

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["RateLimit"]


@dataclass(frozen=True)
class RateLimit(Fault):
    """Every call gets a 429 with the provider's rate-limit headers and, if asked for, a time to wait.

    SDKs differ in how long a wait they accept: openai 3 sleeps up to 120 s and gives up without a retry above
    that, anthropic 2 sleeps however long it is told (measured with openai 3.54 and anthropic 2.12).

    Args:
        retry_after: how long the provider asks the client to wait, a duration; None for no such header.
        form: how it says so: `seconds` (`retry-after: 20`), `ms` (`retry-after-ms: 20000`) or `date`
            (`retry-after` with an HTTP date).

    Sources: https://platform.openai.com/docs/guides/rate-limits and
    https://platform.claude.com/docs/en/api/errors.
    """

    name = "rate_limit"
    kind = "limit"

    retry_after: float | None = param(duration, default=None)
    form: str = param(choice("seconds", "ms", "date"), default="seconds")

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Answer with the provider's rate-limit error."""
        return plan.answering(call.speaks.error("rate_limit", call, draw, retry_after=self.retry_after, form=self.form))
