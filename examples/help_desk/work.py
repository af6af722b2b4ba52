"""What the help desk asks of a model, and what it gets: the same for every provider."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["CATEGORIES", "SCHEMA", "SYSTEM", "TOOL", "Kind", "Reply", "Work"]

Kind = Literal["chat", "stream", "tools", "structured"]

SYSTEM = "You answer customers of a small web shop, in one or two friendly sentences."
CATEGORIES = ("order", "return", "payment", "other")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"category": {"type": "string", "enum": list(CATEGORIES)}, "urgent": {"type": "boolean"}},
    "required": ["category", "urgent"],
    "additionalProperties": False,
}
TOOL = "order_status"
"""The one tool: it looks up an order by its number."""
ARGUMENTS: dict[str, Any] = {
    "type": "object",
    "properties": {"order": {"type": "string"}},
    "required": ["order"],
    "additionalProperties": False,
}


@dataclass(frozen=True)
class Work:
    """One thing that the help desk wants from a model.

    Args:
        text: what the customer wrote.
        kind: `chat`, `stream` (the text is shown as it comes), `tools` (it may look up an order) or `structured`
            (sorts the mail by `SCHEMA`).
        tag: what may not go everywhere, such as `eu`; empty for what may.
        user: a pseudonym of the customer.
    """

    text: str
    kind: Kind = "chat"
    tag: str = ""
    user: str = ""


@dataclass(frozen=True)
class Reply:
    """What a model said.

    Attributes:
        text: the words; of `structured` work the JSON.
        source: the route that said it.
        model: the model that says it was it; empty where the answer names none.
        whole: whether it came to its end.
        refused: whether the provider declined to answer this.
        tool: name and JSON arguments of a tool call.
        tokens: of prompt and answer, as the provider counts them.
        degraded: whether it is not the usual answer.
    """

    text: str
    source: str
    model: str = ""
    whole: bool = True
    refused: bool = False
    tool: tuple[str, str] | None = None
    tokens: tuple[int, int] = (0, 0)
    degraded: bool = False

    def data(self) -> Any:
        """Return the JSON of structured work.

        Raises:
            ValueError: it is none.
        """
        return json.loads(self.text)
