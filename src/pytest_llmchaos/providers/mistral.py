"""Mistral."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ._base import Route
from ._forms import Form
from ._openai_like import OpenAILike, paths

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw

__all__ = ["Mistral"]


def _error(message: str, kind: str, code: str, status: int | str = "{status}") -> Any:
    return {
        "object": "error",
        "message": message,
        "type": kind,
        "param": None,
        "code": code,
        "raw_status_code": status,
    }


class Mistral(OpenAILike):
    """Mistral: chat, agents and fill-in-the-middle (operation `completions`, answered with messages).

    Hosts: mistralai 3.7, sdkconfiguration.py. Texts: bodies pasted in public repositories; the gateway's own have
    `detail` alone. The API never sends a retry-after of itself; one that the fault asks for is sent all the same.
    """

    dialect = "mistral"
    default_hosts = ("api.mistral.ai", "api.eu.mistral.ai", "api.us.mistral.ai", "codestral.mistral.ai")
    native = paths(
        ("POST", r"/v1/fim/completions", Route("completions")),
        ("POST", r"/v1/agents/completions", Route("chat")),
    )
    cloudflare = True
    tells_usage = True
    ends = {"deprecation": "{on}T00:00:00Z", "deprecation_replacement_model": "{successor}"}
    head = (
        ("mistral-correlation-id", "{request_id}"),
        ("x-kong-request-id", "{request_id}"),
        ("x-ratelimit-limit-req-minute", "{limit_requests}"),
        ("x-ratelimit-remaining-req-minute", "{left_requests}"),
        ("x-ratelimit-limit-tokens-minute", "{limit_tokens}"),
        ("x-ratelimit-remaining-tokens-minute", "{left_tokens}"),
    )
    served = ("mistral-large-latest", "mistral-small-latest", "mistral-embed")
    in_band = _error("Internal Server Error", "internal_server_error", "3000")  # type and code are [U]
    forms = {
        "outage": Form(None, _error("{reason}", "internal_server_error", "3000")),  # [U]
        "outage 503": Form(
            None, _error("Service unavailable.", "internal_server_proxy_error", "1900")
        ),  # type and code are [U]
        "overloaded": Form(
            429, _error("Service tier capacity exceeded for this model.", "service_tier_capacity_exceeded", "3505")
        ),
        "rate_limit": Form(429, _error("Rate limit exceeded", "rate_limited", "1300")),
        "quota_exhausted": Form(402, {"detail": "Payment required"}),  # the text is [U]
        "auth_revoked": Form(401, {"detail": "Unauthorized"}),
        "region_blocked": Form(403, {"detail": "Forbidden"}),  # [U]
        "model_retired": Form(400, _error("Invalid model: {model}", "invalid_model", "1500")),
        # [U]
        "policy_refusal": Form(403, _error("The request was blocked by a guardrail.", "moderation_blocked", "4000")),
    }

    def described(self, name: str) -> dict[str, Any]:
        """Return one model, with the members that tell of its end: null while none is announced."""
        return {
            **super().described(name),
            "owned_by": "mistralai",
            "name": name,
            "capabilities": {"completion_chat": name != "mistral-embed", "function_calling": name != "mistral-embed"},
            "max_context_length": 131072,
            "aliases": [],
            "deprecation": None,
            "deprecation_replacement_model": None,
            "type": "base",
        }

    def whole(self, call: Call, draw: Draw, body: dict[str, Any]) -> Any:
        """Return the answer; that of embeddings has an id, without which the SDK refuses it."""
        if call.operation == "embeddings":
            return {"id": draw.part("id").hex(32), **body, "usage": {**body["usage"], "completion_tokens": 0}}
        return super().whole(call, draw, body)

    def trimmed(self, body: dict[str, Any]) -> dict[str, Any]:
        """Return the answer in Mistral's members; texts of fill-in-the-middle become messages."""
        body = super().trimmed(body)
        body.pop("system_fingerprint", None)
        body["id"] = body["id"].partition("-")[2]
        if body["object"] == "text_completion":
            part = "message" if "usage" in body else "delta"
            body["object"] = "chat.completion" if part == "message" else "chat.completion.chunk"
            for choice in body["choices"]:
                choice[part] = {"role": "assistant", "tool_calls": None, "content": choice.pop("text")}
        return body

    def streamed(self, call: Call, draw: Draw, chunks: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield the chunks with tool calls in one piece, as the API sends them and its SDK demands."""
        begun: dict[int, list[dict[str, Any]]] = {}
        for chunk in super().streamed(call, draw, chunks):
            kept = []
            for choice in chunk["choices"]:
                called = choice["delta"].pop("tool_calls", None)
                for piece in called or ():
                    made = begun.setdefault(choice["index"], [])
                    if "id" in piece:
                        made.append({**piece, "function": dict(piece["function"])})
                    else:
                        made[-1]["function"]["arguments"] += piece["function"]["arguments"]
                if choice["finish_reason"] and choice["index"] in begun:
                    choice["delta"]["tool_calls"] = begun.pop(choice["index"])
                if choice["finish_reason"]:
                    choice["delta"].setdefault("content", "")
                if choice["delta"]:
                    kept.append(choice)
            if kept:
                yield {**chunk, "choices": kept}
