"""What is sent to the fallback is what was asked, and a request that the fallback can take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.call import Target
from ..core.parameters import param, whole
from ..core.parameters import target as read_target
from ..core.tokens import request_tokens
from ._asks import asks, same_place
from ._base import Check
from ._bodies import properties, question, schema, system, tool_ids, tools
from ._calls import against, count, named, worst
from ._streaks import kind
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.entries import Exchange, Journal

__all__ = ["FallbackWellFormed"]

# How providers begin the ids of tool calls. Others name them as they like.
_IDS = {
    "openai": ("call_", "fc_"),
    "azure": ("call_", "fc_"),
    "anthropic": ("toolu_", "srvtoolu_"),
    "bedrock": ("tooluse_", "toolu_"),
}


@dataclass(frozen=True)
class FallbackWellFormed(Check):
    """The call to the fallback asks the same as the failed one, in a form that its provider takes.

    Calls whose users say nothing alike are not compared: they are steps of their own.
    It offers at least the same tools, asks for output of the same structure, has a system prompt where the failed
    one had, and holds no tool-call id of another provider's making (`toolu_` at OpenAI, `call_` at Anthropic).

    Args:
        to: the fallback; None for any other provider or model than the one that failed.
        context: how many tokens the fallback takes, roughly counted at four characters each; None for any number.
    """

    name = "fallback_well_formed"

    to: Target | None = param(read_target, default=None)
    context: int | None = param(whole, default=None)

    def judge(self, journal: Journal) -> Verdict:
        """Compare each call to a fallback with the last one that failed before it."""
        pairs = [(request, *pair) for request, calls in asks(journal) for pair in self._pairs(calls)]
        read = [pair for pair in pairs if pair[1].body and pair[2].body]
        found = [(pair, self._flaws(pair[1], pair[2])) for pair in read]
        bad = [(pair, flaws) for pair, flaws in found if flaws]
        if bad:
            said = [f"in {named(request)} the call to {to.label} {', '.join(told)}" for (request, _, to), told in bad]
            evidence = dict.fromkeys(call for (_, *both), _ in bad for call in both)
            expected = "a fallback that asks the same in its provider's form"
            return self.verdict("violated", against(expected, worst(said)), evidence)
        evidence = dict.fromkeys(call for _, *both in read for call in both)
        if not read:
            if pairs:
                return self.verdict("inconclusive", "its body is not known", [call for *_, call in pairs])
            failed = [each for each in journal.exchanges if each.failed and kind(each) == "text"]
            why = "no call to a fallback asked what a failed one had asked"
            lost = f"{failed[0].label} failed with {failed[0].outcome}, and the app asked nobody else" if failed else ""
            return self.verdict("inconclusive", f"{why}: {lost or 'let the first provider fail'}", failed)
        return self.verdict("held", f"{count(len(read), 'call')} to a fallback asked the same and fit", evidence)

    def _pairs(self, calls: Sequence[Exchange]) -> Iterator[tuple[Exchange, Exchange]]:
        """Yield each call to the fallback with the last failed one elsewhere, of the same kind, before it."""
        calls = [each for each in calls if kind(each) == "text"]
        asked = {id(each): question(each.body) for each in calls}
        uncured: list[Exchange] = []
        for each in calls:
            meant = self.to is not None and self.to.matches(each)
            if self.to is None or meant:
                for one in reversed(uncured):
                    if not same_place(one, each) and _same_matter(asked[id(one)], asked[id(each)]):
                        yield one, each
                        break
            if each.ok:
                uncured = [one for one in uncured if not _cures(each, one)]
            elif each.failed and not meant:
                uncured.append(each)

    def _flaws(self, failed: Exchange, fallback: Exchange) -> list[str]:
        found: list[str] = []
        asked, given = failed.body, fallback.body
        before, after = schema(asked), schema(given)
        if missing := sorted(tools(asked) - tools(given) - _forced_away(after, tools(asked))):
            found.append(f"lacks {count(len(missing), 'tool')} ({', '.join(missing[:3])})")
        if before is not None and after is None:
            found.append("does not ask for structured output")
        elif before is not None and after is not None and (lost := sorted(properties(before) - properties(after))):
            found.append(f"asks for output without {', '.join(lost[:3])}")
        if system(asked) and not system(given):
            found.append("has no system prompt")
        if foreign := sorted(_foreign(fallback)):
            found.append(f"holds tool-call ids of another provider ({foreign[0][:24]})")
        size = request_tokens(given)
        if self.context is not None and size > self.context:
            found.append(f"is about {size} tokens long and the fallback takes {self.context}")
        return found


def _cures(good: Exchange, failed: Exchange) -> bool:
    """Tell whether the same place answered later on: what follows elsewhere is then no fallback for it."""
    return same_place(good, failed) and failed.ended is not None and good.started >= failed.ended


def _same_matter(asked: Sequence[str], again: Sequence[str]) -> bool:
    """Tell whether one repeats something that the user says in the other: another step of an agent does not."""
    if not asked or not again:
        return True
    return any(each in "\n".join(again) for each in asked) or any(each in "\n".join(asked) for each in again)


def _forced_away(after: object, asked: set[str]) -> set[str]:
    """A single forced tool is how structured output is asked for elsewhere: it need not go by the same name."""
    return asked if after is not None and len(asked) == 1 else set()


def _foreign(call: Exchange) -> set[str]:
    own = _IDS.get(call.provider)
    if own is None:
        return set()
    others = tuple(prefix for prefixes in _IDS.values() for prefix in prefixes if prefix not in own)
    return {each for each in tool_ids(call.body) if each.startswith(others)}
