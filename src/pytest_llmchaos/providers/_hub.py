"""Hugging Face's hub, of which one answer belongs to LLM calls: who serves a model.

`InferenceClient` asks for it before any task but chat by the router (huggingface_hub 2.4, inference/_providers). All
else at the hub (files of models, data sets) is no LLM call and is left alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from ..core.errors import FaultUnfit
from ._base import Provider, Recognised, Route
from ._wire import http_date, json_answer

if TYPE_CHECKING:
    from ..core.call import Call, HttpRequest
    from ..core.draw import Draw
    from ..core.plan import Answer
    from ..core.replies import Reply
    from ._base import ErrorKind

__all__ = ["Hub"]

_PATH = re.compile(r"/api/models/(?P<model>[^/]+(?:/[^/]+)?)/*\Z")
_ASKED = "inferenceProviderMapping"

# Who serves what kind of model at the router: the first one is taken where the app names none.
_CHAT = ("together", "groq", "fireworks-ai", "cerebras", "cohere", "deepinfra", "novita", "nscale", "scaleway")
_OTHERS = (
    (re.compile(r"embed|minilm|bge-|e5-|gte-", re.IGNORECASE), "feature-extraction", ("together", "deepinfra")),
    (re.compile(r"flux|diffusion|sdxl|image", re.IGNORECASE), "text-to-image", ("together", "replicate", "fal-ai")),
)


class Hub(Provider):
    """Answers who serves a model; the operation is `helper`."""

    dialect = "hub"

    def __init__(self) -> None:
        super().__init__("huggingface", ("huggingface.co", "hf.co"))

    def claims(self, path: str) -> bool:
        """Return False: what is not answered here is no LLM call."""
        return False

    def route(self, method: str, path: str) -> Route | None:
        """Return `helper` for what is known of one model; the query tells whether it is what we answer."""
        found = _PATH.fullmatch(path) if method == "GET" else None
        return Route("helper", found["model"], stream=False) if found else None

    def read(self, route: Route, request: HttpRequest) -> Recognised | None:
        """Return what is asked, or None where it is not (only) who serves the model."""
        expand = parse_qs(urlsplit(request.url).query).get("expand", [])
        return Recognised(route.operation, route.model, False) if expand == [_ASKED] else None

    def answer(self, call: Call, reply: Reply | None, draw: Draw) -> Answer:
        """Tell who serves the model."""
        name = call.model or ""
        task, names = next(
            ((task, names) for pattern, task, names in _OTHERS if pattern.search(name)), ("conversational", _CHAT)
        )
        served: dict[str, Any] = {
            each: {"status": "live", "providerId": name, "task": task, "type": "single-model"} for each in names
        }
        body = {"_id": draw.part("hub").hex(24), "id": name, _ASKED: served}
        return json_answer(200, (("date", http_date(draw.wall)),), body)

    def error(self, kind: ErrorKind, call: Call, draw: Draw, **details: Any) -> Answer:
        """Return the hub's own failure.

        Raises:
            FaultUnfit: it has no form here.
        """
        if kind != "outage":
            raise FaultUnfit("the hub's answer about a model fails in an outage only")
        status = details.get("status", 503)
        body = {"error": "Internal Server Error"}  # the words are [U]
        return json_answer(status, (("date", http_date(draw.wall)),), body, error=kind)

    def stream_error(self, call: Call, draw: Draw) -> bytes:
        """Raise `FaultUnfit`: the hub streams nothing here."""
        raise FaultUnfit("the hub streams nothing")
