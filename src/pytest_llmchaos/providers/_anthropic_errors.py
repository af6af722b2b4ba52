"""How the Anthropic API reports failures.

Sources of texts: answers pasted by users in public repositories and the API's own reference, unless a line
says [U] (recalled, unconfirmed).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..core.errors import FaultUnfit
from ._anthropic_wire import at_vendor, headers, request_id
from ._cdn import CDN_STATUSES, cdn_page, reason
from ._sse import event
from ._wire import dispatch, json_answer, retry_after_headers

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Answer, Headers

__all__ = ["fail", "stream_error"]


def fail(kind: str, call: Call, draw: Draw, **details: Any) -> Answer:
    """Return the error answer of that kind; see `Provider.error`.

    Raises:
        FaultUnfit: the failure has no form for this operation.
    """
    return dispatch(_KINDS, kind, call, draw, **details)


def stream_error() -> bytes:
    """Return the event that reports a failure within a started stream; the stream closes after it."""
    # As captured in anthropics/anthropic-sdk-go issue 200. No `message_stop` follows.
    error = {"details": None, "type": "overloaded_error", "message": "Overloaded"}
    return event({"type": "error", "error": error}, "error")


def _answer(
    call: Call,
    draw: Draw,
    status: int,
    kind: str,
    message: str,
    *,
    extra: Headers = (),
    exhausted_for: float | None = None,
) -> Answer:
    body = {"type": "error", "error": {"type": kind, "message": message}, "request_id": request_id(draw)}
    return json_answer(status, (*headers(call, draw, exhausted_for=exhausted_for), *extra), body)


def _outage(call: Call, draw: Draw, *, status: int = 503, page: str = "json") -> Answer:
    if page == "html":
        return cdn_page(status, call.host, draw, cloudflare=at_vendor(call))
    if status == 529:
        return _overloaded(call, draw)
    if status in CDN_STATUSES:
        raise FaultUnfit(f"status {status} is the CDN's own and never comes as JSON: use page='html' with it")
    kind, message = _OUTAGES.get(status, ("api_error", reason(status)))
    return _answer(call, draw, status, kind, message)


# Types are documented; the texts of 502, 503 and 504 are [U].
_OUTAGES = {
    500: ("api_error", "Internal server error"),
    502: ("api_error", "Bad gateway"),
    503: ("api_error", "Service unavailable"),
    504: ("timeout_error", "Request timed out"),
}


def _overloaded(call: Call, draw: Draw) -> Answer:
    return _answer(call, draw, 529, "overloaded_error", "Overloaded", extra=(("x-should-retry", "true"),))


def _rate_limit(call: Call, draw: Draw, *, retry_after: float | None = None, form: str = "seconds") -> Answer:
    # The limit's headers always say when there is room again, even where no retry-after header asks for it.
    reset = draw.part("reset").whole(1, 20) if retry_after is None else retry_after
    message = "This request would exceed your account's rate limit. Please try again later."
    extra = retry_after_headers(retry_after, form, draw.wall)
    return _answer(call, draw, 429, "rate_limit_error", message, extra=extra, exhausted_for=reset)


def _quota_exhausted(call: Call, draw: Draw) -> Answer:
    message = (
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade "
        "or purchase credits."
    )
    return _answer(call, draw, 400, "invalid_request_error", message, extra=(("x-should-retry", "false"),))


def _auth_revoked(call: Call, draw: Draw) -> Answer:
    return _answer(call, draw, 401, "authentication_error", "invalid x-api-key")


def _region_blocked(call: Call, draw: Draw) -> Answer:
    # Comes from the edge, without the API's envelope.
    body = {"error": {"type": "forbidden", "message": "Request not allowed"}}
    return json_answer(403, headers(call, draw), body)


def _model_retired(call: Call, draw: Draw, *, successor: str | None = None) -> Answer:
    # The vendor's text names the model and nothing else, so no successor is mentioned.
    if call.model is None:
        raise FaultUnfit(f"this {call.operation} call names no model that could be retired")
    return _answer(call, draw, 404, "not_found_error", f"model: {call.model}")


def _policy_refusal(call: Call, draw: Draw) -> Answer:
    if call.operation != "chat":
        raise FaultUnfit(f"the anthropic dialect refuses no {call.operation} call for its content")
    return _answer(call, draw, 400, "invalid_request_error", "Output blocked by content filtering policy")


def _access_denied(call: Call, draw: Draw, *, reason: str = "ownership") -> Answer:
    if reason == "suspension":
        return _answer(call, draw, 400, "invalid_request_error", "This organization has been disabled.")
    if reason == "ownership":  # how it looks is not known; that of a blocked country is the nearest
        return _region_blocked(call, draw)
    message = "Your API key does not have permission to use the specified resource."
    return _answer(call, draw, 403, "permission_error", message)  # the type is documented, the text [U]


_KINDS: dict[str, Callable[..., Answer]] = {
    "outage": _outage,
    "overloaded": _overloaded,
    "rate_limit": _rate_limit,
    "quota_exhausted": _quota_exhausted,
    "auth_revoked": _auth_revoked,
    "region_blocked": _region_blocked,
    "model_retired": _model_retired,
    "policy_refusal": _policy_refusal,
    "access_denied": _access_denied,
}
