"""The models that Bedrock's control plane lists, with where each stands in its life."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._bedrock_wire import plain_answer

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Answer

__all__ = ["models"]

_LISTED = (
    ("amazon.nova-lite-v1:0", "Amazon", "Nova Lite"),
    ("anthropic.claude-3-haiku-20240307-v1:0", "Anthropic", "Claude 3 Haiku"),
    ("anthropic.claude-3-sonnet-20240229-v1:0", "Anthropic", "Claude 3 Sonnet"),
    ("meta.llama3-70b-instruct-v1:0", "Meta", "Llama 3 70B Instruct"),
    ("mistral.mistral-large-2402-v1:0", "Mistral AI", "Mistral Large (24.02)"),
    ("cohere.embed-english-v3", "Cohere", "Embed English"),
)

# When one became a legacy model, and when its life ends [U]. The members are those of the service model.
_LEGACY = {"anthropic.claude-3-sonnet-20240229-v1:0": ("2025-01-21T00:00:00Z", "2025-07-21T00:00:00Z")}


def models(call: Call, draw: Draw) -> Answer:
    """Answer `GET /foundation-models` and `GET /foundation-models/ID`; any model that is asked for is there."""
    if call.model is None:
        return plain_answer(draw, {"modelSummaries": [_model(*each, call.host) for each in _LISTED]})
    bare = call.model.rpartition("/")[2]  # a whole ARN will do as well
    known = {each[0]: each for each in _LISTED}
    found = known.get(bare, (bare, bare.partition(".")[0].capitalize(), bare))
    return plain_answer(draw, {"modelDetails": _model(*found, call.host)})


def _model(name: str, maker: str, title: str, host: str) -> dict[str, Any]:
    region = next((part for part in host.split(".") if part.count("-") >= 2 and part[-1].isdigit()), "us-east-1")
    lifecycle = {"status": "ACTIVE", "startOfLifeTime": "2024-03-04T00:00:00Z"}
    if name in _LEGACY:
        since, until = _LEGACY[name]
        lifecycle |= {"status": "LEGACY", "legacyTime": since, "endOfLifeTime": until}
    embeds = "embed" in name
    return {
        "modelArn": f"arn:aws:bedrock:{region}::foundation-model/{name}",
        "modelId": name,
        "modelName": title,
        "providerName": maker,
        "inputModalities": ["TEXT"],
        "outputModalities": ["EMBEDDING" if embeds else "TEXT"],
        "responseStreamingSupported": not embeds,
        "customizationsSupported": [],
        "inferenceTypesSupported": ["ON_DEMAND"],
        "modelLifecycle": lifecycle,
    }
