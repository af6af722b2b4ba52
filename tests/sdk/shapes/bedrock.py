"""boto3 at Bedrock: conversations, and a model's own body in a stream."""

from __future__ import annotations

import json
from typing import Any

from ._base import Sdk, Shape

CLAUDE = "anthropic.claude-sonnet-4-5-20250929-v1:0"
_ASKED = {"modelId": CLAUDE, "messages": [{"role": "user", "content": [{"text": "Where is my order?"}]}]}
_OWN_BODY = {"modelId": "meta.llama3-8b-instruct-v1:0", "body": json.dumps({"prompt": "Where is my order?"})}


def make(mode: str, timeout: float | None = None, **options: Any) -> Any:
    """Make a client."""
    import boto3
    from botocore.config import Config

    limit = {} if timeout is None else {"read_timeout": timeout, "connect_timeout": timeout}
    keys = {"aws_access_key_id": "AKIACANARY", "aws_secret_access_key": "canary"}
    return boto3.client("bedrock-runtime", region_name="eu-west-1", config=Config(**limit), **keys, **options)


SDK = Sdk(
    "boto3>=1.40",
    make,
    {
        "converse": Shape("converse", _ASKED),
        "converse stream": Shape("converse_stream", _ASKED, "events", inside="stream"),
        "invoke stream": Shape("invoke_model_with_response_stream", _OWN_BODY, "events", inside="body"),
    },
    modes=("sync",),
    fresh=True,
)
