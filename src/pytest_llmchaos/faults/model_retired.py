"""The model is gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..parameters import param, text
from ._base import Fault

if TYPE_CHECKING:
    from ..call import Call
    from ..draw import Draw
    from ..plan import Plan

__all__ = ["ModelRetired"]


@dataclass(frozen=True)
class ModelRetired(Fault):
    """Every call gets the provider's 404 for a model that was shut down; target it at the models that are
    gone.

    OpenAI answers `model_not_found` in the words of a missing permission, Anthropic `not_found_error` with no
    more than the model's name. Sources: https://developers.openai.com/api/docs/deprecations and bodies pasted
    in public issues.

    Args:
        successor: the model that takes its place, for providers that name it in the error; None names none.
    """

    name = "model_retired"

    successor: str | None = param(text, default=None)

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Answer with the provider's error for a retired model."""
        return plan.answering(call.speaks.error("model_retired", call, draw, successor=self.successor))
