"""Replicate's own SDK: a prediction is made, and its output waited for or streamed by a second request."""

from __future__ import annotations

from typing import Any

from ._base import KEY, Sdk, Shape

_RUN = {"ref": "meta/meta-llama-3-70b-instruct", "input": {"prompt": "Where is my order?"}}


def make(mode: str, timeout: float | None = None, **options: Any) -> Any:
    """Make a client for both modes."""
    import httpx
    import replicate

    limit = {} if timeout is None else {"timeout": httpx.Timeout(timeout)}
    return replicate.Client(api_token=KEY, **limit, **options)


SDK = Sdk(
    "replicate>=1",
    make,
    {"run": Shape("run", _RUN), "stream": Shape("stream", _RUN, "events", legs=2)},
    asynchronous=lambda method: f"async_{method}",
)
