"""Anthropic's SDK at Vertex AI."""

from __future__ import annotations

from typing import Any

from ._base import SAY, Sdk, Shape, limited

_MESSAGE = {"model": "claude-sonnet-4-5@20250929", "messages": SAY, "max_tokens": 200}


def make(mode: str, timeout: float | None = None, **options: Any) -> Any:
    """Make a client."""
    import anthropic

    kind = anthropic.AnthropicVertex if mode == "sync" else anthropic.AsyncAnthropicVertex
    where = {"region": "us-east5", "project_id": "shop", "access_token": "ya29.canary"}
    return kind(**where, **limited(timeout), **options)


SDK = Sdk(
    "anthropic>=2",
    make,
    {
        "messages": Shape("messages.create", _MESSAGE),
        "messages stream": Shape("messages.create", {**_MESSAGE, "stream": True}, "events"),
    },
    provider="vertex",
    beside="google-auth",
)
