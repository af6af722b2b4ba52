"""On a good day the app does what it did before resilience was added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ..core.errors import shown
from ..core.parameters import param, text
from ..core.units import duration, show_duration
from ._asks import asks
from ._base import Check
from ._bodies import utterances
from ._calls import Block, against, blocks, count, worst
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.entries import Exchange, Journal

__all__ = ["BaselineUnchanged"]


def _names(value: Any) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(each, str) and each for each in names):
        raise ValueError(f"{shown(value)} is not the name of a member of the request's JSON, nor a list of such")
    return tuple(names)


_NAMES = {"oneOf": [{"type": "string", "minLength": 1}, {"type": "array", "items": {"type": "string", "minLength": 1}}]}


@dataclass(frozen=True)
class BaselineUnchanged(Check):
    """Without a fault, one marked request makes the same calls as another: the same providers, models and parameters,
    streamed or not, and no later.

    Mark what the app did before (its plain way, say) and what it does now, ask both the same, and let no fault strike:
    fallbacks, retries and breakers must not be felt on a good day. Of the conversation the app's own texts are
    compared, not what the model said, which differs from call to call.

    Args:
        before: name of the marked request that tells how it was.
        after: name of the marked requests that must be alike, or a pattern such as `new-*`.
        ignoring: members of the request's JSON that may differ, such as `user`.
        within: a duration by which the first content may come later, from the start of the request.
    """

    name = "baseline_unchanged"

    before: str = param(text)
    after: str = param(text)
    ignoring: tuple[str, ...] = param(_names, default=(), shape=_NAMES)
    within: float = param(duration, default=1.0)

    def judge(self, journal: Journal) -> Verdict:
        """Compare each ask that no fault struck with the first one of `before`."""
        marked = blocks(journal)
        found = _asked(journal, marked)
        known = next((calls for name, calls in found if name == self.before), None)
        if known is None:
            reason = f"no request was marked {self.before!r}: mark the plain way with `with llmchaos.request(...):`"
            return self.verdict("inconclusive", reason)
        if not known or _troubled(known):
            what = "made no call" if not known else "did not go well"
            reason = f"request {self.before!r} {what}, so it tells nothing of a good day: let no fault strike it"
            return self.verdict("inconclusive", reason, known)
        others = [(name, calls) for name, calls in found if name != self.before and fnmatchcase(name, self.after)]
        struck = [calls for _, calls in others if any(each.faults for each in calls)]
        others = [(name, calls) for name, calls in others if calls not in struck]
        if not others:
            reason = (
                f"a fault struck each request {self.after!r}" if struck else f"no request was marked {self.after!r}"
            )
            return self.verdict("inconclusive", reason, [*known, *(each for calls in struck for each in calls)])
        evidence = [*known, *(each for _, calls in others for each in calls)]
        if open_ := [each for each in evidence if each.ended is None and not each.failed]:
            return self.verdict("inconclusive", f"{count(len(open_), 'call')} still under way: judge later", open_)
        changed = [
            (f"in request {name!r} {difference}", calls)
            for name, calls in others
            if (difference := self._difference(marked, (self.before, known), (name, calls)))
        ]
        if changed:
            said = worst([each for each, _ in changed])
            deciding = [*known, *(each for _, calls in changed for each in calls)]
            return self.verdict("violated", against(f"the calls of request {self.before!r}", said), deciding)
        reason = f"{count(len(others), 'request')} made the {count(len(known), 'call')} of request {self.before!r}"
        return self.verdict("held", reason, evidence)

    def _difference(self, marked: _Marked, before: _Ask, after: _Ask) -> str:
        """Return in words how two asks differ; empty where they do not."""
        told, now = _in_order(before[1]), _in_order(after[1])
        for old, new in zip(told, now, strict=False):
            if differs := self._call(old, new):
                return differs
        if len(told) != len(now):
            return f"{count(len(now), 'call')} went out, before {len(told)}"
        was, came = _first(marked, before), _first(marked, after)
        if was is not None and came is not None and came > was + self.within:
            return f"the first content came after {show_duration(came)}, before after {show_duration(was)}"
        return ""

    def _call(self, old: Exchange, new: Exchange) -> str:
        if old.label != new.label or old.host != new.host:
            return f"{_place(new)} was asked, before {_place(old)}"
        if old.stream != new.stream:
            return f"{new.label} was asked {_manner(new)}, before {_manner(old)}"
        if utterances(old.body) != utterances(new.body):
            return f"the conversation sent to {new.label} is another"
        before, after = _parameters(old.body), _parameters(new.body)
        for key in sorted({*before, *after}):
            if key not in self.ignoring and (key in before) != (key in after):
                return f"{new.label} was asked {'with' if key in after else 'without'} {key!r}, unlike before"
            if key not in self.ignoring and before[key] != after[key]:
                return f"{key!r} in the call to {new.label} is another"
        return f"{new.label} did not go well ({new.outcome})" if new.failed else ""


_Ask = tuple[str, "Sequence[Exchange]"]
_Marked = Mapping[str, Sequence[Block]]


def _asked(journal: Journal, marked: _Marked) -> list[tuple[str, list[Exchange]]]:
    """Return the marked asks with their calls, those without any call too."""
    found = [(name, calls) for name, calls in asks(journal) if name]
    called = {name for name, _ in found}
    return found + [(name, []) for name in marked if name not in called]


def _troubled(calls: Sequence[Exchange]) -> bool:
    return any(each.failed or each.faults for each in calls)


def _in_order(calls: Sequence[Exchange]) -> list[Exchange]:
    """Return calls in an order that does not depend on which of those made side by side came first."""
    return sorted(calls, key=lambda each: (each.label, each.host, str(utterances(each.body))))


def _place(call: Exchange) -> str:
    return f"{call.label} at {call.host}" if call.host else call.label


def _manner(call: Exchange) -> str:
    return "for a stream" if call.stream else "for a whole answer"


def _parameters(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a body says besides the conversation."""
    return {key: value for key, value in body.items() if key not in ("messages", "input", "contents", "stream")}


def _first(marked: _Marked, ask: _Ask) -> float | None:
    """Return the seconds from the beginning of an ask to its first content."""
    name, calls = ask
    came = min((each.first_event for each in calls if each.first_event is not None), default=None)
    began = [each.start for each in marked.get(name, ()) if each.start <= calls[0].started] if calls else []
    return came - max(began) if came is not None and began else None
