"""Hugging Face: the router in front of many providers, and dedicated endpoints that run TGI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..core.errors import FaultUnfit
from ..core.plan import Answer
from ..core.replies import Reply
from ..core.tokens import pieces, tokens
from ._base import Route
from ._beside import Beside, at
from ._forms import Form
from ._openai_like import OpenAILike, openai_error, paths
from ._read import mapping, positive
from ._say import DECLINED, Asked, say
from ._sse import Events, event
from ._vectors import vector
from ._wire import json_answer

if TYPE_CHECKING:
    from ..core.call import Call, HttpRequest
    from ..core.draw import Draw
    from ..core.plan import Headers
    from ._base import ErrorKind, Notice, Recognised

__all__ = ["HuggingFace"]

_ENDPOINTS = ".endpoints.huggingface.cloud"
_DIMENSIONS = 384  # of the usual sentence-transformers models


def _tgi(status: int, message: str, kind: str) -> Form:
    return Form(status, {"error": message, "error_type": kind})


# What TGI's own router says (huggingface/text-generation-inference, router/src), and the proxy in front of it.
_ENDPOINT: Mapping[str, Form] = {
    "outage 503": Form(None, {"error": "Model {model} is currently loading", "estimated_time": 20.0}),
    "overloaded": _tgi(429, "Model is overloaded", "overloaded"),
    "model_retired": Form(404, {"error": "Not Found"}),  # [U] the endpoint was deleted or paused
    "policy_refusal": _tgi(422, "Input validation error: the inputs were refused", "validation"),  # [U]
}


# TGI's router (router/src/server.rs); recalled, but for the paths [U].
_TGI = (
    at("(?:health|ping)", down={"error": "unhealthy", "error_type": "healthcheck"}),
    at("info", {"model_id": "model", "max_input_tokens": 4095, "max_total_tokens": 4096, "version": "3.3.4"}),
    at("metrics", b"# HELP tgi_queue_size Requests in the queue.\n# TYPE tgi_queue_size gauge\ntgi_queue_size 0\n"),
)


class HuggingFace(OpenAILike):
    """Hugging Face: `router.huggingface.co` (chat, and `hf-inference` tasks) and dedicated endpoints.

    The hub itself (`huggingface.co`) is no LLM and is left alone. Texts: bodies pasted in public repositories, and
    TGI's source for endpoints. Requests with a key of another provider go to that provider's own host.
    """

    dialect = "huggingface"
    default_hosts = ("router.huggingface.co", f"*{_ENDPOINTS}")
    native = paths(
        ("POST", r"/hf-inference/models/(?P<model>.+?)/v1/chat/completions", Route("chat")),
        ("POST", r"/hf-inference/models/(?P<model>.+?)/pipeline/feature-extraction", Route("embeddings", stream=False)),
        ("POST", r"/hf-inference/models/(?P<model>[^/]+/[^/]+)", Route("completions")),
        ("POST", r"\A(/generate(_stream)?)?", Route("completions")),
    )
    head = (("x-request-id", "{request_id}"),)
    served = ("meta-llama/Llama-3.3-70B-Instruct", "openai/gpt-oss-120b", "tiiuae/falcon-7b-instruct")
    in_band = {"error": "Request failed during generation: Server error: ", "error_type": "generation"}
    forms = {
        "outage": Form(None, {"error": "{reason}"}),
        "outage 503": Form(None, {"error": "Model {model} is currently loading", "estimated_time": 20.0}),
        "overloaded": Form(429, {"error": "Model is overloaded", "error_type": "overloaded"}),
        "rate_limit": Form(
            429,
            {"error": "Too Many Requests"},
            (("ratelimit", '"api";r=0;t={seconds}'), ("ratelimit-policy", '"fixed window";"api";q=500;w=300')),
        ),
        "quota_exhausted": Form(
            402,
            {
                "error": (
                    "You have exceeded your monthly included credits for Inference Providers. Subscribe to PRO to get "
                    "20x more monthly included credits."
                )
            },
        ),
        "auth_revoked": Form(401, {"error": "Invalid username or password."}),
        "region_blocked": Form(403, {"error": "Access to this resource is forbidden from your region."}),  # [U]
        "model_retired": Form(
            410, {"error": "The requested model is deprecated and no longer supported by provider hf-inference."}
        ),
        "policy_refusal": Form(
            400, openai_error("The request was refused", "invalid_request_error", "content_policy")
        ),  # [U]
    }

    def sidelines(self, host: str) -> tuple[Beside, ...]:
        """Return what an endpoint answers beside LLM calls; the router answers nothing."""
        return () if host.partition(":")[0] == "router.huggingface.co" else _TGI

    def table(self, call: Call) -> Mapping[str, Form]:
        """Return the failures of the router, or those of an endpoint."""
        router = call.host.partition(":")[0] == "router.huggingface.co"
        return self.forms if router else {**self.forms, **_ENDPOINT}

    def read(self, route: Route, request: HttpRequest) -> Recognised | None:
        """Return what the request asks for; the model of an endpoint that names none is the endpoint itself.

        TGI's older path for streams needs no word in the body.
        """
        if request.path.rstrip("/").endswith("/generate_stream"):
            route = Route(route.operation, route.model, True)
        found = super().read(route, request)
        if found and found.model is None and request.host.endswith(_ENDPOINTS):
            return replace(found, model=request.host.partition(".")[0])
        return found

    def answer(self, call: Call, reply: Reply | None, draw: Draw) -> Answer:
        """Return the healthy answer: chat as OpenAI's dialect has it, tasks as TGI and the pipelines do.

        Raises:
            UsageProblem: the reply holds data without a JSON form.
        """
        if "inputs" not in call.body:
            return super().answer(call, reply, draw)
        if call.operation == "embeddings":
            given: Any = call.body["inputs"]
            vectors = [vector(call.model or "", str(each), _DIMENSIONS).tolist() for each in _list(given)]
            return json_answer(200, self.headers(call, draw), vectors if isinstance(given, list) else vectors[0])
        return self._generate(call, reply, draw)

    def error(self, kind: ErrorKind, call: Call, draw: Draw, **details: Any) -> Answer:
        """Return the answer by which the failure is reported; see `Provider.error`.

        Raises:
            FaultUnfit: the failure has no form for this operation.
        """
        form = details.get("form", "error") if kind == "policy_refusal" else "error"
        if form != "error" and "inputs" in call.body:
            if form == "finish" or call.operation != "completions":
                raise FaultUnfit("text generation knows no content filter: use form='refusal' or 'error'")
            return self._generate(call, Reply(finish="refusal"), draw, error=kind)
        answer = super().error(kind, call, draw, **details)
        if answer.status < 400:
            return answer
        # Without it huggingface_hub's async client leaves the body of an error unread, and its words are lost.
        length = ("content-length", str(sum(map(len, answer.chunks))))
        return replace(answer, headers=(*answer.headers, length))

    def announcing_headers(self, call: Call, notice: Notice) -> Headers:
        """Return the warning that huggingface_hub prints (utils/_http.py: `topic; message`); the words are ours."""
        instead = f" Use {notice.successor} instead." if notice.successor else ""
        return (("x-hf-warning", f"deprecation; {call.model} will be removed on {notice.on}.{instead}"),)

    def _generate(self, call: Call, reply: Reply | None, draw: Draw, error: str | None = None) -> Answer:
        asked = Asked(limit=positive(mapping(call.body.get("parameters")).get("max_new_tokens")))
        said = say(reply, asked, draw)
        text = said.text or (DECLINED if said.finish == "refusal" else "")
        finish = "length" if said.finish == "length" else "eos_token"
        details = {"finish_reason": finish, "generated_tokens": max(tokens(text), 1), "seed": None}
        head = self.headers(call, draw)
        if call.stream:
            head = (*head, ("content-type", "text/event-stream"))
            return Answer(200, head, Events(lambda: _stream(text, details)), events=True, error=error)
        told: dict[str, Any] = {"generated_text": text}
        if mapping(call.body.get("parameters")).get("details") is True:
            told["details"] = {**details, "prefill": [], "tokens": []}
        bare = "/generate" in call.path  # TGI's own path answers with an object, the others with a list of one
        return json_answer(200, head, told if bare else [told], error=error)


def _list(given: Any) -> list[Any]:
    return given if isinstance(given, list) else [given]


def _stream(text: str, details: dict[str, Any]) -> Iterator[bytes]:
    for index, piece in enumerate(pieces(text), 1):
        token = {"id": index, "text": piece, "logprob": -0.1, "special": False}
        yield event({"index": index, "token": token, "generated_text": None, "details": None})
    token = {"id": 2, "text": "</s>", "logprob": -0.1, "special": True}
    yield event({"index": 0, "token": token, "generated_text": text, "details": {**details, "input_length": 1}})
