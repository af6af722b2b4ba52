"""Cohere's own SDK, the second version of its API."""

from __future__ import annotations

from typing import Any

from ._base import KEY, SAY, Sdk, Shape, limited

_CHAT = {"model": "command-a-03-2025", "messages": SAY}


def make(mode: str, timeout: float | None = None, **options: Any) -> Any:
    """Make a client."""
    import cohere

    kind = cohere.ClientV2 if mode == "sync" else cohere.AsyncClientV2
    return kind(api_key=KEY, **limited(timeout), **options)


SDK = Sdk(
    "cohere>=7",
    make,
    {"chat": Shape("chat", _CHAT), "chat stream": Shape("chat_stream", _CHAT, "events")},
)
