"""The model is gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..core.parameters import choice, param, text
from ._base import Fault

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["ModelRetired"]


@dataclass(frozen=True)
class ModelRetired(Fault):
    """Every call gets the provider's own error for a model that was shut down; target it at the models that are
    gone.

    OpenAI answers 404 `model_not_found` in the words of a missing permission, Anthropic 404 `not_found_error` with
    no more than the model's name, Azure and Groq 400, Hugging Face 410. Sources:
    https://developers.openai.com/api/docs/deprecations and bodies pasted in public issues.

    Args:
        successor: the model that takes its place, for providers that name it in the error; None names none.
        status: another status that retirements were seen with, 404, 400, 410 or 429. Some providers have a body of
            its own for it: Gemini's 429 tells of an exhausted quota whose limit is 0, so that clients back off for
            ever; Azure's 404 finds no resource. Where none is known, the provider's usual body comes under that
            status. None for the usual form.
        which: `all` the models that the target names are gone, or just the `first` of them that a run asks for:
            whatever the app has pinned.
    """

    name = "model_retired"
    kind = "retirement"

    successor: str | None = param(text, default=None)
    status: int | None = param(choice(404, 400, 410, 429), default=None)

    which: str = param(choice("all", "first"), default="all")

    def begin(self) -> Any:
        """Return the book in which the first model is written down."""
        return {}

    def meet(self, plan: Plan, call: Call, draw: Draw, state: Any) -> Plan:
        """Answer with the error, unless another model than this one was the first."""
        asked = (call.provider, call.model)
        if self.which == "first" and state.setdefault("first", asked) != asked:
            return plan
        return super().meet(plan, call, draw, state)

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Answer with the provider's error for a retired model."""
        form = {} if self.status is None else {"status": self.status}
        return plan.answering(call.speaks.error("model_retired", call, draw, successor=self.successor, **form))
