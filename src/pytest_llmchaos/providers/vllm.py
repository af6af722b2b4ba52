"""vLLM's server: a dialect for hosts of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._beside import Beside, at, token_ids
from ._forms import Form
from ._openai_like import OpenAILike, openai_error
from ._sse import DONE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..core.call import Call
    from ..core.draw import Draw

__all__ = ["VLLM"]


def _error(message: str, kind: str, param: str | None = None) -> Any:
    return openai_error(message, kind, "{status}", param)


def _speaks(choice: dict[str, Any]) -> bool:
    delta = choice.get("delta", choice)
    return bool(delta.get("content") or delta.get("text") or delta.get("tool_calls"))


def _tokens(call: Call) -> dict[str, Any]:
    ids = token_ids(call.body.get("prompt") or "".join(str(each) for each in call.body.get("messages") or ()))
    return {"count": len(ids), "max_model_len": 8192, "tokens": ids, "token_strs": None}


# Measured on vLLM 0.32 (`/health` has no body, in health and when its engine died); the rest as its documentation has
# it. The frontend goes on telling its version and figures when the engine is gone.
_BESIDE = (
    at("health", down=b""),
    at("ping", methods=("GET", "POST", "HEAD"), down=b""),
    at("version", {"version": "0.32.0"}, steady=True),
    at("load", {"server_load": 0}, steady=True),
    at(
        "metrics",
        b"# HELP vllm:num_requests_running Number of requests in model execution batches.\n"
        b"# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running 0.0\n",
        steady=True,
    ),
    at("tokenize", _tokens, operation="models", methods=("POST",)),
    at("detokenize", {"prompt": ""}, operation="models", methods=("POST",)),
)


class VLLM(OpenAILike):
    """vLLM: chosen with `dialect = "vllm"` in `[tool.llmchaos.providers]`; it has no hosts of its own.

    Shape of errors: vLLM's serving code since about 0.10 (a class name as type, the status as a number in `code`).
    vLLM itself has no rate limit, quota or region; these stand for the gateway in front of it [U].
    """

    dialect = "vllm"
    usual_host = "localhost:8000"
    everyone_has_own = True
    head = (("server", "uvicorn"),)
    in_band = openai_error(
        "EngineCore encountered an issue. See stack trace for the root cause.", "InternalServerError", 500
    )
    in_band_end = DONE

    def streamed(self, call: Call, draw: Draw, chunks: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield the chunks; the finish reason comes with the last word, and no empty chunk after it (vLLM 0.32)."""
        held: dict[int, dict[str, Any]] = {}
        for chunk in super().streamed(call, draw, chunks):
            choice: dict[str, Any] = chunk["choices"][0] if chunk["choices"] else {}
            before = held.pop(choice.get("index", -1), None)
            if before is not None and choice["finish_reason"] and _speaks(before["choices"][0]):
                last = {**before["choices"][0], "finish_reason": choice["finish_reason"]}
                yield {**chunk, "choices": [last]}
                continue
            if before is not None:
                yield before
            if not choice or choice["finish_reason"]:
                yield chunk
            else:
                held[choice["index"]] = chunk

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

    def sidelines(self, host: str) -> tuple[Beside, ...]:
        """Return what the server answers beside LLM calls."""
        return _BESIDE
