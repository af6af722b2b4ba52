"""The LiteLLM proxy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ._base import Route
from ._beside import Beside, at
from ._forms import Form
from ._openai_like import OpenAILike, openai_error, paths
from ._sse import DONE

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Headers

__all__ = ["LiteLLM"]

_ENGINE = r"/engines/(?P<model>.+?)"
_NO_FALLBACKS = " Received Model Group={model}\nAvailable Model Group Fallbacks=None"


def _error(message: str, kind: str | None) -> Any:
    return openai_error(message, kind)


# The proxy's source (litellm 1.108, proxy/health_endpoints). In health `/health` tells of each model behind it.
_DOWN = {"status": "shutting_down"}
_BESIDE = (
    at("health/live(?:li)?ness", "I'm alive!", down=_DOWN),
    at("health/readiness", {"status": "healthy", "db": "Not connected"}, down=_DOWN),
    at(
        "health",
        {
            "healthy_endpoints": [{"model": "openai/gpt-4o-mini"}],
            "unhealthy_endpoints": [],
            "healthy_count": 1,
            "unhealthy_count": 0,
        },
    ),
    at("health/backlog", {"in_flight_requests": 0}, steady=True),
    at("metrics", b"# HELP litellm_in_flight_requests Requests under way.\n# TYPE litellm_in_flight_requests gauge\n"),
)


class LiteLLM(OpenAILike):
    """The LiteLLM proxy: a gateway that speaks OpenAI's dialect, and Anthropic's and Gemini's beside it.

    Its hosts have `litellm` in their name, or its usual port 4000 on this machine, where a request counts only if its
    body asks for a model; any other host is named in `[tool.llmchaos.providers]`. Texts and statuses: the proxy's
    source (litellm 1.106, proxy/_types.py, proxy/route_llm_request.py, exceptions.py and the router). In its errors the
    `code` is the status as a text; a failure of the vendor behind it comes with the name of litellm's exception before
    the vendor's own words.
    """

    dialect = "litellm"
    usual_host = "localhost:4000"
    everyone_has_own = True
    default_hosts = ("*litellm*",)
    doubtful_hosts = ("localhost:4000", "127.0.0.1:4000", "0.0.0.0:4000", "[[]::1]:4000", "host.docker.internal:4000")
    speaks_too = (("/v1/messages", "anthropic"), ("/v1beta/models/", "gemini"))
    native = paths(
        ("POST", rf"{_ENGINE}/chat/completions", Route("chat", needs=("messages",))),
        ("POST", rf"{_ENGINE}/completions", Route("completions", needs=("prompt",))),
        ("POST", rf"{_ENGINE}/embeddings", Route("embeddings", stream=False, needs=("input",))),
        ("GET", r"(/v1)?/model/info", Route("models", stream=False)),
    )
    request_id = "{uuid}"
    head = (
        ("server", "uvicorn"),
        ("x-litellm-call-id", "{request_id}"),
        ("x-litellm-version", "1.106.2"),
        ("x-litellm-response-cost", "0.0001"),
        ("x-litellm-key-spend", "0.0"),
    )
    served = ("gpt-4o-mini", "claude-sonnet-4-5", "text-embedding-3-small")
    in_band = openai_error("Error processing stream", "internal_server_error", "500")
    in_band_end = DONE
    forms = {
        "outage": Form(
            None,
            _error(
                "litellm.ServiceUnavailableError: ServiceUnavailableError: OpenAIException - {reason}." + _NO_FALLBACKS,
                "internal_server_error",
            ),
        ),
        "outage 500": Form(
            None,
            _error(
                "litellm.InternalServerError: InternalServerError: OpenAIException - {reason}." + _NO_FALLBACKS,
                "internal_server_error",
            ),
        ),
        # Every deployment of the model is cooling down: the proxy says so with 429, not 503.
        "overloaded": Form(
            429,
            _error(
                "No deployments available for selected model, Try again in 5 seconds. Passed model={model}. "
                "pre-call-checks=False, cooldown_list=['{hex32}']",
                "rate_limit_error",
            ),
        ),
        "rate_limit": Form(
            429,
            _error(
                "litellm.RateLimitError: RateLimitError: OpenAIException - Rate limit reached. Try again in {span}."
                + _NO_FALLBACKS,
                "rate_limit_error",
            ),
        ),
        # 422 since litellm 1.106; 429 and 400 before it.
        "quota_exhausted": Form(
            422, _error("Budget has been exceeded! Current cost: 10.002, Max budget: 10.0", "budget_exceeded")
        ),
        "auth_revoked": Form(
            401,
            _error(
                "Authentication Error, Invalid proxy server token passed. key={hex32}, not found in db. Create key via "
                "`/key/generate` call.",
                "token_not_found_in_db",
            ),
        ),
        "region_blocked": Form(
            403,
            _error(
                "litellm.PermissionDeniedError: OpenAIException - Country, region, or territory not supported."
                + _NO_FALLBACKS,
                "permission_error",
            ),
        ),
        "model_retired": Form(
            400,
            _error(
                "{route}: Invalid model name passed in model={model}. Call `/v1/models` to view available models for "
                "your key.",
                "invalid_request_error",
            ),
        ),
        "policy_refusal": Form(
            400,
            _error(
                "litellm.BadRequestError: litellm.ContentPolicyViolationError: OpenAIException - Your request was "
                "rejected as a result of our safety system." + _NO_FALLBACKS,
                "invalid_request_error",
            ),
        ),
    }

    def sidelines(self, host: str) -> tuple[Beside, ...]:
        """Return what the proxy answers beside LLM calls."""
        return _BESIDE

    def shape(self, call: Call, status: int, body: Any) -> Any:
        """Return the error with its status as a text."""
        return {"error": {**body["error"], "code": str(status)}}

    def headers(self, call: Call, draw: Draw, *, exhausted_for: float | None = None) -> Headers:
        """Return the headers of every answer; one about a model names the deployment that was chosen."""
        common = super().headers(call, draw, exhausted_for=exhausted_for)
        if call.model is None:
            return common
        return (*common, ("x-litellm-model-group", call.model), ("x-litellm-attempted-retries", "0"))

    def described(self, name: str) -> dict[str, Any]:
        """Return one model; the proxy says of each that OpenAI owns it, and gives all of them one date."""
        return {**super().described(name), "created": 1677610602, "owned_by": "openai"}

    def whole(self, call: Call, draw: Draw, body: dict[str, Any]) -> Any:
        """Return the answer; that about models is flat in the OpenAI list, nested in the proxy's own."""
        if call.path.rstrip("/").endswith("/model/info"):
            names = [each["id"] for each in body["data"]]
            return {"data": [_info(each) for each in names]}
        return super().whole(call, draw, body)

    def streamed(self, call: Call, draw: Draw, chunks: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield the chunks; the proxy names in them the group that was asked for, whatever deployment answers."""
        for chunk in super().streamed(call, draw, chunks):
            yield {**chunk, "model": call.model or chunk["model"]}

    def _values(self, call: Call, draw: Draw, exhausted_for: float | None) -> dict[str, Any]:
        return {**super()._values(call, draw, exhausted_for), "route": call.path}


def _info(name: str) -> dict[str, Any]:
    return {
        "model_name": name,
        "litellm_params": {"model": f"openai/{name}"},
        "model_info": {"id": name, "mode": "chat", "max_input_tokens": 128000},
    }
