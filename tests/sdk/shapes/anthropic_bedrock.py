"""Anthropic's SDK at Bedrock."""

from __future__ import annotations

from typing import Any

from ._base import SAY, Sdk, Shape, limited

_MESSAGE = {"model": "anthropic.claude-sonnet-4-5-20250929-v1:0", "messages": SAY, "max_tokens": 200}


def make(mode: str, timeout: float | None = None, **options: Any) -> Any:
    """Make a client."""
    import anthropic

    kind = anthropic.AnthropicBedrock if mode == "sync" else anthropic.AsyncAnthropicBedrock
    keys = {"aws_region": "us-east-1", "aws_access_key": "AKIACANARY", "aws_secret_key": "canary"}
    return kind(**keys, **limited(timeout), **options)


SDK = Sdk(
    "anthropic>=2",
    make,
    {
        "messages": Shape("messages.create", _MESSAGE),
        "messages stream": Shape("messages.create", {**_MESSAGE, "stream": True}, "events"),
    },
    provider="bedrock",
    beside="boto3",
)
