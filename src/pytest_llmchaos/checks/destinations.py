"""Data goes only where it may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ..call import Target, Targets, region_in
from ..errors import ParameterError, shown
from ..parameters import param
from ..units import show_duration
from ..verdict import Verdict
from ._base import Check
from ._calls import against, count, named, worst

if TYPE_CHECKING:
    from ..journal import Exchange, Journal

__all__ = ["Destinations"]

_PATTERNS = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}


def _targets(value: Any) -> Target | Targets:
    try:
        return Targets.parse(value)
    except ParameterError as problem:
        raise ValueError(problem.problem) from None


def _patterns(value: Any) -> tuple[str, ...]:
    found = (value,) if isinstance(value, str) else value
    if not isinstance(found, list | tuple) or not found or not all(isinstance(each, str) and each for each in found):
        raise ValueError(f"{shown(value)} is not a text or a list of texts")
    return tuple(found)


@dataclass(frozen=True)
class Destinations(Check):
    """Every call, those while something fails included, goes to an allowed provider, model and region.

    What a gateway does with a call behind its own address cannot be seen; name the gateway, or not.

    Args:
        only: the allowed targets: one, or a list.
        regions: the allowed regions, such as `eu-*`, as the address of a call names them: one, or a list; None for
            any.
        tagged: names of the requests whose data may go nowhere else, such as `patient-*`: one, or a list; None for
            all.
    """

    name = "destinations"

    only: Target | Targets = param(_targets, shape=_PATTERNS)
    regions: tuple[str, ...] | None = param(_patterns, default=None, shape=_PATTERNS)
    tagged: tuple[str, ...] | None = param(_patterns, default=None, shape=_PATTERNS)

    def judge(self, journal: Journal) -> Verdict:
        """Judge all calls, those under way too: to be sent is enough."""
        calls = [each for each in journal.exchanges if self.tagged is None or _fits(each.request, self.tagged)]
        if not calls:
            of = "" if self.tagged is None else f" in a request named {' or '.join(self.tagged)}"
            return self.verdict("inconclusive", f"no LLM call was seen{of}: let the app ask something")
        elsewhere = [each for each in calls if not self._allowed(each)]
        if elsewhere:
            said = [_said(each) for each in elsewhere]
            where = f" in {' or '.join(self.regions)}" if self.regions else ""
            return self.verdict("violated", against(f"calls to {self.only}{where} only", worst(said)), elsewhere)
        hidden = [each for each in calls if self.regions is not None and not region_in(each.host)]
        if hidden:
            reason = f"the address of {count(len(hidden), 'call')} names no region (to {hidden[0].label})"
            return self.verdict("inconclusive", reason, hidden)
        broken = sum(each.failed for each in calls)
        reason = f"{count(len(calls), 'call')} ({broken} of them failed) went to {self.only} only"
        return self.verdict("held", reason, calls)

    def _allowed(self, call: Exchange) -> bool:
        region = region_in(call.host)
        return self.only.matches(call) and (self.regions is None or not region or _fits(region, self.regions))


def _fits(text: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(text, each) for each in patterns)


def _said(call: Exchange) -> str:
    where = f" from {call.call_site}" if call.call_site else ""
    place = f" in {region}" if (region := region_in(call.host)) else ""
    return f"{named(call.request)} called {call.label}{place} at {show_duration(call.started)}{where}"
