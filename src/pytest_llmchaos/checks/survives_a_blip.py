"""One failure that passes is not the end of an ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._asks import asks, later, permanent_error, repeats
from ._base import Check
from ._bodies import question
from ._calls import MARKING, against, blocks, count, named, worst
from ._streaks import kind
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.entries import Exchange, Journal

__all__ = ["SurvivesABlip"]

# The app gave it up itself, or the answer came and what it says is the matter.
_NOT_PASSING = ("cancelled", "policy_refusal", "wrong_output", "wrong_embeddings", "model_substituted")


@dataclass(frozen=True)
class SurvivesABlip(Check):
    """An ask in which one call failed in passing gets a good answer, by a retry or elsewhere.

    In passing is a connection that broke, a timeout, a broken answer, a status that a retry may cure (408, 409, 425,
    429, 5xx), or an error within a stream that says the like. An ask in which more calls failed met no blip but an
    outage, and is not judged. A request that raised got no answer, whatever calls beside the failed one were good.
    """

    name = "survives_a_blip"

    def judge(self, journal: Journal) -> Verdict:
        """Judge each ask with exactly one failed call."""
        said: list[str] = []
        lost: list[Exchange] = []
        survived: list[Exchange] = []
        waiting: list[Exchange] = []
        mixed: list[Exchange] = []
        unmarked = False
        marked = blocks(journal)
        for request, calls in asks(journal):
            blips = [each for each in calls if each.failed and each.error != "cancelled"]
            if len(blips) != 1 or not _passing(blips[0]):
                continue
            blip = blips[0]
            same = [each for each in calls if kind(each) == kind(blip) and each is not blip]
            after = [each for each in later(blip, same) if each.ok]
            beside = [each for each in same if each.ok and each not in after and _beside(each, blip)]
            good = after or beside
            again = [one for failed, one in repeats(calls) if failed is blip and one.ok]
            if again:
                survived += [blip, *again]
            elif good and any(block.raised and blip in block.made(calls) for block in marked.get(request, ())):
                lost.append(blip)
                said.append(f"{named(request)} raised after {blip.label} failed once with {blip.outcome}")
            elif good and not request and not any(_same_question(blip, each) for each in good):
                mixed += [blip, good[0]]
            elif good:
                survived += [blip, good[0]]
            elif any(each.ended is None for each in same):
                waiting.append(blip)
            else:
                lost.append(blip)
                unmarked |= not request and len(calls) > 1
                said.append(f"{named(request)} gave up after {blip.label} failed once with {blip.outcome}")
        if said:
            reason = against("a good answer after a single failure", worst(said))
            return self.verdict("violated", reason + (f"; {MARKING}" if unmarked else ""), lost)
        if waiting:
            return self.verdict("inconclusive", "what followed on the failure is still under way", waiting)
        if mixed:
            reason = (
                f"whether the good answers belong to the ask that {mixed[0].label} failed in is not known; {MARKING}"
            )
            return self.verdict("inconclusive", reason, mixed)
        if not survived:
            return self.verdict("inconclusive", _nothing(journal), [each for each in journal.exchanges if each.failed])
        reason = f"{count(len(survived) // 2, 'ask')} met a single failure and got a good answer"
        return self.verdict("held", reason, dict.fromkeys(survived))


def _nothing(journal: Journal) -> str:
    """Write why nothing was judged, with advice that fits what was seen."""
    calls = journal.exchanges
    if not calls:
        return "no LLM call was seen, so no ask met a failure: let the app ask something"
    failed = [each for each in calls if each.failed]
    if not failed:
        return f"no ask met a single passing failure ({count(len(calls), 'call')} seen, none failed): " + (
            "inject one, such as faults.outage(calls=1)"
        )
    if not any(_passing(each) for each in failed):
        return f"no ask met a failure that passes ({failed[0].label} got {failed[0].outcome}): " + (
            "inject one, such as faults.outage(calls=1)"
        )
    return (
        f"no ask met exactly one failure ({count(len(failed), 'call')} failed, the last with {failed[-1].outcome}): "
        f"let one call fail, as calls=1 does, and mark each ask with `with llmchaos.request(...):`"
    )


def _passing(call: Exchange) -> bool:
    if call.error in _NOT_PASSING or call.ended is None or permanent_error(call):
        return False
    status = call.status or 0
    return not 400 <= status < 500 or status in (408, 409, 425, 429)


def _same_question(one: Exchange, other: Exchange) -> bool:
    asked, again = question(one.body), question(other.body)
    return not asked or not again or asked == again


def _beside(call: Exchange, blip: Exchange) -> bool:
    """Tell whether a hedged call answered beside the one that failed."""
    return call.started < (blip.ended or 0.0) <= (call.ended or 0.0)
