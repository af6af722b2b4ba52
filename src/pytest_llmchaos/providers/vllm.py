"""vLLM's server: a dialect for hosts of one's own."""

from __future__ import annotations

from typing import Any

from ._forms import Form
from ._openai_like import OpenAILike, openai_error
from ._sse import DONE

__all__ = ["VLLM"]


def _error(message: str, kind: str, param: str | None = None) -> Any:
    return openai_error(message, kind, "{status}", param)


class VLLM(OpenAILike):
    """vLLM: chosen with `dialect = "vllm"` in `[tool.llmchaos.providers]`; it has no hosts of its own.

    Shape of errors: vLLM's serving code since about 0.10 (a class name as type, the status as a number in `code`).
    vLLM itself has no rate limit, quota or region; these stand for the gateway in front of it [U].
    """

    dialect = "vllm"
    head = (("server", "uvicorn"),)
    in_band = openai_error(
        "EngineCore encountered an issue. See stack trace for the root cause.", "InternalServerError", 500
    )
    in_band_end = DONE
    forms = {
        "outage": Form(None, _error("{reason}", "InternalServerError")),
        "outage 503": Form(None, _error("Service Unavailable", "ServiceUnavailableError")),  # [U]
        "overloaded": Form(
            503, _error("The server is overloaded. Please try again later.", "ServiceUnavailableError")
        ),  # [U]
        "rate_limit": Form(429, _error("Too many requests", "TooManyRequestsError")),
        "quota_exhausted": Form(402, _error("Payment required", "PaymentRequiredError")),
        "auth_revoked": Form(401, {"error": "Unauthorized"}),
        "region_blocked": Form(403, _error("Forbidden", "ForbiddenError")),
        "model_retired": Form(404, _error("The model `{model}` does not exist.", "NotFoundError", "model")),
        "policy_refusal": Form(400, _error("The request was rejected", "BadRequestError")),
    }
