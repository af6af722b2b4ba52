"""How Bedrock's runtime reports failures: modelled exceptions, named in a header.

Names and statuses are those of botocore's service model (1.44, bedrock-runtime, service-2.json), so that boto3
raises `client.exceptions.ThrottlingException` and its like. Sources of texts: errors pasted by users in public
repositories and in AWS's own forum, unless a line says [U] (recalled, unconfirmed).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..core.errors import FaultUnfit
from ..core.plan import Answer, Headers
from ._bedrock_frames import exception_frame
from ._bedrock_wire import headers
from ._cdn import CDN_STATUSES, cdn_page, reason
from ._wire import dispatch, dump, retry_after_headers

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw

__all__ = ["fail", "stream_error"]

_NAMESPACE = ":http://internal.amazon.com/coral/com.amazon.bedrock/"  # follows the name in the header
_UNABLE = "Bedrock is unable to process your request."


def fail(kind: str, call: Call, draw: Draw, **details: Any) -> Answer:
    """Return the error answer of that kind; see `Provider.error`.

    Raises:
        FaultUnfit: the failure has no form for this operation.
    """
    return dispatch(_KINDS, kind, call, draw, **details)


def stream_error() -> bytes:
    """Return the exception frame that reports a failure within a started stream; the stream closes after it."""
    return exception_frame("serviceUnavailableException", {"message": _UNABLE})


def _answer(draw: Draw, status: int, name: str | None, message: str, *, extra: Headers = ()) -> Answer:
    named = (("x-amzn-errortype", name + _NAMESPACE),) if name else ()
    head = (*headers(draw), ("content-type", "application/json"), *named, *extra)
    return Answer(status, head, (dump({"message": message}),))


def _outage(call: Call, draw: Draw, *, status: int = 503, page: str = "json") -> Answer:
    if page == "html":
        return cdn_page(status, call.host, draw, cloudflare=False)
    if status in CDN_STATUSES:
        raise FaultUnfit(f"status {status} is a CDN's own and never comes as JSON: use page='html' with it")
    name, message = _OUTAGES.get(status, (None, reason(status)))
    return _answer(draw, status, name, message)


# 502 and 504 are a frontend's and no modelled exception: boto3 raises its ClientError for them. The text of 500
# is the service model's.
_OUTAGES = {
    500: ("InternalServerException", "An internal server error occurred. Retry your request."),
    503: ("ServiceUnavailableException", _UNABLE),
}


def _overloaded(call: Call, draw: Draw) -> Answer:
    if "imported-model" in (call.model or ""):  # a model of one's own, which is loaded when it is asked
        message = "Model is not ready for inference. Please wait and try your request again"
        return _answer(draw, 429, "ModelNotReadyException", message)
    message = "Too many connections, please wait before trying again."
    return _answer(draw, 503, "ServiceUnavailableException", message)


def _rate_limit(call: Call, draw: Draw, *, retry_after: float | None = None, form: str = "seconds") -> Answer:
    # The service is not known to send a time to wait. Of those that can be asked for, botocore's standard mode
    # heeds the one in milliseconds, which bears AWS's own name (retries/standard.py).
    extra = retry_after_headers(retry_after, "date" if form == "date" else "seconds", draw.wall)
    if form == "ms" and retry_after is not None:
        extra = (("x-amz-retry-after", str(math.ceil(retry_after * 1000))), *extra)
    message = "Too many requests, please wait before trying again."
    return _answer(draw, 429, "ThrottlingException", message, extra=extra)


def _quota_exhausted(call: Call, draw: Draw) -> Answer:
    message = "Too many tokens per day, please wait before trying again."
    return _answer(draw, 429, "ThrottlingException", message)


def _auth_revoked(call: Call, draw: Draw) -> Answer:
    # Not modelled: boto3 raises its plain ClientError.
    message = "The security token included in the request is invalid."
    return _answer(draw, 403, "UnrecognizedClientException", message)


def _region_blocked(call: Call, draw: Draw) -> Answer:
    if "anthropic." in (call.model or "") or "anthropic_version" in call.body:
        message = "Access to Anthropic models is not allowed from unsupported countries, regions, or territories."
        return _answer(draw, 400, "ValidationException", message)
    # Other makers block no country; a policy of one's organisation that denies the region does.
    message = "You don't have access to the model with the specified model ID."
    return _answer(draw, 403, "AccessDeniedException", message)


def _model_retired(call: Call, draw: Draw, *, successor: str | None = None) -> Answer:
    # The text names neither the model nor a successor.
    message = (
        "This model version has reached the end of its life. Please refer to the AWS documentation for more details."
    )
    return _answer(draw, 404, "ResourceNotFoundException", message)


def _policy_refusal(call: Call, draw: Draw) -> Answer:
    if call.operation != "chat":
        raise FaultUnfit(f"the bedrock dialect refuses no {call.operation} call for its content")
    # Seen at Amazon's own models.
    message = "This request has been blocked by our content filters."
    return _answer(draw, 400, "ValidationException", message)


def _access_denied(call: Call, draw: Draw, *, reason: str = "ownership") -> Answer:
    if reason == "verification" and "anthropic." in (call.model or ""):
        message = (
            "Model use case details have not been submitted for this account. Fill out the Anthropic use case details "
            "form before using the model. If you have already filled out the form, try again in 15 minutes."
        )
        return _answer(draw, 404, "ResourceNotFoundException", message)  # [U]
    if reason == "ownership":
        return _region_blocked(call, draw)
    return _answer(
        draw, 403, "AccessDeniedException", "You don't have access to the model with the specified model ID."
    )


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
