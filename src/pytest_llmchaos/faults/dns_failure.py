"""The provider's host name does not resolve."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.plan import Fail
from ._base import Fault

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["DnsFailure"]


@dataclass(frozen=True)
class DnsFailure(Fault):
    """The name lookup fails at once (as getaddrinfo says it); no request is sent. SDKs retry it as a
    connection error.

    A vanished provider looks like this for good; the outage of an AWS region on 20 October 2025 began like
    this (https://aws.amazon.com/message/101925).
    """

    name = "dns_failure"
    kind = "outage"

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Let the name lookup fail."""
        return plan.instead(Fail("dns_failure"))
