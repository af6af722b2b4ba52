"""How Cohere's API reports failures.

Statuses and texts: docs.cohere.com/reference/errors, unless a line says another source or [U] (recalled,
unconfirmed).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..core.errors import FaultUnfit
from ._cdn import CDN_STATUSES, cdn_page, reason
from ._cohere_chat import message_end
from ._cohere_wire import headers, new_id
from ._wire import dispatch, json_answer, retry_after_headers

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Answer, Headers

__all__ = ["fail", "stream_error"]

_INTERNAL = "internal server error, this has been reported to our developers"  # [U]


def fail(kind: str, call: Call, draw: Draw, **details: Any) -> Answer:
    """Return the error answer of that kind; see `Provider.error`.

    Raises:
        FaultUnfit: the failure has no form for this operation.
    """
    return dispatch(_KINDS, kind, call, draw, **details)


def stream_error() -> bytes:
    """Return the event that reports a failure within a started stream: the message ends, in an error."""
    return message_end("ERROR", error=_INTERNAL)


def _answer(call: Call, draw: Draw, status: int, message: str, *, extra: Headers = ()) -> Answer:
    return json_answer(status, (*headers(call, draw), *extra), {"id": new_id(draw), "message": message})


def _outage(call: Call, draw: Draw, *, status: int = 503, page: str = "json") -> Answer:
    if page == "html":
        return cdn_page(status, call.host, draw, cloudflare=False)
    if status in CDN_STATUSES:
        raise FaultUnfit(f"status {status} is a CDN's own and never comes as JSON: use page='html' with it")
    return _answer(call, draw, status, _INTERNAL if status == 500 else reason(status).lower())  # [U]


def _overloaded(call: Call, draw: Draw) -> Answer:
    return _answer(call, draw, 503, "service unavailable, please try again later")  # [U]


def _rate_limit(call: Call, draw: Draw, *, retry_after: float | None = None, form: str = "seconds") -> Answer:
    # The API is not known to send a time to wait; asked for one, it comes as the SDK reads it.
    message = "You are past the per minute request limit, please wait and try again later."
    return _answer(call, draw, 429, message, extra=retry_after_headers(retry_after, form, draw.wall))


def _quota_exhausted(call: Call, draw: Draw) -> Answer:
    # The billing limit of the account; a trial key gets a 429 ("limited to 1000 API calls / month"). Text [U].
    message = (
        "Please add or update your payment method at https://dashboard.cohere.com/billing?tab=payment to continue."
    )
    return _answer(call, draw, 402, message)


def _auth_revoked(call: Call, draw: Draw) -> Answer:
    return _answer(call, draw, 401, "invalid api token")


def _region_blocked(call: Call, draw: Draw) -> Answer:
    return _answer(call, draw, 403, "access from your region is not supported")  # [U]


def _model_retired(call: Call, draw: Draw, *, successor: str | None = None) -> Answer:
    # As in pydantic/pydantic-ai pull request 3201; a page stands where a successor could. The day is that one's.
    if call.model is None:
        raise FaultUnfit(f"this {call.operation} call names no model that could be retired")
    family = {"embeddings": "embed", "rerank": "rerank"}.get(call.operation, "command")
    message = (
        f"model '{call.model}' was removed on September 15, 2025. See https://docs.cohere.com/docs/models#{family} "
        "for a list of models you can use instead."
    )
    return _answer(call, draw, 404, message)


def _policy_refusal(call: Call, draw: Draw) -> Answer:
    # The SDK knows the status as InvalidTokenError; the text is [U].
    if call.operation != "chat":
        raise FaultUnfit(f"the cohere dialect refuses no {call.operation} call for its content")
    return _answer(call, draw, 498, "blocked input: please remove the denied tokens and try again")


_KINDS: dict[str, Callable[..., Answer]] = {
    "outage": _outage,
    "overloaded": _overloaded,
    "rate_limit": _rate_limit,
    "quota_exhausted": _quota_exhausted,
    "auth_revoked": _auth_revoked,
    "region_blocked": _region_blocked,
    "model_retired": _model_retired,
    "policy_refusal": _policy_refusal,
}
