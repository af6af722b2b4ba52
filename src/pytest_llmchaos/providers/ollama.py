"""Ollama: its own API, and OpenAI's dialect beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..core.errors import FaultUnfit
from . import _ollama_native as native
from ._base import Route, Sample
from ._beside import Beside, at
from ._forms import Form
from ._openai_like import OpenAILike, openai_error, paths
from ._wire import dump

if TYPE_CHECKING:
    from ..core.call import Call, HttpRequest
    from ..core.draw import Draw
    from ..core.plan import Answer
    from ..core.replies import Reply
    from ._base import ErrorKind, Recognised

__all__ = ["Ollama"]

# The kinds of error that Ollama's OpenAI dialect makes of a status (ollama, openai/openai.go).
_TYPES = {400: "invalid_request_error", 404: "not_found_error"}


def _form(status: int | None, message: str) -> Form:
    return Form(status, {"error": message})


_BESIDE = (at("", b"Ollama is running"),)  # its root, which health checks ask; the rest are routes of their own


class Ollama(OpenAILike):
    """Ollama on its own port, wherever that is, and its cloud: `/api/...` and `/v1/...`.

    On `/api/chat` and `/api/generate` the answer is a stream unless the request says otherwise. Texts: Ollama's source
    and bodies pasted in public issues. The limits are those of the cloud; a server of one's own has none.
    """

    dialect = "ollama"
    usual_host = "localhost:11434"
    sample = Sample(
        "/api/chat", {"model": "llama3.2", "stream": False, "messages": [{"role": "user", "content": "hi"}]}
    )
    default_hosts = ("*:11434", "ollama.com", "api.ollama.com")
    speaks_too = (("/v1/messages", "anthropic"),)
    base_url_variables = {"OLLAMA_HOST": ""}  # ollama 0.6, _client.py
    native = paths(
        ("POST", r"/api/chat", Route("chat", needs=("model", "messages"))),
        ("POST", r"/api/generate", Route("completions", needs=("model", "prompt"))),
        ("POST", r"/api/embed", Route("embeddings", stream=False, needs=("model", "input"))),
        ("POST", r"/api/embeddings", Route("embeddings", stream=False, needs=("model", "prompt"))),
        ("POST", r"/api/show", Route("models", stream=False)),
        ("GET", r"/api/(tags|ps|version)", Route("models", stream=False)),
    )
    head = ()
    served = ("llama3.2:latest", "nomic-embed-text:latest")
    in_band = {"error": "an error was encountered while running the model: CUDA error"}
    forms = {
        "outage": _form(None, "{reason}"),
        "outage 500": _form(None, "llama runner process has terminated: signal: killed"),
        # Two spaces, as in the source (server/sched.go).
        "overloaded": _form(503, "server busy, please try again.  maximum pending requests exceeded"),
        "rate_limit": _form(429, "too many requests, please try again in {span}"),  # [U]
        "quota_exhausted": _form(429, "you have reached your hourly usage limit, please upgrade to continue"),
        "auth_revoked": _form(401, "unauthorized"),
        "region_blocked": _form(403, "forbidden"),  # [U]
        "model_retired": _form(404, "model '{model}' not found"),
        "policy_refusal": _form(403, "this request was refused"),  # [U]
    }

    def sidelines(self, host: str) -> tuple[Beside, ...]:
        """Return what the server answers beside LLM calls."""
        return _BESIDE

    def read(self, route: Route, request: HttpRequest) -> Recognised | None:
        """Return what the request asks for; the native API streams unless told not to."""
        found = super().read(route, request)
        if found is None or not _is_native(request.path):
            return found
        model = found.model or (found.body.get("name") if isinstance(found.body.get("name"), str) else None)
        streams = route.stream is None and found.body.get("stream") is not False
        return replace(found, model=model, stream=streams)

    def answer(self, call: Call, reply: Reply | None, draw: Draw) -> Answer:
        """Return the healthy answer in the API that was asked.

        Raises:
            UsageProblem: the reply holds data without a JSON form.
        """
        if not _is_native(call.path):
            return super().answer(call, reply, draw)
        if call.operation == "embeddings":
            return native.embed(call, draw)
        if call.operation == "models":
            return native.listed(call, draw, self.served)
        return native.talk(call, reply, draw)

    def error(self, kind: ErrorKind, call: Call, draw: Draw, **details: Any) -> Answer:
        """Return the answer by which the server reports the failure; see `Provider.error`.

        Raises:
            FaultUnfit: the failure has no form for this operation.
        """
        form = details.get("form")
        if kind == "policy_refusal" and form != "error" and _is_native(call.path) and form is not None:
            if call.operation not in ("chat", "completions"):
                raise FaultUnfit(f"a {call.operation} call has no answer that ends in a refusal: use form='error'")
            from ..core.replies import Reply

            return native.talk(call, Reply(finish="refusal"), draw, error=kind)
        return super().error(kind, call, draw, **details)

    def heartbeat(self, call: Call) -> bytes:
        """Return the comment of the OpenAI dialect.

        Raises:
            FaultUnfit: the call goes to the API of its own, whose lines have no comments.
        """
        if _is_native(call.path):
            raise FaultUnfit("the lines of Ollama's own API have no heartbeat")
        return super().heartbeat(call)

    def stream_error(self, call: Call, draw: Draw) -> bytes:
        """Return the line that reports a failure within a started stream, or the event of the OpenAI dialect."""
        if _is_native(call.path):
            return dump(self.in_band) + b"\n"
        return super().stream_error(call, draw)

    def shape(self, call: Call, status: int, body: Any) -> Any:
        """Return the error as the API that was asked has it."""
        if _is_native(call.path):
            return body
        return openai_error(body["error"], _TYPES.get(status, "api_error"))


def _is_native(path: str) -> bool:
    return "/v1/" not in path
