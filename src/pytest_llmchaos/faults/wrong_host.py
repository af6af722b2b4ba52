"""Somebody else answers at the provider's address."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from ..core.parameters import choice, param
from ..core.plan import Answer, Fail
from ._base import Fault

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["WrongHost"]

# A page of our own in the style of registrars that park the domains of who is gone.
_PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>{host}</title></head>
<body><h1>{host}</h1><p>This domain is parked. Interested in it? Make an offer today.</p></body>
</html>
"""


@dataclass(frozen=True)
class WrongHost(Fault):
    """The provider's name leads to a stranger's server, as after a domain has lapsed or been taken over.

    openai 3 and anthropic 2 return the page of a 200 as a plain str where the app expects an object, and find no
    event in it where it expects a stream (measured).

    Args:
        form: `page` for a parked domain's HTML; `certificate` for a server whose certificate is for another name, so
            that the TLS handshake fails and no request is sent.
        status: of the page, 200 or 404.
    """

    name = "wrong_host"
    kind = "outage"

    form: str = param(choice("page", "certificate"), default="page")
    status: int = param(choice(200, 404), default=200)

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Answer in the provider's place, or fail to prove to be it."""
        if self.form == "certificate":
            return plan.instead(Fail("certificate_wrong_host"))
        page = _PAGE.format(host=escape(call.host.partition(":")[0])).encode()
        headers = (
            ("server", "nginx"),
            ("content-type", "text/html; charset=utf-8"),
            ("content-length", str(len(page))),
        )
        return plan.answering(Answer(self.status, headers, (page,), error=self.name))
