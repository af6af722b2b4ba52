"""A model will be retired, and the provider says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from ..core.errors import FaultUnfit, shown
from ..core.parameters import param, text
from ..providers import Notice
from ._base import Fault
from ._documents import Editing, edited_bytes

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Plan

__all__ = ["DeprecationNotice"]


def _day(value: Any) -> str:
    try:
        return date.fromisoformat(value).isoformat() if isinstance(value, str) else value.isoformat()[:10]
    except (AttributeError, TypeError, ValueError):
        raise ValueError(f"{shown(value)} is not a day such as '2026-03-26'") from None


@dataclass(frozen=True)
class DeprecationNotice(Fault):
    """Healthy answers tell of a retirement to come, in the way that the vendor really has; apps that look for it are
    warned.

    In the list of models (aim it at `openai:models`): OpenAI's `shutdown_date`, Anthropic's `lifecycle: deprecated`
    and `retires_at` (openai 3.54 and anthropic 2.12, types of a model), Mistral's `deprecation` and
    `deprecation_replacement_model`, OpenRouter's `expiration_date`. In generated content: Gemini's `modelStatus`
    (google-genai 3). In a header: Hugging Face's `X-HF-Warning`, Cohere's `X-API-Warning`. All others say nothing,
    and OpenAI and Anthropic say nothing in their other answers (anthropic's SDK warns by a list of its own, whatever
    the server says): there the fault does not fit. No vendor is known to send `Deprecation` or `Sunset` headers.

    Args:
        on: the day of the retirement, as `2026-03-26`.
        successor: the model that takes its place, for vendors that name it; None names none.
        model: which of the models in a list will go, a pattern such as `gpt-4*`.
    """

    name = "deprecation_notice"
    kind = "retirement"

    on: str = param(_day, default="2026-03-26", shape={"type": "string", "format": "date"})
    successor: str | None = param(text, default=None)
    model: str = param(text, default="*")

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Write the notice into the healthy answer.

        Raises:
            FaultUnfit: the provider has no place for it in an answer to this call.
        """
        notice = Notice(self.on, self.successor, self.model)
        headers = call.speaks.announcing_headers(call, notice)

        def tell(document: Any) -> bool:
            return isinstance(document, dict) and call.speaks.announce(call, document, notice)

        if not headers and not self._told(plan, call, draw, notice):
            raise FaultUnfit(
                f"{call.speaks.name} says nothing of a retirement to come in its answers to {call.operation} calls"
                + (f" that name no model like {self.model!r}" if self.model != "*" else "")
            )
        return plan.shaped(lambda: Editing(tell, headers=headers))

    def _told(self, plan: Plan, call: Call, draw: Draw, notice: Notice) -> bool:
        """Tell by a simulated answer whether there is a place; whom a list from beneath names is not known here."""
        if plan.source is None:
            notice = Notice(notice.on, notice.successor)
        seen = False

        def look(document: Any) -> bool:
            nonlocal seen
            seen = seen or (isinstance(document, dict) and call.speaks.announce(call, document, notice))
            return seen

        for chunk in call.speaks.answer(call, None, draw.part(self.name)).chunks:
            edited_bytes(chunk, look)
            if seen:
                break
        return seen
