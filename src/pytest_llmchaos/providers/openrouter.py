"""OpenRouter: a router whose errors are its own, those of the provider behind it, or arrive within a 200."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..core.plan import Answer
from ._forms import Form, fill
from ._openai_like import OpenAILike
from ._sse import event
from ._wire import json_answer

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw

__all__ = ["OpenRouter"]

_BEHIND = "DeepInfra"
"""The provider behind the router, made up for all answers."""


def _error(code: int | str, message: str, **metadata: Any) -> Any:
    return {"error": {"message": message, "code": code, **({"metadata": metadata} if metadata else {})}}


class OpenRouter(OpenAILike):
    """OpenRouter: `openrouter.ai/api/v1/...`.

    Texts: openrouter.ai/docs/api/reference/errors-and-debugging and bodies pasted in public repositories. Codes are
    numbers. `overloaded` is the router's worst: it has said 200 and kept the connection alive, then the provider
    behind it gives out, so the error comes in the body or as an event of the stream.
    """

    dialect = "openrouter"
    default_hosts = ("openrouter.ai",)
    speaks_too = (("/v1/messages", "anthropic"),)
    cloudflare = True
    keep_alive = b": OPENROUTER PROCESSING\n\n"
    tells_usage = True
    ends = {"expiration_date": "{on}"}
    refuses = True
    head = (("x-generation-id", "gen-{now}-{hex16}"),)
    served = ("openai/gpt-5", "anthropic/claude-sonnet-5", "meta-llama/llama-3.3-70b-instruct")
    in_band = {
        "id": "gen-{now}-{hex16}",
        "object": "chat.completion.chunk",
        "created": "{now}",
        "model": "{model}",
        "provider": _BEHIND,
        "error": {"code": 502, "message": "Provider disconnected"},
        "choices": [
            {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": "error", "logprobs": None}
        ],
    }
    forms = {
        "outage": Form(None, _error("{status}", "{reason}")),  # [U]
        "outage 500": Form(None, _error("{status}", "Internal Server Error")),
        "outage 502": Form(None, _error("{status}", "Provider returned error", provider_name=_BEHIND, raw="error")),
        "outage 503": Form(
            None, _error("{status}", "No available model provider that meets your routing requirements")
        ),
        "overloaded": Form(200, _error(502, "Provider returned error", provider_name=_BEHIND, raw="overloaded")),
        "rate_limit": Form(429, _error(429, "Rate limit exceeded: free-models-per-min. ")),
        "quota_exhausted": Form(402, _error(402, "Insufficient credits. Add more using https://openrouter.ai/credits")),
        "auth_revoked": Form(401, _error(401, "User not found.")),
        # [U]
        "region_blocked": Form(403, _error(403, "This model is not available in your region.")),
        "model_retired": Form(404, _error(404, "No endpoints found for {model}.")),
        "policy_refusal": Form(
            403,
            _error(
                403,
                '{model} requires moderation on OpenRouter. Your input was flagged for "violence". No credits were '
                "charged.",
                reasons=["violence"],
                flagged_input="...",
                provider_name=_BEHIND,
                model_slug="{model}",
            ),
        ),
    }

    def fail(self, kind: str, call: Call, draw: Draw, **details: Any) -> Answer:
        """Return the error answer; that of an overloaded provider has status 200.

        Raises:
            FaultUnfit: the failure has no form for this operation.
        """
        if kind != "overloaded":
            return super().fail(kind, call, draw, **details)
        form, head = self.forms[kind], self.headers(call, draw)
        if not call.stream:
            return json_answer(200, head, form.body, error=kind)
        chunk = fill(self.in_band, self._values(call, draw, None))
        chunk["error"] = {"code": 502, "message": "Provider returned error"}
        head = (*head, ("content-type", "text/event-stream"))
        return Answer(200, head, (self.keep_alive + event(chunk),), events=True, error=kind)

    def described(self, name: str) -> dict[str, Any]:
        """Return one model; `expiration_date` tells of its end, null while none is announced."""
        return {"id": name, "name": name, "created": 1735689600, "context_length": 131072, "expiration_date": None}

    def whole(self, call: Call, draw: Draw, body: dict[str, Any]) -> Any:
        """Return the answer with the name of the provider behind it."""
        if "choices" not in body:
            return body
        return {**self._routed(self.trimmed(body)), "id": f"gen-{int(draw.wall)}-{draw.part('id').token(20)}"}

    def streamed(self, call: Call, draw: Draw, chunks: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield the chunks with the name of the provider behind them."""
        name = f"gen-{int(draw.wall)}-{draw.part('id').token(20)}"
        return ({**self._routed(each), "id": name} for each in super().streamed(call, draw, chunks))

    def _routed(self, body: dict[str, Any]) -> dict[str, Any]:
        choices = [{**each, "native_finish_reason": each["finish_reason"]} for each in body["choices"]]
        return {**body, "provider": _BEHIND, "choices": choices}
