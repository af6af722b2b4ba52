"""Hugging Face's InferenceClient: the router's chat, and the text generation of a dedicated endpoint."""

from __future__ import annotations

from typing import Any

from ._base import SAY, Sdk, Shape, limited

_CHAT = {"model": "tiiuae/falcon-7b-instruct", "messages": SAY}
_TEXT = {"model": "https://falcon-abc.us-east-1.aws.endpoints.huggingface.cloud", "prompt": "Hello"}


def make(mode: str, timeout: float | None = None, **options: Any) -> Any:
    """Make a client."""
    import huggingface_hub
    from huggingface_hub import constants

    constants.HF_HUB_DISABLE_TELEMETRY = True  # or it fetches a list from the hub to describe itself
    kind = huggingface_hub.InferenceClient if mode == "sync" else huggingface_hub.AsyncInferenceClient
    return kind(api_key="hf_canary", **limited(timeout), **options)


SDK = Sdk(
    "huggingface_hub>=2.4",
    make,
    {
        "chat": Shape("chat_completion", _CHAT),
        "chat stream": Shape("chat_completion", {**_CHAT, "stream": True}, "events"),
        "text": Shape("text_generation", _TEXT),
        "text stream": Shape("text_generation", {**_TEXT, "stream": True}, "events"),
    },
)
