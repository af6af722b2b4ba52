"""llama.cpp's server: a dialect for hosts of one's own."""

from __future__ import annotations

from typing import Any

from ._forms import Form
from ._openai_like import OpenAILike

__all__ = ["LlamaCpp"]


def _error(message: str, kind: str, code: int | str = "{status}") -> Any:
    return {"error": {"code": code, "message": message, "type": kind}}


class LlamaCpp(OpenAILike):
    """llama.cpp's `llama-server`: chosen with `dialect = "llamacpp"` in `[tool.llmchaos.providers]`.

    Types and the text of a model that is loading: the server's source. It has no rate limit, quota or region of its
    own; these stand for the gateway in front of it [U].
    """

    dialect = "llamacpp"
    head = (("server", "llama.cpp"),)
    in_band = _error("Compute error.", "server_error", 500)  # the text is [U]
    forms = {
        "outage": Form(None, _error("{reason}", "server_error")),
        "outage 503": Form(None, _error("Loading model", "unavailable_error")),
        "overloaded": Form(503, _error("no slot available", "unavailable_error")),  # the text is [U]
        "rate_limit": Form(429, _error("Too many requests", "unavailable_error")),
        "quota_exhausted": Form(402, _error("Payment required", "permission_error")),
        "auth_revoked": Form(401, _error("Invalid API Key", "authentication_error")),
        "region_blocked": Form(403, _error("Forbidden", "permission_error")),
        "model_retired": Form(404, _error("model '{model}' not found", "not_found_error")),  # the text is [U]
        "policy_refusal": Form(400, _error("The request was rejected", "invalid_request_error")),
    }
