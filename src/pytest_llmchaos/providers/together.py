"""Together AI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._forms import Form
from ._openai_like import OpenAILike, openai_error

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw

__all__ = ["Together"]


def _error(message: str, kind: str, code: str | None = None, param: str | None = None) -> Any:
    return {"id": "{request_id}", **openai_error(message, kind, code, param)}


class Together(OpenAILike):
    """Together AI: `api.together.xyz/v1/...`, and since its SDK 3.1 a host for inference alone.

    A 403 there is a context that is too long, not a lack of rights.

    Statuses: docs.together.ai/docs/error-codes. The answers to a model that is not served and to a bad key are pasted
    in public repositories; the texts of the others are [U].
    """

    dialect = "together"
    default_hosts = ("api.together.xyz", "api.together.ai", "api-inference.together.ai")
    base_url_variables = {"TOGETHER_BASE_URL": ""}  # together 3.1, _client.py
    cloudflare = True
    tells_usage = True
    request_id = "o{token26}"
    head = (
        ("x-together-traceid", "{hex32}"),
        ("x-ratelimit-limit", "{limit_requests}"),
        ("x-ratelimit-remaining", "{left_requests}"),
        ("x-ratelimit-reset", "{seconds}"),
    )
    served = ("meta-llama/Llama-3.3-70B-Instruct-Turbo", "openai/gpt-oss-120b")
    in_band = openai_error("Internal server error", "server_error")
    forms = {
        "outage": Form(None, _error("{reason}", "server_error")),
        "overloaded": Form(503, _error("The server is overloaded or not ready yet.", "service_unavailable")),
        "rate_limit": Form(
            429,
            _error("You have reached the rate limit specific to this model {model}.", "rate_limit", "rate_limit"),
        ),
        "quota_exhausted": Form(
            402,
            _error(
                "Credit limit exceeded, please navigate to https://api.together.ai/settings/billing to upgrade your "
                "plan or raise your limit.",
                "credit_limit",
            ),
        ),
        "auth_revoked": Form(
            401,
            _error(
                "Invalid API key provided. You can find your API key at https://api.together.ai/settings/api-keys.",
                "invalid_request_error",
                "invalid_api_key",
            ),
        ),
        "region_blocked": Form(403, _error("Access from your region is not supported.", "invalid_request_error")),
        "model_retired": Form(
            404,
            _error(
                "Unable to access model {model}. Please visit https://api.together.ai/models to view the list of "
                "supported models.",
                "invalid_request_error",
                "model_not_available",
            ),
        ),
        "policy_refusal": Form(
            422, _error("The input was flagged by the safety model.", "invalid_request_error", "content_filter")
        ),
    }

    def described(self, name: str) -> dict[str, Any]:
        """Return one model."""
        return {**super().described(name), "type": "chat", "context_length": 131072}

    def whole(self, call: Call, draw: Draw, body: dict[str, Any]) -> Any:
        """Return the answer; the list of all models is a bare JSON list there, that of one's own is none."""
        if call.path.rstrip("/").endswith("/v1/models") and "data" in body:
            return body["data"]
        return super().whole(call, draw, body)
