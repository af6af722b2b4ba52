"""OpenAI, and every server that speaks its dialect."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from ..core.errors import FaultUnfit
from ..core.replies import Reply
from . import _openai_errors as errors
from . import _openai_wire as wire
from ._base import Route, Sample
from ._beside import at
from ._notice import announce_listed
from ._openai_audio import audio, speech_streams
from ._openai_chat import chat, completions
from ._openai_embeddings import embeddings
from ._openai_images import images
from ._openai_models import models, openai_models
from ._openai_moderation import moderation
from ._openai_rerank import rerank
from ._openai_responses import count_tokens, responses
from ._read import JsonProvider
from ._sse import DONE, event

if TYPE_CHECKING:
    from ..core.call import Call, HttpRequest
    from ..core.draw import Draw
    from ..core.plan import Answer, Headers
    from ._base import ErrorKind, Notice, Recognised
    from ._beside import Beside

__all__ = ["OpenAI"]

_COUNT = "responses/input_tokens"

# What a path ends in; before it may stand `/v1` or a gateway's own prefix.
_ROUTES = tuple(
    (verb, rf"/{path}/*\Z", route)
    for verb, path, route in (
        ("POST", "chat/completions", Route("chat", needs=("model", "messages"))),
        ("POST", "responses", Route("chat", needs=("model", "input"))),
        # Asks about a model and generates nothing: as `chat` it would count as an answer that nobody gave.
        ("POST", _COUNT, Route("models", stream=False, needs=("model", "input"))),
        ("POST", "completions", Route("completions", needs=("model", "prompt"))),
        ("POST", "embeddings", Route("embeddings", stream=False, needs=("model", "input"))),
        ("POST", "images/generations", Route("images", needs=("model", "prompt"))),
        ("POST", "images/edits", Route("images", needs=("model", "image", "prompt"))),
        ("POST", "audio/speech", Route("audio", needs=("model", "input", "voice"))),
        ("POST", "audio/transcriptions", Route("audio", needs=("model", "file"))),
        ("POST", "audio/translations", Route("audio", stream=False, needs=("model", "file"))),
        ("POST", "rerank", Route("rerank", stream=False, needs=("model", "query", "documents"))),
        ("POST", "moderations", Route("moderation", stream=False, needs=("model", "input"))),
        ("GET", "models", Route("models", stream=False)),
        # Names may have slashes of their own, as at gateways: `meta-llama/llama-4`.
        ("GET", r"models/(?P<model>[^/].*?)", Route("models", stream=False)),
    )
)


class OpenAI(JsonProvider):
    """The dialect of api.openai.com.

    Covers chat completions and the Responses API (both operation `chat`), legacy completions, embeddings,
    images (made and edited), speech and transcriptions (operation `audio`), moderation and models, plain and
    streamed where the API streams. Hosts: the global one and those of data residency (openai 3.54, _data_residency.py).
    Servers that share the dialect rerank too. Providers that share it derive from `_openai_like.OpenAILike`, which
    says what differs there.

    Attributes:
        keep_alive: comment that comes before the first event of a chat stream.
        tells_usage: whether a chat stream's last chunk holds the usage though nobody asked for it.
        alters: whether a healthy answer's body is another one there than OpenAI's; told by `whole`.
    """

    dialect = "openai"
    sample: ClassVar[Sample | None] = Sample(
        "/v1/chat/completions", {"model": "a-model", "messages": [{"role": "user", "content": "hi"}]}
    )
    default_hosts = wire.HOSTS
    status_hosts: ClassVar[tuple[str, ...]] = ("status.openai.com",)
    base_url_variables: ClassVar[Mapping[str, str]] = {"OPENAI_BASE_URL": "/v1"}  # openai 3.57, lib/_client_auth.py
    routes = _ROUTES

    keep_alive: ClassVar[bytes] = b""
    tells_usage: ClassVar[bool] = False
    alters: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.alters = cls.whole is not OpenAI.whole

    def read(self, route: Route, request: HttpRequest) -> Recognised | None:
        """Return what the request asks for; one for speech has a word of its own for a stream."""
        found = super().read(route, request)
        if found is None or route.operation != "audio":
            return found
        return replace(found, stream=found.stream or speech_streams(found.body))

    def answer(self, call: Call, reply: Reply | None, draw: Draw) -> Answer:
        """Return the healthy answer. Only chat and legacy completions say what a reply scripts.

        Raises:
            UsageProblem: the reply holds data without a JSON form.
        """
        if call.operation in _TALKING:
            return _talk(call, reply, draw)
        answers = {
            "embeddings": embeddings,
            "images": images,
            "audio": audio,
            "moderation": moderation,
            "rerank": rerank,
        }
        if call.path.rstrip("/").endswith(f"/{_COUNT}"):
            return count_tokens(call, draw)
        return answers.get(call.operation, models)(call, draw)

    def sidelines(self, host: str) -> tuple[Beside, ...]:
        """Return the vendor's telemetry, or what a server with this dialect answers beside LLM calls."""
        return _TELEMETRY if host.partition(":")[0] in wire.HOSTS else super().sidelines(host)

    def error(self, kind: ErrorKind, call: Call, draw: Draw, **details: Any) -> Answer:
        """Return the answer by which the API reports the failure; see `Provider.error`.

        Raises:
            FaultUnfit: the failure has no form for this operation.
        """
        form = details.pop("form", "error") if kind == "policy_refusal" else "error"
        if form == "error":
            return self.fail(kind, call, draw, **details)
        if call.operation not in _TALKING:
            raise FaultUnfit(f"a {call.operation} call has no answer that ends in a refusal: use form='error'")
        if call.operation == "completions" and form == "refusal":
            raise FaultUnfit("legacy completions have no refusal: use form='finish' or 'error'")
        reply = Reply(finish="content_filter" if form == "finish" else "refusal")
        return _talk(call, reply, draw, error="policy_refusal")

    def stream_error(self, call: Call, draw: Draw) -> bytes:
        """Return the in-band error event of chat completions or of the Responses API."""
        return errors.stream_error(call)

    def heartbeat(self, call: Call) -> bytes:
        """Return the comment that keeps a stream alive."""
        return self.keep_alive or super().heartbeat(call)

    def announce(self, call: Call, document: dict[str, Any], notice: Notice) -> bool:
        """Write the day of a shutdown into the list of models."""
        return call.operation == "models" and announce_listed(document, notice, self.retires(call))

    # --- what differs where the dialect is shared ---------------------------------------------------------------

    def fail(self, kind: str, call: Call, draw: Draw, **details: Any) -> Answer:
        """Return the error answer of that kind; see `Provider.error`.

        Raises:
            FaultUnfit: the failure has no form for this operation.
        """
        return errors.fail(kind, call, draw, **details)

    def headers(self, call: Call, draw: Draw, *, exhausted_for: float | None = None) -> Headers:
        """Return the headers of every answer; `exhausted_for` in seconds is for the rate limit's."""
        return wire.headers(call, draw, exhausted_for=exhausted_for)

    def dates_models(self, call: Call) -> bool:
        """Tell whether the answer names the dated snapshot behind an alias."""
        return wire.at_vendor(call)

    def retires(self, call: Call) -> Mapping[str, str]:
        """Return the members of a listed model that tell of its end, with `{on}` and `{successor}`."""
        return {"shutdown_date": "{on}"} if wire.at_vendor(call) else {}

    def models(self, call: Call) -> list[dict[str, Any]]:
        """Return the model that the call asks for, or all that are listed."""
        return openai_models(call)

    def whole(self, call: Call, draw: Draw, body: dict[str, Any]) -> Any:
        """Return a healthy answer's body as this provider has it."""
        return body

    def streamed(self, call: Call, draw: Draw, chunks: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield the chunks of a healthy chat stream as this provider has them."""
        return chunks

    def framed(self, call: Call, chunks: Iterator[dict[str, Any]]) -> Iterator[bytes]:
        """Yield the events of a healthy chat stream, with what ends it."""
        before = self.keep_alive
        for chunk in chunks:
            yield before + event(chunk)
            before = b""
        yield DONE


_TALKING = ("chat", "completions")

# Where OpenAI's Agents SDK sends its traces by default (openai-agents 0.24, tracing/processors.py): it takes any 2xx.
_TELEMETRY = (at("v1/traces/ingest", operation="helper", methods=("POST",), status=204),)


def _talk(call: Call, reply: Reply | None, draw: Draw, error: str | None = None) -> Answer:
    if call.operation == "completions":
        return completions(call, reply, draw, error=error)
    speak = responses if call.path.rstrip("/").endswith("/responses") else chat
    return speak(call, reply, draw, error=error)
