"""What several checks read from a journal: its order, its user requests, SDK retries told from own calls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.call import BESIDE
from ..journal.entries import Event, Exchange

if TYPE_CHECKING:
    from ..journal.entries import Journal

__all__ = [
    "MARKING",
    "SLACK",
    "Block",
    "against",
    "blocks",
    "by_request",
    "chains",
    "count",
    "latest",
    "named",
    "ordered",
    "overlapping",
    "tally",
    "worst",
]

SLACK = 0.001
"""Seconds by which a limit may be missed: what reads equal is equal, and durations show milliseconds."""

MARKING = "if these were several asks, mark each with `with llmchaos.request(...):`"


def ordered(journal: Journal) -> list[Exchange | Event]:
    """Return all LLM calls and events by time; those of one instant stay as they were written down.

    A phase that began while nothing happened is written down later than it began, so the order of writing is
    not the order of time. What was asked beside LLM calls (a status page, a health check) is left out.
    """
    return [each for each in journal.by_time if isinstance(each, Event) or each.operation not in BESIDE]


def by_request(journal: Journal) -> dict[str, list[Exchange]]:
    """Return the exchanges of each user request, in the order they began."""
    found: dict[str, list[Exchange]] = {}
    for each in ordered(journal):
        if isinstance(each, Exchange):
            found.setdefault(each.request, []).append(each)
    return found


def latest(journal: Journal) -> float:
    """Return the latest run time in seconds that the journal knows of."""
    times = [0.0]
    for each in journal.entries:
        if isinstance(each, Event):
            times.append(each.at)
        else:
            times.append(each.started if each.ended is None else each.ended)
    return max(times)


def chains(exchanges: Iterable[Exchange]) -> list[list[Exchange]]:
    """Group one request's exchanges into calls as the app made them: a first try with the SDK's retries."""
    found: list[list[Exchange]] = []
    waiting: dict[tuple[str, int], list[list[Exchange]]] = {}
    for each in exchanges:
        before = waiting.get((each.label, each.retry - 1)) if each.retry else None
        if before:
            chain = before.pop()  # the latest: an older one may have ended without a retry
            chain.append(each)
        else:
            found.append(chain := [each])
        if each.retry is not None:
            waiting.setdefault((each.label, each.retry), []).append(chain)
    return found


def overlapping(groups: Iterable[Sequence[Exchange]]) -> int:
    """Return how many of the groups were under way at one time, at most; those that only touch were not."""
    edges: list[tuple[float, int]] = []
    for group in groups:
        start = min(each.started for each in group)
        end = max(float("inf") if each.ended is None else each.ended for each in group)
        if end > start:
            edges += [(start, 1), (end, -1)]
    most = now = 0
    for _, step in sorted(edges):
        now += step
        most = max(most, now)
    return max(most, 1)


def count(number: int, noun: str) -> str:
    """Write a number with its noun: `1 call`, `3 calls`, `2 retries`."""
    if number == 1:
        return f"1 {noun}"
    return f"{number} {noun[:-1]}ies" if noun.endswith("y") else f"{number} {noun}s"


def tally(exchanges: Sequence[Exchange], to: str = "") -> str:
    """Write how many calls these are: `3 calls to openai (1 by the app, 2 SDK retries)`."""
    text = count(len(exchanges), "call") + (f" to {to}" if to else "")
    if all(each.retry is None for each in exchanges):
        return text
    retries = sum(bool(each.retry) for each in exchanges)
    return f"{text} ({len(exchanges) - retries} by the app, {count(retries, 'SDK retry')})"


def named(request: str) -> str:
    """Write a user request for a sentence; the empty name is the whole test."""
    return f"request {request!r}" if request else "the test"


def against(expected: str, seen: str) -> str:
    """Write the reason of a violated check; reports show the two halves on lines of their own."""
    return f"expected {expected}, but {seen}"


def worst(texts: Sequence[str]) -> str:
    """Write the first of several findings and how many more there are."""
    return texts[0] + (f" (and {len(texts) - 1} more like it)" if len(texts) > 1 else "")


@dataclass(slots=True)
class Block:
    """One run through `with llmchaos.request(name):`; `end` is None while it is open.

    `calls` are those made in it, None where they are known by their name and time only.
    """

    start: float
    end: float | None = None
    raised: bool = False
    overlapped: bool = False
    calls: Sequence[Exchange] | None = None

    def made(self, named: Iterable[Exchange]) -> list[Exchange]:
        """Return the calls that began in it, of the calls of its name."""
        end = float("inf") if self.end is None else self.end
        return [each for each in (named if self.calls is None else self.calls) if self.start <= each.started <= end]


def blocks(journal: Journal) -> dict[str, list[Block]]:
    """Return the marked blocks of each user request, in the order they began.

    Where only the events tell of them, blocks of one name that were open at the same time are marked `overlapped`:
    which end belongs to which start is then a guess.
    """
    found: dict[str, list[Block]] = {}
    for asked in journal.app.marked:
        block = Block(asked.started, asked.ended, asked.error is not None, calls=tuple(asked.calls))
        found.setdefault(asked.name, []).append(block)
    if found:
        return found
    for event in ordered(journal):
        if not isinstance(event, Event) or event.kind not in ("request", "answered", "raised"):
            continue
        own = found.setdefault(event.text, [])
        still = [block for block in own if block.end is None]
        if event.kind == "request":
            own.append(Block(event.at))
            if still:
                for block in (*still, own[-1]):
                    block.overlapped = True
        elif still:
            still[0].end, still[0].raised = event.at, event.kind == "raised"
    return found
