"""Google Vertex AI: Gemini's models, and Claude's in their own format."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from . import _google_errors as errors
from ._anthropic_errors import stream_error as claude_stream_error
from ._anthropic_messages import count_tokens as claude_tokens
from ._anthropic_messages import messages
from ._base import Route, Sample
from ._google_wire import headers, json_answer
from .anthropic import Anthropic
from .gemini import Gemini

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Answer
    from ..core.replies import Reply
    from ._base import ErrorKind

__all__ = ["Vertex"]

_NAME = r"(?P<model>[^/:]+)"
_GEMINI = rf"/(?:publishers/google/models|endpoints)/{_NAME}"
_CLAUDE = r"/publishers/anthropic/models"
_TALK = ("contents",)
_CLAUDE_TALK = ("anthropic_version", "messages")

_REGION = re.compile(r"/locations/([a-z0-9-]{1,40})/")

_ROUTES = (
    ("POST", rf"{_GEMINI}:generateContent\Z", Route("chat", stream=False, needs=_TALK)),
    ("POST", rf"{_GEMINI}:streamGenerateContent\Z", Route("chat", stream=True, needs=_TALK)),
    ("POST", rf"{_GEMINI}:embedContent\Z", Route("embeddings", stream=False)),
    ("POST", rf"{_GEMINI}:batchEmbedContents\Z", Route("embeddings", stream=False, needs=("requests",))),
    # The one method for all models that predict; of those, only embeddings are known here.
    (
        "POST",
        r"/publishers/google/models/(?P<model>[^/:]*embedding[^/:]*):predict\Z",
        Route("embeddings", stream=False),
    ),
    ("POST", rf"{_GEMINI}:countTokens\Z", Route("models", stream=False)),
    ("POST", rf"{_CLAUDE}/count-tokens:rawPredict\Z", Route("models", stream=False)),
    ("POST", rf"{_CLAUDE}/{_NAME}:rawPredict\Z", Route("chat", stream=False, needs=_CLAUDE_TALK)),
    ("POST", rf"{_CLAUDE}/{_NAME}:streamRawPredict\Z", Route("chat", stream=True, needs=_CLAUDE_TALK)),
    ("GET", r"/publishers/google/models/*\Z", Route("models", stream=False)),
    ("GET", rf"/publishers/google/models/{_NAME}\Z", Route("models", stream=False)),
)


class Vertex(Gemini):
    """The dialect of aiplatform.googleapis.com, in every region.

    Covers Gemini's models (generated content, embeddings, count of tokens, list of models) and Claude's
    (`rawPredict`, `streamRawPredict`, count of tokens), which answer as Anthropic's API does but fail as
    Google's.
    """

    dialect = "vertex"
    sample = Sample(
        "/v1/projects/p/locations/global/publishers/google/models/gemini-3-pro:generateContent",
        {"contents": [{"parts": [{"text": "hi"}]}]},
        "/v1/projects/p/locations/global/publishers/google/models/gemini-3-pro:streamGenerateContent",
    )
    routes = _ROUTES
    default_hosts = (
        "aiplatform.googleapis.com",
        "*-aiplatform.googleapis.com",
        "aiplatform.*.rep.googleapis.com",
        "*aiplatform.mtls.googleapis.com",
    )
    speaks_too = (("/endpoints/openapi/", "openai"),)
    # google-genai 3.6, _base_url.py; anthropic 2.14, lib/vertex/_client.py.
    base_url_variables = {"GOOGLE_VERTEX_BASE_URL": "", "ANTHROPIC_VERTEX_BASE_URL": "/v1"}

    def real_origin(self, path: str) -> str | None:
        """Return the host of the region that the path names (the names: anthropic 2.14, lib/vertex/_client.py)."""
        found = _REGION.search(path)
        if self._elsewhere() or found is None or found[1] == "global":
            return super().real_origin(path)
        host = "aiplatform.{}.rep" if found[1] in ("us", "eu") else "{}-aiplatform"
        return f"https://{host.format(found[1])}.googleapis.com"

    def answer(self, call: Call, reply: Reply | None, draw: Draw) -> Answer:
        """Return the healthy answer. Only generated content and messages say what a reply scripts.

        Raises:
            UsageProblem: the reply holds data without a JSON form.
        """
        if not _of_claude(call):
            return super().answer(call, reply, draw)
        made = messages(call, reply, draw) if call.operation == "chat" else claude_tokens(call, draw)
        return _dressed(made, call, draw)

    def heartbeat(self, call: Call) -> bytes:
        """Return what keeps a stream alive: of Claude's models their own event."""
        return Anthropic().heartbeat(call) if _of_claude(call) else super().heartbeat(call)

    def error(self, kind: ErrorKind, call: Call, draw: Draw, **details: Any) -> Answer:
        """Return the answer by which the API reports the failure; see `Provider.error`.

        Raises:
            FaultUnfit: the failure has no form for this operation.
        """
        if kind != "policy_refusal" or not _of_claude(call) or call.operation != "chat":
            return super().error(kind, call, draw, **details)
        if details.get("form", "error") == "error":  # Anthropic's text in Google's envelope [U]
            message = "Output blocked by content filtering policy"
            error = {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}
            return json_answer(call, draw, 400, {"error": error})
        return _dressed(Anthropic().error(kind, call, draw, **details), call, draw)

    def stream_error(self, call: Call, draw: Draw) -> bytes:
        """Return the in-band error event, in the form of the model's maker."""
        return claude_stream_error() if _of_claude(call) else errors.stream_error()


def _of_claude(call: Call) -> bool:
    return "/publishers/anthropic/" in call.path


def _dressed(answer: Answer, call: Call, draw: Draw) -> Answer:
    """Return Anthropic's answer with Google's headers."""
    kept = tuple((key, value) for key, value in answer.headers if key in ("content-type", "request-id"))
    return replace(answer, headers=(*headers(call, draw), *kept))
