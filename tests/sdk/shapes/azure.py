"""OpenAI's SDK at Azure OpenAI, by deployment."""

from __future__ import annotations

from typing import Any

from ._base import KEY, Sdk, chat_shapes, limited


def make(mode: str, timeout: float | None = None, **options: Any) -> Any:
    """Make a client."""
    import openai

    kind = openai.AzureOpenAI if mode == "sync" else openai.AsyncAzureOpenAI
    endpoint = {"azure_endpoint": "https://acme-eu.openai.azure.com", "api_version": "2024-10-21"}
    return kind(api_key=KEY, **{**endpoint, **options}, **limited(timeout))


SDK = Sdk("openai>=3", make, chat_shapes("our-gpt"))
