"""Mistral's own SDK, one client for both modes."""

from __future__ import annotations

from typing import Any

from ._base import KEY, SAY, Sdk, Shape

_CHAT = {"model": "mistral-large-latest", "messages": SAY}


def make(mode: str, timeout: float | None = None, **options: Any) -> Any:
    """Make a client."""
    from mistralai.client import Mistral

    limit = {} if timeout is None else {"timeout_ms": round(timeout * 1000)}
    return Mistral(api_key=KEY, **limit, **options)


SDK = Sdk(
    "mistralai>=3.7",
    make,
    {"chat": Shape("chat.complete", _CHAT), "chat stream": Shape("chat.stream", _CHAT, "events")},
    asynchronous=lambda method: f"{method}_async",
)
