"""Anthropic's own SDK."""

from __future__ import annotations

from typing import Any

from ...models import CLAUDE
from ._base import KEY, SAY, City, Sdk, Shape, limited

_MESSAGE = {"model": CLAUDE, "messages": SAY, "max_tokens": 200}
_PARAMETERS = {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]}
_TOOLED = {**_MESSAGE, "tools": [{"name": "find_order", "input_schema": _PARAMETERS}]}


def make(mode: str, timeout: float | None = None, **options: Any) -> Any:
    """Make a client."""
    import anthropic

    kind = anthropic.Anthropic if mode == "sync" else anthropic.AsyncAnthropic
    return kind(api_key=KEY, **limited(timeout), **options)


SDK = Sdk(
    "anthropic>=2",
    make,
    {
        "messages": Shape("messages.create", _MESSAGE),
        "messages stream": Shape("messages.create", {**_MESSAGE, "stream": True}, "events"),
        "messages tools": Shape("messages.create", _TOOLED),
        "messages tools stream": Shape("messages.create", {**_TOOLED, "stream": True}, "events"),
        "messages tools helper": Shape("messages.stream", _TOOLED, "helper", "get_final_message"),
        "messages parse": Shape("messages.parse", {**_MESSAGE, "output_format": City}),
        "messages helper": Shape("messages.stream", _MESSAGE, "helper", "get_final_message"),
        "tokens": Shape("messages.count_tokens", {"model": CLAUDE, "messages": SAY}),
        "models": Shape("models.list"),
        "model": Shape("models.retrieve", {"model_id": CLAUDE}),
    },
)
