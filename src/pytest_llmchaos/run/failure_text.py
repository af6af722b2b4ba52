"""The text of a failure: what did not hold and who asked, the timeline that shows it, and how to play it again."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..core.redact import redact_text
from ..core.terminal_text import ASCII, UNICODE, fit, paint, safe
from ..journal.timeline import timeline

if TYPE_CHECKING:
    from ..checks.verdict import Verdict
    from ..journal.entries import Journal

__all__ = ["HEADING", "failure_text"]

HEADING = "What the app did"
"""Stands above the timeline in every failure text."""

_WORST_FIRST = ("violated", "inconclusive", "held")
_STYLES = {"violated": "red", "inconclusive": "yellow", "held": "green"}


def failure_text(
    verdicts: Sequence[Verdict],
    journal: Journal,
    *,
    seed: Any,
    replay: str,
    width: int = 100,
    colour: bool = False,
    ascii: bool = False,  # noqa: A002 - the word users know from the builtin
) -> str:
    """Return the whole message of a failure.

    Args:
        verdicts: what was judged; the worst is told first, and the evidence of all that failed is marked.
        journal: what happened.
        seed: what the run's chance came from.
        replay: the command that plays it again; may be empty.
        width, colour, ascii: as for `timeline`.
    """
    ranked = sorted(verdicts, key=lambda each: _WORST_FIRST.index(each.outcome))
    mark = [exchange for each in ranked if not each.ok for exchange in each.evidence]
    drawn = timeline(journal, width=width, colour=colour, ascii=ascii, mark=mark)
    parts = [_headline(ranked, width, ascii)]
    parts += [_told(each, width, colour, ascii) for each in ranked]
    parts.append(f"{HEADING}\n{drawn}")
    parts.append(f"seed {seed}" + (f", play it again with: {redact_text(replay)}" if replay else ""))
    return "\n\n".join(parts)


def _headline(ranked: Sequence[Verdict], width: int, ascii: bool) -> str:  # noqa: A002
    if not ranked:
        return "llmchaos: nothing was judged"
    first, failed = ranked[0], sum(not each.ok for each in ranked)
    more = f" (and {failed - 1} more)" if failed > 1 else ""
    name = safe(first.check, ascii=ascii)
    return fit(f"llmchaos: {name} {first.outcome}{more}", width, "..." if ascii else "…")


def _told(verdict: Verdict, width: int, colour: bool, ascii: bool) -> str:  # noqa: A002
    glyphs = ASCII if ascii else UNICODE
    sign = {"violated": glyphs.failed, "held": glyphs.ok}.get(verdict.outcome, "?")
    head = f"{sign} {safe(verdict.check, ascii=ascii)} {verdict.outcome}"
    lines = [paint(head, _STYLES[verdict.outcome], colour)]
    expected, but, seen = verdict.reason.partition(", but ")
    if but and expected.startswith("expected "):
        lines += _wrapped("expected  ", expected.removeprefix("expected "), width, ascii)
        lines += _wrapped("seen      ", seen, width, ascii)
    else:
        for line in verdict.reason.splitlines() or [""]:
            text = line.lstrip()
            lines += _wrapped(" " * (len(line) - len(text)), text, width, ascii)
    if asked := _asked(verdict):
        lines += _wrapped("asked by  ", asked, width, ascii)
    return "\n".join(lines)


def _asked(verdict: Verdict) -> str:
    """Return who asked for a check, and how to ask for others where that was a scenario and not the test itself."""
    if verdict.always:
        return "nobody: it is always on"
    by = " and ".join(verdict.asked)
    if not by or "the test" in verdict.asked:
        return by
    return f"{by}; @llmchaos(..., checks=[...]) names which of its checks to judge"


def _wrapped(label: str, text: str, width: int, ascii: bool) -> list[str]:  # noqa: A002
    return textwrap.wrap(
        safe(text, ascii=ascii),
        max(width, 60),
        initial_indent=f"    {label}",
        subsequent_indent="    " + " " * len(label),
        break_on_hyphens=False,
    ) or [f"    {label}".rstrip()]
