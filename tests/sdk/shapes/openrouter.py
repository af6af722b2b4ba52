"""OpenRouter's own SDK, one client for both modes."""

from __future__ import annotations

from typing import Any

from ._base import KEY, SAY, Sdk, Shape

_CHAT = {"model": "meta-llama/llama-3.3-70b-instruct:free", "messages": SAY}


def make(mode: str, timeout: float | None = None, **options: Any) -> Any:
    """Make a client."""
    from openrouter import OpenRouter

    limit = {} if timeout is None else {"timeout_ms": round(timeout * 1000)}
    return OpenRouter(api_key=KEY, **limit, **options)


SDK = Sdk(
    "openrouter>=1.3",
    make,
    {"chat": Shape("chat.send", _CHAT), "chat stream": Shape("chat.send", {**_CHAT, "stream": True}, "events")},
    asynchronous=lambda method: f"{method}_async",
)
