"""How Gemini and Vertex AI report failures: google.rpc statuses as JSON.

Sources of texts: answers pasted by users in public repositories and forums, and Gemini's own troubleshooting
guide (ai.google.dev/gemini-api/docs/troubleshooting), unless a line says [U] (recalled, unconfirmed).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..core.errors import FaultUnfit
from ._cdn import CDN_STATUSES, cdn_page, reason
from ._google_wire import at_vertex, event, json_answer
from ._wire import dispatch, retry_after_headers

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Answer, Headers

__all__ = ["fail", "stream_error"]

_TYPE = "type.googleapis.com/google.rpc."
_OVERLOADED = "The model is overloaded. Please try again later."


def fail(kind: str, call: Call, draw: Draw, **details: Any) -> Answer:
    """Return the error answer of that kind; see `Provider.error`.

    Raises:
        FaultUnfit: the failure has no form for this operation.
    """
    return dispatch(_KINDS, kind, call, draw, **details)


def stream_error() -> bytes:
    """Return the event that reports a failure within a started stream; the stream closes after it."""
    return event({"error": {"code": 503, "message": _OVERLOADED, "status": "UNAVAILABLE"}})


def _answer(
    call: Call,
    draw: Draw,
    code: int,
    status: str,
    message: str,
    *,
    details: list[dict[str, Any]] | None = None,
    extra: Headers = (),
) -> Answer:
    error: dict[str, Any] = {"code": code, "message": message, "status": status}
    if details:
        error["details"] = details
    return json_answer(call, draw, code, {"error": error}, extra=extra)


def _info(why: str, service: str) -> dict[str, Any]:
    return {"@type": f"{_TYPE}ErrorInfo", "reason": why, "domain": "googleapis.com", "metadata": {"service": service}}


def _outage(call: Call, draw: Draw, *, status: int = 503, page: str = "json") -> Answer:
    if page == "html":
        return cdn_page(status, call.host, draw, cloudflare=False)
    if status in CDN_STATUSES:
        raise FaultUnfit(f"status {status} is a CDN's own and never comes as JSON: use page='html' with it")
    name, message = _OUTAGES.get(status, ("UNKNOWN", reason(status)))
    return _answer(call, draw, status, name, message)


# No code of google.rpc maps to 502, which comes from a frontend: its JSON is [U].
_OUTAGES = {
    500: (
        "INTERNAL",
        "An internal error has occurred. Please retry or report in "
        "https://developers.generativeai.google/guide/troubleshooting",
    ),
    503: ("UNAVAILABLE", "The service is currently unavailable."),
    504: ("DEADLINE_EXCEEDED", "Deadline expired before operation could complete."),
}


def _overloaded(call: Call, draw: Draw) -> Answer:
    return _answer(call, draw, 503, "UNAVAILABLE", _OVERLOADED)


def _rate_limit(call: Call, draw: Draw, *, retry_after: float | None = None, form: str = "seconds") -> Answer:
    # Neither API is known to send a header of waiting; Gemini says the time in its details. Asked for one, it
    # comes in both places: the SDK reads neither (google-genai 3.4).
    extra = retry_after_headers(retry_after, form, draw.wall)
    if at_vertex(call):
        message = (
            "Resource exhausted. Please try again later. Please refer to "
            "https://cloud.google.com/vertex-ai/generative-ai/docs/error-code-429 for more details."
        )
        return _answer(call, draw, 429, "RESOURCE_EXHAUSTED", message, extra=extra)
    wait = draw.part("reset").whole(1, 60) if retry_after is None else retry_after
    return _exhausted(call, draw, "PerMinute", "10", wait, extra)


def _quota_exhausted(call: Call, draw: Draw) -> Answer:
    if not at_vertex(call):
        return _exhausted(call, draw, "PerDay", "250", draw.part("reset").whole(1, 60), ())
    message = (
        "Quota exceeded for aiplatform.googleapis.com/generate_content_requests_per_minute_per_project_per_base_model "
        f"with base model: {call.model or 'default'}. Please submit a quota increase request. "
        "https://cloud.google.com/vertex-ai/docs/generative-ai/quotas-genai."
    )
    return _answer(call, draw, 429, "RESOURCE_EXHAUSTED", message)


def _exhausted(call: Call, draw: Draw, span: str, limit: str, wait: float, extra: Headers) -> Answer:
    """Return Gemini's 429, the same for a minute's rate and a day's quota but for the quota it names."""
    model = call.model or "default"
    metric = "generativelanguage.googleapis.com/generate_content_free_tier_requests"
    guide = "https://ai.google.dev/gemini-api/docs/rate-limits"
    told = f"{wait:.9f}".rstrip("0").rstrip(".")
    message = (
        "You exceeded your current quota, please check your plan and billing details. For more information on this "
        f"error, head to: {guide}. To monitor your current usage, head to: https://ai.dev/rate-limit. \n* Quota "
        f"exceeded for metric: {metric}, limit: {limit}, model: {model}\nPlease retry in {told}s."
    )
    details: list[dict[str, Any]] = [
        {"@type": f"{_TYPE}Help", "links": [{"description": "Learn more about Gemini API quotas", "url": guide}]},
        {
            "@type": f"{_TYPE}QuotaFailure",
            "violations": [
                {
                    "quotaMetric": metric,
                    "quotaId": f"GenerateRequests{span}PerProjectPerModel-FreeTier",
                    "quotaDimensions": {"location": "global", "model": model},
                    "quotaValue": limit,
                }
            ],
        },
        {"@type": f"{_TYPE}RetryInfo", "retryDelay": f"{math.ceil(wait)}s"},  # in whole seconds here
    ]
    return _answer(call, draw, 429, "RESOURCE_EXHAUSTED", message, details=details, extra=extra)


def _auth_revoked(call: Call, draw: Draw) -> Answer:
    if at_vertex(call):
        message = (
            "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other "
            "valid authentication credential. See "
            "https://developers.google.com/identity/sign-in/web/devconsole-project."
        )
        info = _info("ACCESS_TOKEN_TYPE_UNSUPPORTED", "aiplatform.googleapis.com")
        return _answer(call, draw, 401, "UNAUTHENTICATED", message, details=[info])
    # A bad key is a 400 here, not a 401.
    info = _info("API_KEY_INVALID", "generativelanguage.googleapis.com")
    message = "API key not valid. Please pass a valid API key."
    return _answer(call, draw, 400, "INVALID_ARGUMENT", message, details=[info])


def _region_blocked(call: Call, draw: Draw) -> Answer:
    # Seen at Gemini; for Vertex AI [U].
    return _answer(call, draw, 400, "FAILED_PRECONDITION", "User location is not supported for the API use.")


def _model_retired(call: Call, draw: Draw, *, successor: str | None = None) -> Answer:
    # Neither text has a place for a successor.
    if call.model is None:
        raise FaultUnfit(f"this {call.operation} call names no model that could be retired")
    if at_vertex(call):
        # For another publisher's models the same text [U].
        where = call.path.partition("/projects/")[2].partition(":")[0]
        name = f"projects/{where}" if where else call.path.lstrip("/").partition("/")[2].partition(":")[0]
        message = (
            f"Publisher Model `{name}` was not found or your project does not have access to it. Please ensure you "
            "are using a valid model version. For more information, see: "
            "https://cloud.google.com/vertex-ai/generative-ai/docs/learn/model-versions"
        )
        return _answer(call, draw, 404, "NOT_FOUND", message)
    version = re.search(r"/(v\d\w*)/", call.path)
    method = call.path.rpartition(":")[2] if ":" in call.path else "getModel"
    message = (
        f"models/{call.model} is not found for API version {version[1] if version else 'v1beta'}, or is not supported "
        f"for {method}. Call ListModels to see the list of available models and their supported methods."
    )
    return _answer(call, draw, 404, "NOT_FOUND", message)


def _retired_as_quota(call: Call, draw: Draw, *, successor: str | None = None) -> Answer:
    # A retired model has a quota of 0 for the free tier, and the answer asks to try again in some seconds.
    if call.model is None:
        raise FaultUnfit(f"this {call.operation} call names no model that could be retired")
    if at_vertex(call):  # not seen there
        return replace(_model_retired(call, draw), status=429)
    return _exhausted(call, draw, "PerDay", "0", draw.part("reset").whole(1, 60), ())


def _access_denied(call: Call, draw: Draw, *, reason: str = "ownership") -> Answer:
    if reason == "suspension":
        vertex = at_vertex(call)
        service = "aiplatform.googleapis.com" if vertex else "generativelanguage.googleapis.com"
        # The API repeats the key; here no part of the real one may come back. For Vertex AI [U].
        consumer = "projects/0" if vertex else "api_key:AIza****"
        message = f"Permission denied: Consumer '{consumer}' has been suspended."
        info = _info("CONSUMER_SUSPENDED", service)
        return _answer(call, draw, 403, "PERMISSION_DENIED", message, details=[info])
    if reason == "verification":
        return _answer(call, draw, 403, "PERMISSION_DENIED", "The caller does not have permission")  # [U]
    return _region_blocked(call, draw)


_KINDS: dict[str, Callable[..., Answer]] = {
    "outage": _outage,
    "overloaded": _overloaded,
    "rate_limit": _rate_limit,
    "quota_exhausted": _quota_exhausted,
    "auth_revoked": _auth_revoked,
    "region_blocked": _region_blocked,
    "model_retired": _model_retired,
    "model_retired 429": _retired_as_quota,
    "access_denied": _access_denied,
}
