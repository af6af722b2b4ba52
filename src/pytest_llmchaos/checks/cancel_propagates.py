"""Giving up is giving up: a cancelled request leaves nothing behind that goes on asking."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.parameters import param
from ..core.units import duration, show_duration
from ._base import Check
from ._calls import SLACK, against, named, worst
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.app_behaviour import UserRequest
    from ..journal.entries import Exchange, Journal

__all__ = ["CancelPropagates"]

_GIVEN_UP = (asyncio.CancelledError, TimeoutError, KeyboardInterrupt)


@dataclass(frozen=True)
class CancelPropagates(Check):
    """When a marked request is cancelled or runs into its deadline, its calls end and no new one begins.

    Read from requests marked with `llmchaos.request(...)` that a `CancelledError`, a `TimeoutError` or a
    `KeyboardInterrupt` left.

    Args:
        within: how long calls may stay open after that, a duration.
    """

    name = "cancel_propagates"

    within: float = param(duration, default="1s")

    def judge(self, journal: Journal) -> Verdict:
        """Compare the end of each given-up request with the beginnings and ends of its calls."""
        given_up = [each for each in journal.app.marked if isinstance(each.error, _GIVEN_UP)]
        told = [each for each in given_up if each.calls]
        if not told:
            seen = "was cancelled" if not given_up else "that was cancelled had made a call"
            return self.verdict(
                "inconclusive", f"no marked request {seen}: cancel one, or give it a deadline, while a call is slow"
            )
        late = [(request, call, how) for request in told for call, how in self._late(request)]
        if late:
            said = [f"{named(request.name)} gave up and {how}" for request, _, how in late]
            expected = f"nothing to go on for more than {show_duration(self.within)} after a request is given up"
            return self.verdict("violated", against(expected, worst(said)), [call for _, call, _ in late])
        calls = [call for request in told for call in request.calls]
        return self.verdict("held", f"the calls of {named(told[0].name)} ended when it was given up", calls)

    def _late(self, request: UserRequest) -> list[tuple[Exchange, str]]:
        over = request.ended or 0.0
        found = []
        for call in request.calls:
            if call.started > over + SLACK:
                found.append((call, f"asked {call.label} {show_duration(call.started - over)} later"))
            elif call.ended is None:
                found.append((call, f"{call.label} stayed open"))
            elif call.ended > over + self.within + SLACK:
                found.append((call, f"{call.label} went on for {show_duration(call.ended - over)}"))
        return found
