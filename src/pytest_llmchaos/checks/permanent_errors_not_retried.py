"""What will never work is not tried again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.units import show_duration
from ._asks import asks, permanent_error, repeats
from ._base import Check
from ._calls import MARKING, against, count, named, worst
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.entries import Exchange, Journal

__all__ = ["PermanentErrorsNotRetried"]


@dataclass(frozen=True)
class PermanentErrorsNotRetried(Check):
    """A call that failed for good is not sent again as it was.

    For good are the statuses 400, 401, 402, 403, 404, 410, 413 and 422, a 429 whose quota is spent
    (`insufficient_quota`), and an error within a stream that says the like. Asking another provider, model or region,
    with another key or with a changed body, is another request and free.
    """

    name = "permanent_errors_not_retried"

    def judge(self, journal: Journal) -> Verdict:
        """Judge each ask by itself; calls side by side repeat nothing."""
        permanent: list[Exchange] = []
        pairs: list[Exchange] = []
        said: list[str] = []
        unmarked = False
        for request, calls in asks(journal):
            permanent += [each for each in calls if permanent_error(each)]
            for failed, again in repeats(calls):
                if permanent_error(failed):
                    pairs += [failed, again]
                    unmarked |= not request and not again.retry
                    said.append(_said(request, failed, again))
        if said:
            expected = "a call that failed for good not to be sent again"
            reason = against(expected, worst(said)) + (f"; {MARKING}" if unmarked else "")
            return self.verdict("violated", reason, dict.fromkeys(pairs))
        if not permanent:
            return self.verdict(
                "inconclusive",
                "no call failed for good: inject what no retry cures, such as faults.auth_revoked()",
            )
        reason = f"{count(len(permanent), 'call')} failed for good ({_what(permanent[0])}) and none was sent again"
        return self.verdict("held", reason, permanent)


def _what(call: Exchange) -> str:
    if call.status == 429:
        return "429, quota spent"
    return str(call.status) if (call.status or 0) >= 400 else call.outcome


def _said(request: str, failed: Exchange, again: Exchange) -> str:
    who = "the SDK's own retry" if again.retry else "the app"
    after = show_duration(again.started - (failed.ended or 0.0))
    return f"in {named(request)} {who} sent {failed.label} again {after} after it got {_what(failed)}"
