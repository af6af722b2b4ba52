"""Moderation of the OpenAI dialect: nothing is ever flagged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._openai_wire import plain_answer

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Answer

__all__ = ["moderation"]

# Categories and the kinds of input that each is judged on (openai 3.54, types/moderation.py).
_TEXT_ONLY = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "sexual/minors",
)
_IMAGES_TOO = (
    "self-harm",
    "self-harm/intent",
    "self-harm/instructions",
    "sexual",
    "violence",
    "violence/graphic",
)


def moderation(call: Call, draw: Draw) -> Answer:
    """Answer `POST /v1/moderations`."""
    given = call.body.get("input")
    # A list of texts is several inputs; a list of parts (text and images) is one.
    parts = given if isinstance(given, list) else []
    count = len(parts) if parts and isinstance(parts[0], str) else 1
    seen = {"image" if isinstance(each, dict) and each.get("type") == "image_url" else "text" for each in parts or [""]}
    scores = draw.part("scores")
    results = [_result(scores, seen) for _ in range(count)]
    model = call.model or "omni-moderation-latest"
    body = {"id": f"modr-{draw.part('id').hex(32)}", "model": model, "results": results}
    return plain_answer(call, draw, body)


def _result(scores: Draw, seen: set[str]) -> dict[str, Any]:
    names = (*_TEXT_ONLY, *_IMAGES_TOO)
    return {
        "flagged": False,
        "categories": dict.fromkeys(names, False),
        "category_scores": {name: round(1e-6 + 4e-4 * scores.fraction(), 8) for name in names},
        "category_applied_input_types": {
            name: sorted(seen if name in _IMAGES_TOO else seen & {"text"}, reverse=True) for name in names
        },
    }
