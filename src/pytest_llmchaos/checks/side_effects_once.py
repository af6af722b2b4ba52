"""The customer is charged once, however often the app tried."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from ..core.errors import shown
from ..core.parameters import param, text
from ..core.redact import HIDDEN, redact_text
from ..journal import secret_search
from ._base import Check
from ._calls import MARKING, against, count, named, worst
from ._results import told
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.app_behaviour import Effect, UserRequest
    from ..journal.entries import Journal

__all__ = ["SideEffectsOnce"]


@dataclass(frozen=True)
class SideEffectsOnce(Check):
    """No side effect that the app's tools report with `llmchaos.effect("charge", id)` happens twice in one request.

    Args:
        calls: a pattern of the effects to look at.
    """

    name = "side_effects_once"

    calls: str = param(text, default="*")

    def judge(self, journal: Journal) -> Verdict:
        """Count the effects of each request by name and id."""
        seen: list[UserRequest] = []
        bad: list[UserRequest] = []
        said: list[str] = []
        unsure: list[str] = []
        number = 0
        for request in journal.app.requests:
            effects = [each for each in request.effects if fnmatchcase(each.name, self.calls)]
            number += len(effects)
            if effects:
                seen.append(request)
            for (name, identity), times in Counter(map(_same, effects)).items():
                if times > 1:
                    what = f"{name} of {_shown(identity, journal)}" if identity is not None else name
                    text = f"{named(request.name)} did {what} {times} times"
                    if request.name or identity is not None:
                        bad.append(request)
                        said.append(text)
                    else:
                        unsure.append(text)
        if said:
            reason = against("each side effect at most once per request", worst(said))
            return self.verdict("violated", reason, told(bad))
        if unsure:
            return self.verdict("inconclusive", f"{worst(unsure)}; {MARKING}, or give the effect an id", told(seen))
        if not told(seen):
            return self.verdict(
                "inconclusive",
                "no request with an LLM call reported a side effect: call llmchaos.effect(name, id) where the app's "
                "tool does what must not be done twice",
            )
        return self.verdict("held", f"{count(number, 'side effect')} reported, none twice in a request", told(seen))


def _shown(identity: Any, journal: Journal) -> str:
    """Write an effect's id as reports may show it: short, and without the secrets of the run."""
    text = redact_text(shown(identity))
    known = any(secret_search.search(secret_search.secrets(journal.app), [text, str(identity)]))
    return HIDDEN if known else text


def _same(effect: Effect) -> tuple[str, Any]:
    return (effect.name, effect.id if isinstance(effect.id, Hashable) else repr(effect.id))
