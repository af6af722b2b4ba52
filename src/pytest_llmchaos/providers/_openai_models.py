"""The list of models of the OpenAI dialect."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ._openai_wire import at_vendor, plain_answer, vendor

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Answer

__all__ = ["models", "openai_models"]

# Name, day it came out (that of its dated snapshot), announced day of its shutdown. Names and shutdowns are
# those of the SDK's docstrings (openai 3.54, types/shared/chat_model.py); the days of the last three models
# are recalled [U].
_MODELS = (
    ("gpt-5.5", "2026-04-23", None),
    ("gpt-5.4-mini", "2026-03-17", None),
    ("gpt-5.4-nano", "2026-03-17", "2027-04-01"),
    ("gpt-5.2", "2025-12-11", None),
    ("gpt-5.1", "2025-11-13", "2027-04-01"),
    ("gpt-5", "2025-08-07", "2026-12-11"),
    ("gpt-5-mini", "2025-08-07", "2026-12-11"),
    ("gpt-5-nano", "2025-08-07", "2026-12-11"),
    ("gpt-4.1", "2025-04-14", "2027-01-14"),
    ("gpt-4.1-mini", "2025-04-14", "2027-01-14"),
    ("gpt-4o", "2024-08-06", "2027-01-14"),
    ("gpt-4o-mini", "2024-07-18", "2027-01-14"),
    ("text-embedding-3-small", "2024-01-25", None),
    ("text-embedding-3-large", "2024-01-25", None),
    ("omni-moderation-latest", "2024-09-26", None),
)


def models(call: Call, draw: Draw) -> Answer:
    """Answer `GET /v1/models` and `GET /v1/models/{id}`.

    Any model that is asked for exists here: it goes away when a scenario says so.
    """
    listed = vendor(call).models(call)
    return plain_answer(call, draw, listed[0] if call.model is not None else {"object": "list", "data": listed})


def openai_models(call: Call) -> list[dict[str, Any]]:
    """Return the model that is asked for, or all of them.

    What another host serves is not known, so it lists one model under a name of no vendor.
    """
    if call.model is not None:
        known = {each["id"]: each for each in _vendor_models()} if at_vendor(call) else {}
        return [known.get(call.model) or _model(call.model, "2025-01-01", None, "system")]
    return _vendor_models() if at_vendor(call) else [_model("default", "2025-01-01", None, call.host)]


def _vendor_models() -> list[dict[str, Any]]:
    return [_model(name, born, shutdown, "system") for name, born, shutdown in _MODELS]


def _model(name: str, born: str, shutdown: str | None, owner: str) -> dict[str, Any]:
    created = int(datetime.fromisoformat(born).replace(tzinfo=UTC).timestamp())
    return {"id": name, "object": "model", "created": created, "owned_by": owner, "shutdown_date": shutdown}
