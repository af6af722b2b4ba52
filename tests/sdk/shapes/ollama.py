"""Ollama's own SDK at a local server."""

from __future__ import annotations

from typing import Any

from ._base import SAY, Sdk, Shape, limited

_CHAT = {"model": "llama3.2:3b", "messages": SAY}


def make(mode: str, timeout: float | None = None, **options: Any) -> Any:
    """Make a client."""
    import ollama

    kind = ollama.Client if mode == "sync" else ollama.AsyncClient
    return kind(**{"host": "http://127.0.0.1:11434", **options}, **limited(timeout))


SDK = Sdk(
    "ollama>=0.6.3",
    make,
    {"chat": Shape("chat", _CHAT), "chat stream": Shape("chat", {**_CHAT, "stream": True}, "events")},
)
