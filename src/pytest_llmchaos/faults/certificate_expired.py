"""The provider's certificate has run out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.plan import Fail
from ._base import Fault

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["CertificateExpired"]


@dataclass(frozen=True)
class CertificateExpired(Fault):
    """The TLS handshake fails at once, because nobody renewed the certificate; no request is sent.

    Each HTTP library raises its own error around `ssl.SSLCertVerificationError`: httpx ConnectError, aiohttp
    ClientConnectorCertificateError, urllib3, requests and botocore their SSLError. SDKs take it for a connection
    error and retry it, in vain. A client that verifies nothing is not told apart: it fails too.
    """

    name = "certificate_expired"
    kind = "outage"

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Refuse the certificate."""
        return plan.instead(Fail("certificate_expired"))
