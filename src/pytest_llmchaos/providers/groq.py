"""Groq."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ._forms import Form
from ._openai_like import OpenAILike

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw

__all__ = ["Groq"]


def _error(message: str, kind: str, code: str | None = None) -> Any:
    return {"error": {"message": message, "type": kind, **({} if code is None else {"code": code})}}


_RESTRICTED = _error(
    "Organization has been restricted. Please reach out to support if you believe this was in error.",
    "invalid_request_error",
    "organization_restricted",
)


class Groq(OpenAILike):
    """Groq: `api.groq.com/openai/v1/...`.

    Texts: console.groq.com/docs/errors and bodies pasted in public repositories. A stream's last chunk holds the usage
    twice, as `usage` and in `x_groq`.
    """

    dialect = "groq"
    default_hosts = ("api.groq.com",)
    status_hosts = ("groqstatus.com", "status.groq.com")
    base_url_variables = {"GROQ_BASE_URL": ""}  # groq 1.7, _client.py
    cloudflare = True
    tells_usage = True
    request_id = "req_{token26}"
    head = (
        ("x-request-id", "{request_id}"),
        ("x-groq-region", "us-east-1"),
        ("x-ratelimit-limit-requests", "{limit_requests}"),
        ("x-ratelimit-limit-tokens", "{limit_tokens}"),
        ("x-ratelimit-remaining-requests", "{left_requests}"),
        ("x-ratelimit-remaining-tokens", "{left_tokens}"),
        ("x-ratelimit-reset-requests", "{reset_requests}"),
        ("x-ratelimit-reset-tokens", "{reset_tokens}"),
    )
    served = ("llama-3.3-70b-versatile", "llama-3.1-8b-instant", "openai/gpt-oss-120b")
    in_band = _error("Internal Server Error", "internal_server_error")
    forms = {
        "outage": Form(None, _error("{reason}", "internal_server_error")),
        "outage 503": Form(None, _error("Service Unavailable", "internal_server_error", "service_unavailable")),
        # 498 is Groq's own; its SDK does not retry it. The code is [U].
        "overloaded": Form(498, _error("Flex tier capacity exceeded", "capacity_exceeded", "flex_capacity_exceeded")),
        "rate_limit": Form(
            429,
            _error(
                "Rate limit reached for model `{model}` in organization `org_01hx7k2m9qve4tz5w8ranc3d6b` service tier "
                "`on_demand` on requests per minute (RPM): Limit {limit_requests}, Used {limit_requests}, Requested 1. "
                "Please try again in {span}. Need more tokens? Upgrade to Dev Tier today at "
                "https://console.groq.com/settings/billing",
                "requests",
                "rate_limit_exceeded",
            ),
        ),
        "quota_exhausted": Form(400, _RESTRICTED),
        "auth_revoked": Form(401, _error("Invalid API Key", "invalid_request_error", "invalid_api_key")),
        "region_blocked": Form(403, {"error": {"message": "Access denied. Please check your network settings."}}),
        "model_retired": Form(
            400,
            _error(
                "The model `{model}` has been decommissioned and is no longer supported. Please refer to "
                "https://console.groq.com/docs/deprecations for a recommendation on which model to use instead.",
                "invalid_request_error",
                "model_decommissioned",
            ),
        ),
        "access_denied suspension": Form(400, _RESTRICTED),
        # [U]
        "policy_refusal": Form(400, _error("The request was flagged as unsafe", "invalid_request_error", "unsafe")),
    }

    def described(self, name: str) -> dict[str, Any]:
        """Return one model; `active` turns false before it goes away."""
        return {**super().described(name), "owned_by": "Groq", "active": True, "context_window": 131072}

    def whole(self, call: Call, draw: Draw, body: dict[str, Any]) -> Any:
        """Return the answer with Groq's own id and its times."""
        if "choices" not in body:
            return body
        body = {**self.trimmed(body), "x_groq": {"id": self._request(call, draw)}, "service_tier": "on_demand"}
        return {**body, "usage": _timed(body["usage"])}

    def streamed(self, call: Call, draw: Draw, chunks: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield the chunks; the first names the request, the last tells the usage."""
        own: dict[str, Any] = {"x_groq": {"id": self._request(call, draw)}}
        for chunk in super().streamed(call, draw, chunks):
            if "usage" in chunk:
                chunk["usage"] = _timed(chunk["usage"])
                own = {"x_groq": {"id": self._request(call, draw), "usage": chunk["usage"]}}
            yield {**chunk, **own}
            own = {}

    def _request(self, call: Call, draw: Draw) -> str:
        return dict(self.headers(call, draw))["x-request-id"]


def _timed(usage: dict[str, Any]) -> dict[str, Any]:
    queue, prompt, spoken = 0.02, usage["prompt_tokens"] / 20_000, usage["completion_tokens"] / 300
    times = {"queue_time": queue, "prompt_time": prompt, "completion_time": spoken, "total_time": prompt + spoken}
    return {**usage, **{key: round(value, 9) for key, value in times.items()}}
