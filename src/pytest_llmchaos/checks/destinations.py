"""Data goes only where it may."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ..core.call import Target, Targets, region_in
from ..core.errors import shown
from ..core.parameters import TEXTS, param
from ..core.parameters import targets as read_targets
from ..core.units import show_duration
from ._base import Check
from ._calls import against, count, named, worst
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.entries import Exchange, Journal

__all__ = ["Destinations"]

# Bedrock's inference profiles answer in any region of a geography, whatever region the address names.
_PROFILE = re.compile(r"(?:^|/)(us|us-gov|eu|ap|apac|jp|au|ca|sa|global)\.[a-z]")


def _patterns(value: Any) -> tuple[str, ...]:
    found = (value,) if isinstance(value, str) else value
    if not isinstance(found, list | tuple) or not found or not all(isinstance(each, str) and each for each in found):
        raise ValueError(f"{shown(value)} is not a text or a list of texts")
    return tuple(found)


def _regions(value: Any) -> tuple[str, ...]:
    return tuple(each.lower() for each in _patterns(value))


@dataclass(frozen=True)
class Destinations(Check):
    """Every call, those while something fails included, goes to an allowed provider, model and region.

    What a gateway does with a call behind its own address cannot be seen; name the gateway, or not.

    A canary that was sent in a tagged request marks its data: whatever other call carries it, as from a thread of the
    app's own, is judged as well.

    Args:
        only: the allowed targets: one, or a list.
        regions: the allowed regions, such as `eu-*`, as the address of a call names them: one, or a list; None for
            any.
        tagged: names of the requests whose data may go nowhere else, such as `patient-*`: one, or a list; None for
            all.
    """

    name = "destinations"

    only: Target | Targets = param(read_targets, shape=TEXTS)
    regions: tuple[str, ...] | None = param(_regions, default=None, shape=TEXTS)
    tagged: tuple[str, ...] | None = param(_patterns, default=None, shape=TEXTS)

    def judge(self, journal: Journal) -> Verdict:
        """Judge all calls, those under way too: to be sent is enough."""
        calls = self._tagged(journal)
        if not calls:
            of = "" if self.tagged is None else f" in a request named {' or '.join(self.tagged)}"
            return self.verdict("inconclusive", f"no LLM call was seen{of}: let the app ask something")
        elsewhere = [each for each in calls if not self._allowed(each)]
        if elsewhere:
            said = [_said(each, self.tagged) for each in elsewhere]
            where = f" in {' or '.join(self.regions)}" if self.regions else ""
            return self.verdict("violated", against(f"calls to {self.only}{where} only", worst(said)), elsewhere)
        if strays := [each for each in self._strays(journal, calls) if not self._allowed(each)]:
            reason = (
                f"a call to {strays[0].label} was made while a tagged request was open, and which request it belongs "
                "to is not known: hand the context to threads (contextvars.copy_context), or put a canary in the data"
            )
            return self.verdict("inconclusive", reason, strays)
        routed = [each for each in calls if self.regions is not None and _roams(each, self.regions)]
        if routed:
            reason = f"the inference profile of {routed[0].label} may answer in another region than it is called in"
            return self.verdict("inconclusive", reason, routed)
        hidden = [each for each in calls if self.regions is not None and not region_in(each.host)]
        if hidden:
            reason = f"the address of {count(len(hidden), 'call')} names no region (to {hidden[0].label})"
            return self.verdict("inconclusive", reason, hidden)
        broken = sum(each.failed for each in calls)
        reason = f"{count(len(calls), 'call')} ({broken} of them failed) went to {self.only} only"
        return self.verdict("held", reason, calls)

    def _tagged(self, journal: Journal) -> list[Exchange]:
        """Return the calls of tagged requests, and those that carry a canary of one of these."""
        tagged = self.tagged
        if tagged is None:
            return list(journal.exchanges)
        own = [each for each in journal.exchanges if _fits(each.request, tagged)]
        canaries = journal.app.canaries() if own else ()
        marks = [each for each in canaries if any(each.stands_in(_text(call)) for call in own)]
        carried = (each for each in journal.exchanges if any(mark.stands_in(_text(each)) for mark in marks))
        return list(dict.fromkeys([*own, *carried]))

    def _strays(self, journal: Journal, calls: Sequence[Exchange]) -> list[Exchange]:
        """Return the calls that no request claims and that began while a tagged one was open."""
        open_ = [each for each in journal.app.marked if self.tagged is not None and _fits(each.name, self.tagged)]
        unclaimed = [each for each in journal.exchanges if not each.request and each not in calls]
        return [
            each
            for each in unclaimed
            if any(one.started <= each.started and (one.ended is None or each.started <= one.ended) for one in open_)
        ]

    def _allowed(self, call: Exchange) -> bool:
        region = region_in(call.host)
        return self.only.matches(call) and (self.regions is None or not region or _fits(region, self.regions))


def _fits(text: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(text, each) for each in patterns)


def _text(call: Exchange) -> str:
    return json.dumps(call.body, default=repr, ensure_ascii=False)


def _roams(call: Exchange, regions: Sequence[str]) -> bool:
    """Tell whether a call may be answered in regions that the patterns do not allow."""
    profile = _PROFILE.search(call.model or "") if call.provider == "bedrock" else None
    return profile is not None and not {"*", f"{profile[1].removesuffix('ac')}-*"} & set(regions)


def _said(call: Exchange, tagged: Sequence[str] | None) -> str:
    where = f" from {call.call_site}" if call.call_site else ""
    place = f" in {region}" if (region := region_in(call.host)) else ""
    with_ = "" if tagged is None or _fits(call.request, tagged) else " with a canary of a tagged request"
    return f"{named(call.request)} called {call.label}{place} at {show_duration(call.started)}{where}{with_}"
