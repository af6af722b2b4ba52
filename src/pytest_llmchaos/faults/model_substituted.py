"""Another model answers than the one that was asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from ..core.errors import FaultUnfit, ParameterError
from ..core.parameters import param, text
from ._base import Fault
from ._documents import Editing, edited_bytes

if TYPE_CHECKING:
    from ..core.call import Call, Target
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["ModelSubstituted"]

_NAMES = ("model", "modelVersion")  # Gemini calls it so
_WITHIN = ("message", "response")  # where an event of Anthropic's stream, and of OpenAI's Responses, has it


@dataclass(frozen=True)
class ModelSubstituted(Fault):
    """A healthy answer from a model that nobody asked for: only the name in the answer tells.

    Since 15 May 2026 xAI serves retired grok-4 names with grok-4.3, at its price and with half the context
    (https://docs.x.ai/developers/migration/may-15-retirement, as modeldeprecations.dev quotes it); gateways and
    command-line tools switch to a smaller model when the one asked for is short. The answer's `model` (Gemini:
    `modelVersion`) and OpenAI's `system_fingerprint` change, streamed in every chunk that has them; all else is as
    the model asked for would have said it. No answer shows another limit of the model than its name. Answers from
    beneath (passthrough) are changed the same way.

    It does not fit answers that name no model: lists of models, Cohere's, Bedrock's `converse`.

    Args:
        by: the name of the model that answers. A call that asks for that very model is not hit.
    """

    name = "model_substituted"
    kind = "retirement"

    by: str = param(text, default="grok-4.3")

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Let the answer name the other model."""
        if not self._named_in(call, draw):
            raise FaultUnfit(f"{call.speaks.name} names no model in its answers to {call.operation} calls")
        if self.by == call.model:  # though its answers name a dated version
            return plan
        return plan.shaped(lambda: Editing(self._rename))

    def idle(self, target: Target) -> ParameterError | None:
        """Nothing takes the place of itself."""
        problem = f"{self.by} would take the place of itself"
        return ParameterError("target", problem) if target.model == self.by else None

    def _named_in(self, call: Call, draw: Draw) -> bool:
        seen = False

        def look(document: Any) -> bool:
            nonlocal seen
            seen = seen or any(True for _ in _names(document))
            return False

        for chunk in call.speaks.answer(call, None, draw.part(self.name)).chunks:
            edited_bytes(chunk, look)
            if seen:
                return True
        return False

    def _rename(self, document: Any) -> bool:
        changed = False
        for each, key in _names(document):
            if each[key] == self.by:
                continue
            each[key] = self.by
            changed = True
            if isinstance(each.get("system_fingerprint"), str):
                each["system_fingerprint"] = f"fp_{blake2b(self.by.encode(), digest_size=5).hexdigest()}"
        return changed


def _names(document: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield where the document names its model: the object and the key."""
    if not isinstance(document, dict):
        return
    for each in (document, *(document[key] for key in _WITHIN if isinstance(document.get(key), dict))):
        yield from ((each, key) for key in _NAMES if isinstance(each.get(key), str) and each[key])
