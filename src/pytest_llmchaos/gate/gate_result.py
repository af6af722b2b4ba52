"""What the gate says: one verdict, its reasons, and the exit code that tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    pass

__all__ = ["EXIT_CODES", "Finding", "Result", "Verdict", "percent"]

Verdict = Literal["PASS", "BLOCK", "INCONCLUSIVE", "ERROR"]


EXIT_CODES: Mapping[str, int] = {"PASS": 0, "BLOCK": 10, "INCONCLUSIVE": 11, "ERROR": 12}
"""What the process exits with. pytest's own codes are 0 to 5."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason.

    Attributes:
        level: the verdict that it alone would give, or `NOTE`.
        text: one sentence.
        replay: the command that shows it again; empty where there is none.
    """

    level: str
    text: str
    replay: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What the gate says.

    Attributes:
        verdict: `PASS`, `BLOCK`, `INCONCLUSIVE` or `ERROR`.
        findings: the reasons, the gravest first.
        counts: how many tests count as what.
    """

    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def exit_code(self) -> int:
        """What the process exits with."""
        return EXIT_CODES[self.verdict]

    def lines(self, most: int = 12) -> list[str]:
        """Return the verdict and its reasons as plain lines, at most `most` reasons; control characters are shown."""
        from ..core.terminal_text import safe

        told = self.findings[:most]
        width = max((len(each.level) for each in told), default=0)
        lines = [f"{self.verdict}: {self.share}"]
        for each in told:
            lines.append(safe(f"  {each.level.lower().ljust(width)}  {each.text}"))
            if each.replay:
                lines.append(safe(f"  {'':{width}}  {each.replay}"))
        if len(self.findings) > most:
            lines.append(f"  and {len(self.findings) - most} more")
        return lines

    @property
    def share(self) -> str:
        """How many tests survived, and what the others did, in one sentence."""
        survived, failed = self.counts.get("survived", 0), self.counts.get("failed", 0)
        total = survived + failed
        head = f"{survived} of {total} tests survived ({percent(survived / total)})" if total else "no test was hit"
        rest = [
            f"{count} {text}"
            for name, text in (
                ("inconclusive", "inconclusive"),
                ("error", "could not run"),
                ("no calls", "without LLM calls"),
                ("skipped", "skipped"),
                ("kept out", "kept out"),
            )
            if (count := self.counts.get(name, 0))
        ]
        return ", ".join([head, *rest])


def percent(share: float) -> str:
    """Return a share as people read it; only all of them are 100%."""
    """Return a share as people read it; only all of them are 100%."""
    text = f"{share * 100:.1f}".removesuffix(".0")
    return "99.9%" if text == "100" and share < 1 else f"{text}%"
