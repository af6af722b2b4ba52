"""DeepSeek."""

from __future__ import annotations

from typing import Any

from ._forms import Form
from ._openai_like import OpenAILike, openai_error

__all__ = ["DeepSeek"]


def _error(message: str, kind: str) -> Any:
    return openai_error(message, kind, "invalid_request_error")


class DeepSeek(OpenAILike):
    """DeepSeek: `api.deepseek.com/chat/completions`, with or without `/v1` or `/beta`.

    Statuses: api-docs.deepseek.com/quick_start/error_codes. Bodies pasted in public repositories, but those marked.
    While a request is queued the connection is kept alive with comments [U].
    """

    dialect = "deepseek"
    default_hosts = ("api.deepseek.com",)
    speaks_too = (("/anthropic/", "anthropic"),)
    status_hosts = ("status.deepseek.com", "deepseek.statuspage.io")
    keep_alive = b": keep-alive\n\n"
    head = (("x-ds-trace-id", "{hex32}"),)
    served = ("deepseek-chat", "deepseek-reasoner")
    in_band = openai_error("Internal server error", "server_error")
    forms = {
        "outage": Form(None, openai_error("{reason}", "server_error")),  # [U]
        "overloaded": Form(
            503,
            openai_error(
                "Service is too busy. We advise users to temporarily switch to alternative LLM API service providers.",
                "service_unavailable_error",
                "service_unavailable_error",
            ),
        ),
        "rate_limit": Form(429, _error("Rate limit reached", "rate_limit_reached_error")),  # [U]
        "quota_exhausted": Form(402, _error("Insufficient Balance", "unknown_error")),
        # The API repeats the key's end; here no part of the real one may come back.
        "auth_revoked": Form(
            401, _error("Authentication Fails, Your api key: **** is invalid", "authentication_error")
        ),
        "region_blocked": Form(403, _error("Access denied", "permission_error")),  # [U]
        "model_retired": Form(400, _error("Model Not Exist", "invalid_request_error")),
        "policy_refusal": Form(400, _error("Content Exists Risk", "invalid_request_error")),
    }

    def trimmed(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the answer with what the prompt's cache had."""
        body = super().trimmed(body)
        if usage := body.get("usage"):
            body["usage"] = {**usage, "prompt_cache_hit_tokens": 0, "prompt_cache_miss_tokens": usage["prompt_tokens"]}
        return body
