"""Azure OpenAI: deployments, content filters and errors of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ._base import Route, Sample
from ._forms import Form
from ._openai_like import OpenAILike, openai_error, paths

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw

__all__ = ["Azure"]

_DEPLOYMENT = r"/openai/deployments/(?P<model>[^/]+)"
_SAFE = {"filtered": False, "severity": "safe"}
_UNSEEN = {"filtered": False, "detected": False}
_CATEGORIES = ("hate", "self_harm", "sexual", "violence")
_HIGH = {"filtered": True, "severity": "high"}


def _error(code: str, message: str) -> Any:
    return {"error": {"code": code, "message": message}}


class Azure(OpenAILike):
    """Azure OpenAI, classic (`/openai/deployments/NAME/...`), responses and v1 (`/openai/v1/...`) paths.

    On classic paths the model of a call is the deployment's name, for it is all that the request tells for sure.
    Texts: bodies pasted in public issues (Azure-Samples, azurechat issue 351 for the content filter).
    """

    dialect = "azure"
    sample = Sample("/openai/deployments/gpt-4o/chat/completions", {"messages": [{"role": "user", "content": "hi"}]})
    usual_host = "llmchaos.openai.azure.com"
    everyone_has_own = True
    default_hosts = ("*.openai.azure.com", "*.services.ai.azure.com", "*.cognitiveservices.azure.com")
    speaks_too = (("/anthropic/", "anthropic"),)
    # openai 3.57, lib/azure.py: beside an OPENAI_API_KEY it makes the module-level client refuse to choose; anthropic
    # 2.14, lib/foundry.py: it and ANTHROPIC_FOUNDRY_RESOURCE exclude each other.
    base_url_variables = {"AZURE_OPENAI_ENDPOINT": "", "ANTHROPIC_FOUNDRY_BASE_URL": "/anthropic"}
    base_url_when_named = True
    native = paths(
        ("POST", rf"{_DEPLOYMENT}/chat/completions", Route("chat", needs=("messages",))),
        ("POST", rf"{_DEPLOYMENT}/completions", Route("completions", needs=("prompt",))),
        ("POST", rf"{_DEPLOYMENT}/embeddings", Route("embeddings", stream=False, needs=("input",))),
        ("POST", rf"{_DEPLOYMENT}/images/generations", Route("images", needs=("prompt",))),
        ("POST", rf"{_DEPLOYMENT}/images/edits", Route("images", needs=("image", "prompt"))),
        ("POST", rf"{_DEPLOYMENT}/audio/speech", Route("audio", needs=("input", "voice"))),
        ("POST", rf"{_DEPLOYMENT}/audio/transcriptions", Route("audio", needs=("file",))),
        ("POST", rf"{_DEPLOYMENT}/audio/translations", Route("audio", stream=False, needs=("file",))),
    )
    head = (
        ("apim-request-id", "{uuid}"),
        ("x-request-id", "{request_id}"),
        ("x-ms-region", "East US 2"),
        ("x-ratelimit-remaining-requests", "{left_requests}"),
        ("x-ratelimit-remaining-tokens", "{left_tokens}"),
    )
    request_id = "{uuid}"
    refuses = True
    dated = True
    served = ("gpt-4o-2024-08-06", "gpt-4o-mini-2024-07-18", "text-embedding-3-small-1")
    forms = {
        "outage": Form(None, _error("ServiceUnavailable", "{reason}")),  # [U]
        "outage 500": Form(
            None,
            openai_error("The server had an error while processing your request. Sorry about that!", "server_error"),
        ),  # [U]
        # Status and text from public code that handles it; the code is [U].
        "overloaded": Form(
            429,
            _error(
                "429",
                "The system is currently experiencing high demand and cannot process your request. Your request "
                "exceeds the maximum usage size allowed during peak load. For improved capacity reliability, consider "
                "switching to Provisioned Throughput.",
            ),
        ),
        "rate_limit": Form(
            429,
            _error(
                "429",
                "Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 have "
                "exceeded token rate limit of your current OpenAI S0 pricing tier. Please retry after {seconds} "
                "seconds. Please go here: https://aka.ms/oai/quotaincrease if you would like to further increase the "
                "default rate limit.",
            ),
        ),
        "quota_exhausted": Form(
            403, _error("403", "Out of call volume quota. Quota will be replenished later.")
        ),  # [U]
        "auth_revoked": Form(
            401,
            _error(
                "401",
                "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key "
                "for an active subscription and use a correct regional API endpoint for your resource.",
            ),
        ),
        "region_blocked": Form(403, _error("403", "Access denied due to Virtual Network/Firewall rules.")),
        # A deployment whose model was retired; that 410 comes too is told nowhere. Once the deployment itself is
        # deleted, it is the 404 `DeploymentNotFound`.
        "model_retired": Form(400, _error("ModelDeprecated", "This deployment can no longer be used.")),
        "model_retired 404": Form(404, _error("404", "Resource not found")),
        "model_retired models": Form(404, _error("404", "Resource not found")),
        "policy_refusal": Form(
            400,
            {
                "error": {
                    "message": (
                        "The response was filtered due to the prompt triggering Azure OpenAI's content management "
                        "policy. Please modify your prompt and retry. To learn more about our content filtering "
                        "policies please read our documentation: https://go.microsoft.com/fwlink/?linkid=2198766"
                    ),
                    "type": None,
                    "param": "prompt",
                    "code": "content_filter",
                    "status": 400,
                    "innererror": {
                        "code": "ResponsibleAIPolicyViolation",
                        "content_filter_result": {**dict.fromkeys(_CATEGORIES, _SAFE), "hate": _HIGH},
                    },
                }
            },
        ),
    }

    def claims(self, path: str) -> bool:
        """Tell whether the path is one of a model: speech, vision and search have the same hosts."""
        return path.lower().startswith(("/openai/", "/models", "/anthropic/"))

    def whole(self, call: Call, draw: Draw, body: dict[str, Any]) -> Any:
        """Return the answer with the filters' results beside prompt and choices."""
        if "choices" not in body:
            return body
        body = self.trimmed(body)
        return {**body, "choices": [_judged(each) for each in body["choices"]], "prompt_filter_results": _PROMPT}

    def streamed(self, call: Call, draw: Draw, chunks: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield a first chunk without choices that judges the prompt, then the chunks with the filters' results."""
        yield {"choices": [], "created": 0, "id": "", "model": "", "object": "", "prompt_filter_results": _PROMPT}
        for chunk in super().streamed(call, draw, chunks):
            yield {**chunk, "choices": [_judged(each) for each in chunk["choices"]]}


_PROMPT = [
    {
        "prompt_index": 0,
        "content_filter_results": {**dict.fromkeys(_CATEGORIES, _SAFE), "jailbreak": _UNSEEN},
    }
]


def _judged(choice: dict[str, Any]) -> dict[str, Any]:
    """Return the choice with what the filters say of its text; there is nothing to say of a chunk without any."""
    filtered = choice["finish_reason"] == "content_filter"
    if filtered:
        results: dict[str, Any] = {**dict.fromkeys(_CATEGORIES, _SAFE), "hate": _HIGH}
    elif choice.get("delta", {"content": True}).get("content"):
        results = {
            **dict.fromkeys(_CATEGORIES, _SAFE),
            "protected_material_code": _UNSEEN,
            "protected_material_text": _UNSEEN,
        }
    else:
        results = {}
    return {**choice, "content_filter_results": results}
