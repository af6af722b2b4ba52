"""What a check found, with the exchanges that decide it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ..core.redact import redact_text

if TYPE_CHECKING:
    from ..journal.entries import Exchange

__all__ = ["Outcome", "Verdict"]

Outcome = Literal["held", "violated", "inconclusive"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A check's result.

    Attributes:
        check: the check with its arguments, as the user would write it: `failed_over(to='anthropic')`.
        outcome: `held`, `violated` or `inconclusive` (no evidence either way).
        reason: one sentence: what was expected and what was seen.
        evidence: the exchanges that decide.
        always: whether it is of an always-on check, which nobody asked for.
        asked: who asked for the check: the test, scenarios; empty for what goes wrong in the run itself.
    """

    check: str
    outcome: Outcome
    reason: str
    evidence: tuple[Exchange, ...] = ()
    always: bool = False
    asked: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        # Both name models and requests, and a mix-up in the app's settings may have put a key there.
        object.__setattr__(self, "check", redact_text(self.check))
        object.__setattr__(self, "reason", redact_text(self.reason))

    @property
    def ok(self) -> bool:
        """Whether the check held; an inconclusive one did not."""
        return self.outcome == "held"

    def __str__(self) -> str:
        return f"{self.check} {self.outcome}: {self.reason}"
