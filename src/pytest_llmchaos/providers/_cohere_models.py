"""The list of models of Cohere's API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._cohere_wire import at_vendor, plain_answer

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Answer

__all__ = ["models"]

# Name, endpoint, length of the context; recalled [U].
_MODELS = (
    ("command-a-03-2025", "chat", 288_000),
    ("command-r7b-12-2024", "chat", 132_000),
    ("embed-v4.0", "embed", 128_000),
    ("embed-multilingual-v3.0", "embed", 512),
    ("rerank-v3.5", "rerank", 4_096),
)


def models(call: Call, draw: Draw) -> Answer:
    """Answer `GET /v1/models` and `GET /v1/models/{name}`.

    Any model that is asked for exists here: it goes away when a scenario says so. What another host serves is
    not known, so it lists one model under a name of no vendor.
    """
    listed = [_model(*each) for each in _MODELS] if at_vendor(call) else [_model("default", "chat", 128_000)]
    if call.model is not None:
        named = (each for each in listed if each["name"] == call.model)
        return plain_answer(call, draw, next(named, None) or _model(call.model, "chat", 128_000))
    return plain_answer(call, draw, {"models": listed})


def _model(name: str, endpoint: str, context: int) -> dict[str, Any]:
    return {
        "name": name,
        "is_deprecated": False,
        "endpoints": [endpoint],
        "finetuned": False,
        "context_length": context,
        "default_endpoints": [],
    }
