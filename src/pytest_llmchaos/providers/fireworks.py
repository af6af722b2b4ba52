"""Fireworks AI."""

from __future__ import annotations

from typing import Any

from ._forms import Form
from ._openai_like import OpenAILike

__all__ = ["Fireworks"]


def _error(message: str, code: str, kind: str = "invalid_request_error") -> Any:
    return {"error": {"object": "error", "type": kind, "code": code, "message": message}}


class Fireworks(OpenAILike):
    """Fireworks AI: `api.fireworks.ai/inference/v1/...`; models are named `accounts/ACCOUNT/models/MODEL`.

    The answers to a missing model and to a suspended account are pasted in public repositories; the others are [U].
    """

    dialect = "fireworks"
    default_hosts = ("api.fireworks.ai",)
    speaks_too = (("/v1/messages", "anthropic"),)
    # fireworks-ai 1.2, _client.py; with another base URL it leaves out the part before `/v1`.
    base_url_variables = {"FIREWORKS_BASE_URL": "/inference"}
    tells_usage = True
    head = (
        ("x-request-id", "{request_id}"),
        ("x-ratelimit-limit-requests", "{limit_requests}"),
        ("x-ratelimit-remaining-requests", "{left_requests}"),
        ("x-ratelimit-over-limit", "no"),
    )
    served = ("accounts/fireworks/models/llama-v3p3-70b-instruct", "accounts/fireworks/models/deepseek-v3p1")
    in_band = _error("Internal server error", "INTERNAL", "internal_server_error")
    forms = {
        "outage": Form(None, _error("{reason}", "INTERNAL", "internal_server_error")),
        "overloaded": Form(
            503, _error("Service overloaded, please try again later", "UNAVAILABLE", "internal_server_error")
        ),
        "rate_limit": Form(
            429, _error("Rate limit exceeded, please try again later", "RESOURCE_EXHAUSTED", "rate_limit")
        ),
        "quota_exhausted": Form(
            412,
            {
                "error": {
                    "message": (
                        "Account acme is suspended, possibly due to reaching the monthly spending limit or failure to "
                        "pay past invoices. Please go to https://fireworks.ai/account/billing for more information."
                    ),
                    "type": "api_error",
                }
            },
        ),
        "auth_revoked": Form(
            401, _error("The API key you provided is invalid.", "UNAUTHORIZED", "invalid_request_error")
        ),
        "region_blocked": Form(403, _error("Forbidden", "PERMISSION_DENIED")),
        "model_retired": Form(404, _error("Model not found, inaccessible, and/or not deployed", "NOT_FOUND")),
        "policy_refusal": Form(400, _error("The request was blocked by content moderation", "INVALID_ARGUMENT")),
    }
