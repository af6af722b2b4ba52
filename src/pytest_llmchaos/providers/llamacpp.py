"""llama.cpp's server: a dialect for hosts of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._beside import Beside, at, token_ids
from ._forms import Form
from ._openai_like import OpenAILike

if TYPE_CHECKING:
    from ..core.call import Call

__all__ = ["LlamaCpp"]


def _error(message: str, kind: str, code: int | str = "{status}") -> Any:
    return {"error": {"code": code, "message": message, "type": kind}}


def _tokens(call: Call) -> dict[str, Any]:
    return {"tokens": token_ids(call.body.get("content"))}


# The server's documentation; while a model loads, each of them gives the same JSON with 503 (measured, build 11549).
_BESIDE = (
    at("(?:health|v1/health)", {"status": "ok"}),
    at("props", {"total_slots": 4, "model_path": "model.gguf", "chat_template": "", "build_info": "b11549"}),
    at("slots", [{"id": each, "n_ctx": 4096, "speculative": False, "is_processing": False} for each in range(4)]),
    at(
        "metrics",
        b"# HELP llamacpp:requests_processing Number of requests processing.\n"
        b"# TYPE llamacpp:requests_processing gauge\nllamacpp:requests_processing 0\n",
    ),
    at("tokenize", _tokens, operation="models", methods=("POST",)),
    at("detokenize", {"content": ""}, operation="models", methods=("POST",)),
    at("(?:version|ping|healthz)", _error("File Not Found", "not_found_error", 404), status=404),
)


class LlamaCpp(OpenAILike):
    """llama.cpp's `llama-server`: chosen with `dialect = "llamacpp"` in `[tool.llmchaos.providers]`.

    Types and the text of a model that is loading: the server's source. It has no rate limit, quota or region of its
    own; these stand for the gateway in front of it [U].
    """

    dialect = "llamacpp"
    usual_host = "localhost:8080"
    everyone_has_own = True
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

    def sidelines(self, host: str) -> tuple[Beside, ...]:
        """Return what the server answers beside LLM calls."""
        return _BESIDE
