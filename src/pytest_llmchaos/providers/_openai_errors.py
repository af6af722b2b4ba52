"""How the OpenAI API reports failures.

Sources of texts: answers pasted by users in public repositories, unless a line says [U] (recalled,
unconfirmed).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..core.errors import FaultUnfit
from ._cdn import CDN_STATUSES, cdn_page, reason
from ._openai_wire import ORGANISATION, REQUESTS_A_MINUTE, at_vendor, headers, span
from ._sse import event
from ._wire import dispatch, json_answer, retry_after_headers

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Answer, Headers

__all__ = ["check_fit", "fail", "gateway", "stream_error"]

_SERVER_ERROR = "The server had an error while processing your request. Sorry about that!"  # [U]


def fail(kind: str, call: Call, draw: Draw, **details: Any) -> Answer:
    """Return the error answer of that kind; see `Provider.error`.

    Raises:
        FaultUnfit: the failure has no form for this operation.
    """
    check_fit(kind, call)
    return dispatch(_KINDS, kind, call, draw, **details)


def check_fit(kind: str, call: Call) -> None:
    """Make sure that the failure makes sense for what the call asks.

    Raises:
        FaultUnfit: a model that the call does not name is to be gone, or a call without words is to be refused.
    """
    if kind == "model_retired" and call.model is None:
        raise FaultUnfit(f"this {call.operation} call names no model that could be retired")
    if kind == "policy_refusal" and call.operation not in ("chat", "completions", "images"):
        raise FaultUnfit(f"the {call.speaks.dialect} dialect refuses no {call.operation} call for its content")


def gateway(call: Call, draw: Draw, status: int, page: str, *, cloudflare: bool) -> Answer | None:
    """Return the page of the edge in front of the provider; None where the outage is told as JSON.

    Raises:
        FaultUnfit: that status never comes as JSON.
    """
    if page == "html":
        return cdn_page(status, call.host, draw, cloudflare=cloudflare)
    if status in CDN_STATUSES:
        raise FaultUnfit(f"status {status} is the CDN's own and never comes as JSON: use page='html' with it")
    return None


def stream_error(call: Call) -> bytes:
    """Return the event that reports a failure within a started stream."""
    if not call.path.rstrip("/").endswith("/responses"):
        return event({"error": {"message": _SERVER_ERROR, "type": "server_error", "param": None, "code": None}})
    # The API reference and the SDK's ResponseErrorEvent describe flat members beside `type`; what the API
    # really sends nests them under `error`, as captured in openai/openai-dotnet issue 881, Effect-TS/effect
    # pull request 7262 and vercel/ai pull request 20022. It matters: the SDK raises APIError for the nested
    # form and yields the flat one. The number is that of the captures: the failure as the first thing after
    # `created` and `in_progress`.
    error = {
        "type": "server_error",
        "code": "server_error",
        "message": "An error occurred while processing your request.",
        "param": None,
    }
    return event({"type": "error", "error": error, "sequence_number": 2}, "error")


def _answer(
    call: Call,
    draw: Draw,
    status: int,
    message: str,
    kind: str,
    code: str | int | None,
    *,
    param: str | None = None,
    extra: Headers = (),
    exhausted_for: float | None = None,
) -> Answer:
    body = {"error": {"message": message, "type": kind, "param": param, "code": code}}
    return json_answer(status, (*headers(call, draw, exhausted_for=exhausted_for), *extra), body)


def _outage(call: Call, draw: Draw, *, status: int = 503, page: str = "json") -> Answer:
    if told := gateway(call, draw, status, page, cloudflare=at_vendor(call)):
        return told
    if not at_vendor(call) or status not in _EDGE:
        return _answer(call, draw, status, _SERVER_ERROR if status == 500 else reason(status), "server_error", None)
    message, kind = _EDGE[status]
    return _answer(call, draw, status, message, kind, status)


# JSON of OpenAI's edge when the API behind it is gone, seen on 8 November 2023 (apicontext.com); 504 is [U].
_EDGE = {
    502: ("Bad gateway.", "cf_bad_gateway"),
    503: ("Service Unavailable.", "cf_service_unavailable"),
    504: ("Gateway timeout.", "cf_gateway_timeout"),
}


def _overloaded(call: Call, draw: Draw) -> Answer:
    message = "Our servers are currently overloaded. Please try again later."
    return _answer(call, draw, 503, message, "service_unavailable_error", "server_is_overloaded")


def _rate_limit(call: Call, draw: Draw, *, retry_after: float | None = None, form: str = "seconds") -> Answer:
    # The vendor always says when there is room again, in the limit's headers and the text, even where no
    # retry-after header asks for it.
    reset = draw.part("reset").whole(1, 20) if retry_after is None else retry_after
    model = f" for {call.model}" if call.model else ""
    message = (
        f"Rate limit reached{model} in organization {ORGANISATION} on requests per min (RPM): Limit "
        f"{REQUESTS_A_MINUTE}, Used {REQUESTS_A_MINUTE}, Requested 1. Please try again in {span(reset)}. "
        "Visit https://platform.openai.com/account/rate-limits to learn more."
    )
    extra = retry_after_headers(retry_after, form, draw.wall)
    return _answer(call, draw, 429, message, "requests", "rate_limit_exceeded", extra=extra, exhausted_for=reset)


def _quota_exhausted(call: Call, draw: Draw) -> Answer:
    message = (
        "You exceeded your current quota, please check your plan and billing details. For more information "
        "on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors."
    )
    return _answer(call, draw, 429, message, "insufficient_quota", "insufficient_quota")


def _auth_revoked(call: Call, draw: Draw) -> Answer:
    # The API repeats the key with its middle hidden; here no part of the real one may come back.
    message = (
        "Incorrect API key provided: sk-****. You can find your API key at "
        "https://platform.openai.com/account/api-keys."
    )
    return _answer(call, draw, 401, message, "invalid_request_error", "invalid_api_key")


def _region_blocked(call: Call, draw: Draw) -> Answer:
    message = "Country, region, or territory not supported"
    return _answer(call, draw, 403, message, "request_forbidden", "unsupported_country_region_territory")


def _model_retired(call: Call, draw: Draw, *, successor: str | None = None) -> Answer:
    # The vendor's text has no place for a successor (it links to a page), so none is mentioned.
    if call.operation == "models":
        message = f"The model '{call.model}' does not exist"
        return _answer(call, draw, 404, message, "invalid_request_error", "model_not_found", param="model")
    message = f"The model `{call.model}` does not exist or you do not have access to it."
    return _answer(call, draw, 404, message, "invalid_request_error", "model_not_found")


def _policy_refusal(call: Call, draw: Draw) -> Answer:
    if call.operation == "images":
        message = (
            "Your request was rejected by the safety system. If you believe this is an error, contact us at "
            f"help.openai.com and include the request ID req_{draw.part('head').hex(32)}. "
            "safety_violations=[sexual]."
        )
        return _answer(call, draw, 400, message, "image_generation_user_error", "moderation_blocked")
    message = (
        "Invalid prompt: your prompt was flagged as potentially violating our usage policy. Please try again "
        "with a different prompt: https://platform.openai.com/docs/guides/reasoning#advice-on-prompting"
    )
    return _answer(call, draw, 400, message, "invalid_request_error", "invalid_prompt")


_VERIFY = (
    "Please go to: https://platform.openai.com/settings/organization/general and click on Verify Organization. If you "
    "just verified, it can take up to 15 minutes for access to propagate."
)


def _access_denied(call: Call, draw: Draw, *, reason: str = "ownership") -> Answer:
    kind = "invalid_request_error"
    if reason == "suspension":
        message = (
            "The OpenAI account associated with this API key has been deactivated. If you are the developer for this "
            "OpenAI app, please check your email for more information. If you are seeing this error while using "
            "another app or site, please reach out to them for more help."
        )
        return _answer(call, draw, 401, message, kind, "account_deactivated")
    if reason == "residency":
        host = "us.api.openai.com" if call.host.startswith("eu.") else "eu.api.openai.com"
        message = f"Attempted to access resource with incorrect regional hostname. Please make your request to {host}"
        return _answer(call, draw, 401, message, kind, "incorrect_hostname")
    if reason == "verification":
        return _not_verified(call, draw, kind)
    return _region_blocked(call, draw)  # for ownership [U]


def _not_verified(call: Call, draw: Draw, kind: str) -> Answer:
    reasoning = call.body.get("reasoning")
    if call.stream:
        needs, param = "stream this model", "stream"
    elif isinstance(reasoning, dict) and reasoning.get("summary"):
        needs, param = "generate reasoning summaries", "reasoning.summary"
    elif call.model is not None:
        message = f"Your organization must be verified to use the model `{call.model}`. {_VERIFY}"
        return _answer(call, draw, 403, message, kind, None)
    else:
        raise FaultUnfit(f"this {call.operation} call names no model that an organisation must be verified for")
    message = f"Your organization must be verified to {needs}. {_VERIFY}"
    return _answer(call, draw, 400, message, kind, "unsupported_value", param=param)


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
