"""The provider's content policy refuses what the app asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.parameters import choice, param
from ._base import Fault

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["PolicyRefusal"]


@dataclass(frozen=True)
class PolicyRefusal(Fault):
    """A prompt that worked yesterday is refused: as an error, or as a 200 that holds no usable answer.

    Args:
        form: `error` for a 400 (OpenAI `invalid_prompt`, Anthropic "Output blocked by content filtering
            policy"); `finish` for a 200 that the filter ended (OpenAI `finish_reason: content_filter`);
            `refusal` for a 200 in which the model declines (OpenAI `message.refusal`, Anthropic `stop_reason:
            refusal`).

    The texts of the 400s come from bodies pasted in public issues; the members of the 200s from the types of
    openai 3.54 and anthropic 2.12.
    """

    name = "policy_refusal"
    kind = "policy"

    form: str = param(choice("error", "finish", "refusal"), default="error")

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Answer with the provider's refusal."""
        return plan.answering(call.speaks.error("policy_refusal", call, draw, form=self.form))
