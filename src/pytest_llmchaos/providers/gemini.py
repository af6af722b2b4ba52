"""Google Gemini, the API of AI Studio's keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from ..core.errors import FaultUnfit
from ..core.replies import Reply
from . import _google_errors as errors
from ._base import Route, Sample
from ._google_array import ARRAY, array, asks_for_array, element, wants_array
from ._google_data import count_tokens, embeddings, models
from ._google_generate import generate
from ._read import JsonProvider, Routes
from ._text import prose

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..core.call import Call, HttpRequest
    from ..core.draw import Draw
    from ..core.plan import Answer
    from ._base import ErrorKind, Notice, Recognised

__all__ = ["Gemini"]

_NAME = r"(?P<model>[^/:]+)"
# Tuned models have a collection of their own. Vertex AI's models stand below a publisher and are not meant.
_MODEL = rf"(?<!publishers/google)/(?:models|tunedModels)/{_NAME}"

_ROUTES = (
    ("POST", rf"{_MODEL}:generateContent\Z", Route("chat", stream=False, needs=("contents",))),
    ("POST", rf"{_MODEL}:streamGenerateContent\Z", Route("chat", stream=True, needs=("contents",))),
    ("POST", rf"{_MODEL}:embedContent\Z", Route("embeddings", stream=False)),
    ("POST", rf"{_MODEL}:batchEmbedContents\Z", Route("embeddings", stream=False, needs=("requests",))),
    # Asks about a model and generates nothing: as `chat` it would count as an answer that nobody gave.
    ("POST", rf"{_MODEL}:countTokens\Z", Route("models", stream=False)),
    ("GET", r"/v1\w*/models/*\Z", Route("models", stream=False)),
    ("GET", rf"/v1\w*/models/{_NAME}\Z", Route("models", stream=False)),
)


class Gemini(JsonProvider):
    """The dialect of generativelanguage.googleapis.com.

    Covers generated content, plain and streamed as server-sent events (`alt=sse`, as every SDK asks for it) or
    else as one JSON array, embeddings, the count of tokens and the list of models (both operation `models`).
    Model and stream stand in the path. The API refuses a prompt with a 200 without candidates, so `policy_refusal`
    has status 200 in each of its forms: a blocked prompt for `error` and `refusal`, `finishReason: SAFETY` for
    `finish`.
    """

    dialect = "gemini"
    sample: ClassVar[Sample | None] = Sample(
        "/v1beta/models/gemini-3-pro:generateContent",
        {"contents": [{"parts": [{"text": "hi"}]}]},
        "/v1beta/models/gemini-3-pro:streamGenerateContent",
    )
    routes: ClassVar[Routes] = _ROUTES
    default_hosts: ClassVar[tuple[str, ...]] = (
        "generativelanguage.googleapis.com",
        "generativelanguage.mtls.googleapis.com",
    )
    speaks_too = (("/openai/", "openai"),)
    base_url_variables: ClassVar[Mapping[str, str]] = {"GOOGLE_GEMINI_BASE_URL": ""}  # google-genai 3.6, _base_url.py

    def read(self, route: Route, request: HttpRequest) -> Recognised | None:
        """Return what the request asks for, and whether its query asks for a stream that is an array."""
        found = super().read(route, request)
        if found is None or not asks_for_array(request):
            return found
        return replace(found, body={**found.body, **ARRAY})

    def answer(self, call: Call, reply: Reply | None, draw: Draw) -> Answer:
        """Return the healthy answer. Only generated content says what a reply scripts.

        Raises:
            UsageProblem: the reply holds data without a JSON form.
        """
        if call.operation == "chat":
            return _framed(call, generate(call, reply, draw))
        if call.operation == "embeddings":
            return embeddings(call, draw)
        return count_tokens(call, draw) if call.path.endswith(":countTokens") else models(call, draw)

    def error(self, kind: ErrorKind, call: Call, draw: Draw, **details: Any) -> Answer:
        """Return the answer by which the API reports the failure; see `Provider.error`.

        Raises:
            FaultUnfit: the failure has no form for this operation.
        """
        if kind != "policy_refusal":
            return _framed(call, errors.fail(kind, call, draw, **details))
        if call.operation != "chat":
            raise FaultUnfit(f"a {call.operation} call has no answer that ends in a refusal")
        reply = Reply(finish="refusal")
        if details.get("form") == "finish":
            # A stream has begun when the filter stops it; a plain answer then has no content at all.
            begun = prose(draw.part("begun"), limit=12) if call.stream else None
            reply = Reply(text=begun, finish="content_filter")
        return _framed(call, generate(call, reply, draw, error="policy_refusal"))

    def announce(self, call: Call, document: dict[str, Any], notice: Notice) -> bool:
        """Write the model's status into generated content: a member of google-genai 3's answer, for this API alone."""
        if self.dialect != Gemini.dialect or "candidates" not in document:
            return False
        # LEGACY is the stage on the path to deprecation; the words are ours.
        instead = f" Use {notice.successor} instead." if notice.successor else ""
        document["modelStatus"] = {
            "modelStage": "LEGACY",
            "retirementTime": f"{notice.on}T00:00:00Z",
            "message": f"This model will be retired on {notice.on}.{instead}",
        }
        return True

    def stream_error(self, call: Call, draw: Draw) -> bytes:
        """Return the in-band error event, or the last element of an array."""
        told = errors.stream_error()
        return b"\n,\r\n" + element(told) + b"\n]\n" if wants_array(call) else told


def _framed(call: Call, answer: Answer) -> Answer:
    return array(answer) if wants_array(call) else answer
