"""IBM watsonx.ai."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

from ..core.replies import Reply
from . import _watsonx_data as data
from ._base import Route, Sample
from ._forms import Form
from ._openai_like import OpenAILike, openai_error, paths
from ._openai_wire import plain_answer
from ._sse import event
from ._watsonx_account import IAM_FORMS, account, is_token
from ._wire import dump

if TYPE_CHECKING:
    from ..core.call import Call, HttpRequest
    from ..core.draw import Draw
    from ..core.plan import Answer, Headers
    from ._base import ErrorKind, Recognised

__all__ = ["Watsonx"]

_TEXT = r"/ml/v1/text"
_DEPLOYED = r"/ml/v1/deployments/(?P<model>[^/]+)/text"
_REQUESTS_A_SECOND = 8  # what a plan of one's own allows; the free one has 2


def _form(status: int | None, code: str, message: str) -> Form:
    return Form(status, {"code": code, "message": message, "trace": "{hex32}"})


class Watsonx(OpenAILike):
    """IBM watsonx.ai on IBM Cloud, with the two services that its SDK asks first, both operation `auth`.

    These are the token at `iam.cloud.ibm.com/identity/token` and the project or space at the platform's hosts
    (ibm-watsonx-ai 1.8, client.py). The model stands in the body as `model_id`, or is a deployment's name in the path;
    whether the answer is a stream stands in the path. The gateway's paths (`/ml/gateway/v1/...`) speak OpenAI's
    dialect. Sources: answers pasted in public repositories, among them the texts of a rate limit (langflow-ai/openrag
    issue 615) and of a model that is gone (i-am-bee/beeai-framework issue 1179); what is marked [U] is recalled.
    """

    dialect = "watsonx"
    sample = Sample(
        "/ml/v1/text/chat",
        {"model_id": "meta-llama/llama-3-3-70b-instruct", "messages": [{"role": "user", "content": "hi"}]},
        "/ml/v1/text/chat_stream",
    )
    usual_host = "us-south.ml.cloud.ibm.com"
    everyone_has_own = True
    default_hosts = (
        "*.ml.cloud.ibm.com",
        "*.aws.wxai.ibm.com",
        "iam.cloud.ibm.com",
        "api.dataplatform.cloud.ibm.com",
        "*.api.dataplatform.cloud.ibm.com",
        "api.*.dataplatform.cloud.ibm.com",
        "api.*.dai.cloud.ibm.com",
    )
    native = paths(
        ("POST", rf"{_TEXT}/chat", Route("chat", stream=False, needs=("model_id", "messages"))),
        ("POST", rf"{_TEXT}/chat_stream", Route("chat", stream=True, needs=("model_id", "messages"))),
        ("POST", rf"{_TEXT}/generation", Route("completions", stream=False, needs=("model_id", "input"))),
        ("POST", rf"{_TEXT}/generation_stream", Route("completions", stream=True, needs=("model_id", "input"))),
        ("POST", rf"{_TEXT}/embeddings", Route("embeddings", stream=False, needs=("model_id", "inputs"))),
        ("POST", rf"{_TEXT}/rerank", Route("rerank", stream=False, needs=("model_id", "inputs", "query"))),
        ("POST", rf"{_DEPLOYED}/chat", Route("chat", stream=False, needs=("messages",))),
        ("POST", rf"{_DEPLOYED}/chat_stream", Route("chat", stream=True, needs=("messages",))),
        ("POST", rf"{_DEPLOYED}/generation", Route("completions", stream=False)),
        ("POST", rf"{_DEPLOYED}/generation_stream", Route("completions", stream=True)),
        ("GET", r"/ml/v1/foundation_model_specs", Route("models", stream=False)),
        ("POST", r"/identity/token", Route("auth", stream=False)),
        ("GET", r"/v2/(projects|spaces)/[^/]+", Route("auth", stream=False)),
    )
    head = (("x-global-transaction-id", "{hex32}"), ("server-timing", "intid;desc={hex16}"))
    served = data.SERVED
    forms = {
        "outage": _form(None, "service_unavailable", "{reason}"),  # [U]
        "outage 500": _form(None, "downstream_request_failed", "Downstream request failed."),
        "overloaded": _form(
            503, "downstream_request_failed", "The model is overloaded. Please try again later."
        ),  # [U]
        "rate_limit": _form(
            429,
            "rate_limit_reached_requests",
            f"Rate limit of {_REQUESTS_A_SECOND} requests per 1s was reached for instance id "
            "00000000-0000-4000-a000-000000000000 (user IBMid-simulated, plan simulated)",
        ),
        "quota_exhausted": _form(403, "token_quota_reached", "Request of 1 token(s) from quota was rejected"),
        "auth_revoked": _form(401, "authentication_token_expired", "Failed to authenticate the request."),
        "region_blocked": _form(403, "user_authorization_failed", "Access from this location is not allowed."),  # [U]
        "model_retired": _form(404, "model_not_supported", "Model '{model}' is not supported"),
        "policy_refusal": _form(400, "invalid_request_entity", "The request was blocked by a guardrail."),  # [U]
    }
    in_band = {"code": "downstream_request_failed", "message": "Downstream request failed.", "trace": "{hex32}"}

    def claims(self, path: str) -> bool:
        """Tell whether the path is one of a model or leads to it: the hosts serve the rest of IBM Cloud too."""
        return path.startswith(("/ml/v1/", "/ml/gateway/v1/")) or is_token(path)

    def read(self, route: Route, request: HttpRequest) -> Recognised | None:
        """Return what the request asks for, in OpenAI's members where watsonx has others for the same."""
        found = super().read(route, request)
        if found is None or not _own(request.path):
            return found
        body = found.body
        if "tool_choice" not in body and "tool_choice_option" in body:
            body = {**body, "tool_choice": body["tool_choice_option"]}
        if route.stream:  # the usage is told without being asked for, in a chunk of its own
            body = {**body, "stream_options": {"include_usage": True}}
        named = body.get("model_id")
        return replace(found, model=found.model or (named if isinstance(named, str) and named else None), body=body)

    def answer(self, call: Call, reply: Reply | None, draw: Draw) -> Answer:
        """Return the healthy answer. Only chat and generated text say what a reply scripts.

        Raises:
            UsageProblem: the reply holds data without a JSON form.
        """
        if call.operation == "auth":
            return plain_answer(call, draw, account(call, draw))
        if not _own(call.path) or call.operation == "chat":
            return super().answer(call, reply, draw)
        if call.operation == "completions":
            return data.generation(call, reply, draw)
        other = {"embeddings": data.embeddings, "rerank": data.rerank}
        return other.get(call.operation, data.models)(call, draw)

    def error(self, kind: ErrorKind, call: Call, draw: Draw, **details: Any) -> Answer:
        """Return the answer by which the API reports the failure; see `Provider.error`.

        Raises:
            FaultUnfit: the failure has no form for this operation.
        """
        form = details.get("form", "error")
        if kind != "policy_refusal" or form == "error" or call.operation != "completions" or not _own(call.path):
            return super().error(kind, call, draw, **details)
        reply = Reply(finish="content_filter" if form == "finish" else "refusal")
        return data.generation(call, reply, draw, error=kind)

    def table(self, call: Call) -> Mapping[str, Form]:
        """Return the failures of the service that is asked."""
        return IAM_FORMS if is_token(call.path) else self.forms

    def shape(self, call: Call, status: int, body: Any) -> Any:
        """Return the error in the envelope of the API that was asked."""
        if is_token(call.path):
            return body
        part = call.path.rstrip("/").rpartition("/")[2].replace("_", "-")
        told = {
            "code": body["code"],
            "message": body["message"],
            "more_info": f"https://cloud.ibm.com/apidocs/watsonx-ai#text-{part}",
        }
        return {"errors": [told], "trace": body["trace"], "status_code": status}

    def stream_error(self, call: Call, draw: Draw) -> bytes:
        """Return the event by which a failure is told within a stream: its name says so, and the next line what."""
        if not _own(call.path):
            return event(openai_error(self.in_band["message"], "server_error", self.in_band["code"]))  # [U]
        body = {**self.in_band, "trace": draw.part("head").hex(32)}
        return b"id: 3\nevent: error\ndata: " + dump(self.shape(call, 500, body)) + b"\n\n"

    def headers(self, call: Call, draw: Draw, *, exhausted_for: float | None = None) -> Headers:
        """Return the headers of every answer, with what is left of this second's requests."""
        common = super().headers(call, draw, exhausted_for=exhausted_for)
        if call.operation == "auth":
            return common
        left = _REQUESTS_A_SECOND - 1 if exhausted_for is None else 0
        rate = (("x-requests-limit-rate", str(_REQUESTS_A_SECOND)), ("x-requests-limit-remaining", str(left)))
        return (*common, *rate)

    # --- chat, which is OpenAI's in other clothes ---------------------------------------------------------------

    def whole(self, call: Call, draw: Draw, body: dict[str, Any]) -> Any:
        """Return the answer in watsonx's members."""
        return self._dressed(call, draw, body) if "choices" in body else body

    def streamed(self, call: Call, draw: Draw, chunks: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield the chunks in watsonx's members; one without choices tells the usage at the end."""
        return (self._dressed(call, draw, each) for each in chunks)

    def framed(self, call: Call, chunks: Iterator[dict[str, Any]]) -> Iterator[bytes]:
        """Yield numbered and named events, the last of which closes the stream."""
        if not _own(call.path):
            yield from super().framed(call, chunks)
            return
        numbers = count(1)
        for chunk in chunks:
            yield data.message(next(numbers), chunk)
        # Captures disagree on whether `data: {}` follows; the SDK would give its users an empty chunk for it, on
        # which its own examples fail.
        yield b"id: %d\nevent: close\n\n" % next(numbers)

    def _dressed(self, call: Call, draw: Draw, body: dict[str, Any]) -> dict[str, Any]:
        body = self.trimmed(body)
        if not _own(call.path):
            return body
        del body["system_fingerprint"], body["object"]
        body["id"] = f"chat-{draw.part('chat').hex(32)}"
        if body.get("usage", body) is None:
            del body["usage"]
        return {**body, "model_id": body["model"], "model_version": "1.0.0", "created_at": data.created_at(draw)}


def _own(path: str) -> bool:
    """Tell whether the path is one of watsonx's own API, not of the gateway that speaks OpenAI's dialect."""
    return "/ml/v1/" in path
