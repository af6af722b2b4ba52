"""The provider's status page says something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.parameters import choice, param, text
from ._base import Fault

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["StatusPage"]


@dataclass(frozen=True)
class StatusPage(Fault):
    """The status page says this, whatever the API does: red while the API is healthy, yellow while it is dead.

    Without this fault every status page says "All Systems Operational", also in the middle of an outage, as the real
    ones do for minutes to hours. Aim it at the operation `status`: `target="openai:status"`; a target without that
    operation never hits a status page. The page's own failures are those of any call: `outage`, `latency`,
    `dns_failure` with such a target.

    Args:
        says: `operational`, `degraded`, `partial_outage`, `major_outage` or `maintenance`.
        incident: title of an incident (of a maintenance with `maintenance`) that is posted; None for none.
    """

    name = "status_page"
    kind = "outage"

    says: str = param(choice("operational", "degraded", "partial_outage", "major_outage", "maintenance"))
    incident: str | None = param(text, default=None)

    def unfit(self, call: Call) -> str | None:
        """Only a status page says anything of the kind."""
        if call.operation == "status":
            return None
        return f"it is told on the status page, not at the API: target='{call.provider}:status'"

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Answer with the page."""
        from ..providers import status_feed

        return plan.answering(status_feed(call, draw, self.says, self.incident))
