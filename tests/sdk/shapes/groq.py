"""Groq's own SDK."""

from __future__ import annotations

from typing import Any

from ._base import KEY, Sdk, chat_shapes, limited


def make(mode: str, timeout: float | None = None, **options: Any) -> Any:
    """Make a client."""
    import groq

    kind = groq.Groq if mode == "sync" else groq.AsyncGroq
    return kind(api_key=KEY, **limited(timeout), **options)


SDK = Sdk("groq>=1.7", make, chat_shapes("mixtral-8x7b-32768"))
