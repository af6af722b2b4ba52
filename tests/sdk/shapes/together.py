"""Together AI's own SDK."""

from __future__ import annotations

from typing import Any

from ._base import KEY, Sdk, chat_shapes, limited


def make(mode: str, timeout: float | None = None, **options: Any) -> Any:
    """Make a client."""
    import together

    kind = together.Together if mode == "sync" else together.AsyncTogether
    return kind(api_key=KEY, **limited(timeout), **options)


SDK = Sdk("together>=3.1", make, chat_shapes("meta-llama/Llama-3.3-70B-Instruct-Turbo"))
