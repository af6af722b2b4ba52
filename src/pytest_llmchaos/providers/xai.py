"""xAI, over HTTP (its own SDK speaks gRPC)."""

from __future__ import annotations

from typing import Any

from ._forms import Form
from ._openai_like import OpenAILike

__all__ = ["XAI"]


def _error(code: str, message: str) -> Any:
    return {"code": code, "error": message}


class XAI(OpenAILike):
    """xAI: `api.x.ai/v1/...`; errors are flat, with a sentence as code, and a bad key is a 400.

    Texts: bodies pasted in public repositories, but those marked.
    """

    dialect = "xai"
    default_hosts = ("api.x.ai", "*.api.x.ai")
    cloudflare = True
    tells_usage = True
    refuses = True
    head = (
        ("x-request-id", "{request_id}"),
        ("x-ratelimit-limit-requests", "{limit_requests}"),
        ("x-ratelimit-limit-tokens", "{limit_tokens}"),
        ("x-ratelimit-remaining-requests", "{left_requests}"),
        ("x-ratelimit-remaining-tokens", "{left_tokens}"),
    )
    served = ("grok-4", "grok-4-fast")
    # In a stream the error is an object, as the SDKs that speak OpenAI's dialect report it.
    in_band = {
        "error": {
            "message": (
                "The model is currently at capacity due to high demand. Please try again in a few minutes, or use a "
                "higher service tier for priority processing: "
                "https://docs.x.ai/developers/advanced-api-usage/priority-processing"
            ),
            "code": None,
        }
    }
    forms = {
        "outage": Form(None, _error("Internal error", "{reason}")),  # [U]
        "outage 503": Form(
            None, _error("The service is currently unavailable", "Service temporarily unavailable.")
        ),  # [U]
        # The text is pasted in public repositories; status and code are [U].
        "overloaded": Form(503, _error("The service is currently unavailable", in_band["error"]["message"])),
        "rate_limit": Form(
            429,
            _error(
                "Some resource has been exhausted",
                "Too many tokens for team 00000000-0000-4000-a000-000000000000 and model {model}. Your team's rate "
                "limit is — Tokens per Minute (actual/limit): {limit_tokens}/{limit_tokens}.",
            ),
        ),
        "quota_exhausted": Form(
            403,
            _error(
                "permission-denied",
                "Your team 00000000-0000-4000-a000-000000000000 has either used all available credits or reached its "
                "monthly spending limit. To continue making API requests, please purchase more credits or raise your "
                "spending limit.",
            ),
        ),
        # The API repeats ends of the key; here no part of the real one may come back.
        "auth_revoked": Form(
            400,
            _error(
                "Client specified an invalid argument",
                "Incorrect API key provided: xai-***. You can obtain an API key from https://console.x.ai.",
            ),
        ),
        # [U]
        "region_blocked": Form(403, _error("permission-denied", "The service is not available in your region.")),
        # [U]
        "model_retired": Form(
            404,
            _error(
                "Some requested entity was not found",
                "The model {model} does not exist or your team 00000000-0000-4000-a000-000000000000 does not have "
                "access to it. Please ensure you're using the correct API key.",
            ),
        ),
        "policy_refusal": Form(
            403,
            _error(
                "permission-denied",
                "Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO",
            ),
        ),
    }
