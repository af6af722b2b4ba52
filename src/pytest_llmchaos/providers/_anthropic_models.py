"""The list of models of the Anthropic dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._anthropic_wire import answered_by, at_vendor, plain_answer

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Answer

__all__ = ["models"]

_EPOCH = "1970-01-01T00:00:00Z"  # the API's own word for a release date that is not known

# Name, name for people, release, end of life. Names and the end are the SDK's (anthropic 2.12,
# types/model.py, resources/messages/messages.py); a release is known only where the name tells it.
_MODELS = (
    ("claude-sonnet-5-5", "Claude Sonnet 5.5", _EPOCH, None),
    ("claude-haiku-5-5", "Claude Haiku 5.5", _EPOCH, None),
    ("claude-opus-5-5", "Claude Opus 5.5", _EPOCH, None),
    ("claude-sonnet-5", "Claude Sonnet 5", _EPOCH, None),
    ("claude-opus-5", "Claude Opus 5", _EPOCH, None),
    ("claude-opus-4-8", "Claude Opus 4.8", _EPOCH, None),
    ("claude-opus-4-6", "Claude Opus 4.6", _EPOCH, None),
    ("claude-sonnet-4-6", "Claude Sonnet 4.6", _EPOCH, None),
    ("claude-opus-4-5-20251101", "Claude Opus 4.5", "2025-11-01T00:00:00Z", None),
    ("claude-haiku-4-5-20251001", "Claude Haiku 4.5", "2025-10-01T00:00:00Z", None),
    ("claude-sonnet-4-5-20250929", "Claude Sonnet 4.5", "2025-09-29T00:00:00Z", "2026-11-30T00:00:00Z"),
)


def models(call: Call, draw: Draw) -> Answer:
    """Answer `GET /v1/models` and `GET /v1/models/{id}`.

    Any model that is asked for exists here: it goes away when a scenario says so. What another host serves is
    not known, so it lists one model under a name of no vendor.
    """
    listed = [_model(*each) for each in _MODELS] if at_vendor(call) else [_model("default", "Default", _EPOCH, None)]
    if call.model is not None:
        named = (each for each in listed if each["id"] in (call.model, answered_by(call)))
        return plain_answer(call, draw, next(named, None) or _model(call.model, call.model, _EPOCH, None))
    # One page holds them all, whatever page the query asks for.
    ends = {"has_more": False, "first_id": listed[0]["id"], "last_id": listed[-1]["id"]}
    return plain_answer(call, draw, {"data": listed, **ends})


def _model(name: str, title: str, born: str, ends: str | None) -> dict[str, Any]:
    return {
        "type": "model",
        "id": name,
        "display_name": title,
        "created_at": born,
        "lifecycle": "deprecated" if ends else "active",
        "deprecated_at": None,
        "retires_at": ends,
    }
