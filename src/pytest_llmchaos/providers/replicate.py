"""Replicate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..core.errors import FaultUnfit
from ..core.plan import Answer
from ..core.replies import Reply
from ._base import Recognised, Route, Sample
from ._forms import Form
from ._openai_like import OpenAILike, paths
from ._read import mapping, word
from ._replicate_predictions import Prediction, begin, kind_of, recall
from ._sse import Events
from ._wire import json_answer

if TYPE_CHECKING:
    from ..core.call import Call, HttpRequest
    from ..core.draw import Draw
    from ._base import ErrorKind

__all__ = ["Replicate"]

_NAME = r"(?P<model>[^/]+/[^/]+)"
_FATES: Mapping[str, Any] = {"overloaded": "overloaded", "policy_refusal": "refused"}


def _form(status: int | None, title: str, detail: str) -> Form:
    return Form(status, {"title": title, "detail": detail, "status": "{status}"})


class Replicate(OpenAILike):
    """Replicate: predictions, asked for and then polled, waited for (`Prefer: wait`) or streamed.

    Every request about a prediction has the operation of the prediction itself, polls and the stream too: `images` for
    a model that draws, `chat` for any other. A poll finds the prediction in the queue for a second, at work for
    another, and then done. A model that is too busy or refuses does not fail the request but the prediction, as at the
    real one. With several scripted replies, each poll takes one too, though the text was settled when the prediction
    was asked for. Texts: bodies pasted in public repositories and the SDK's tests; what is marked [U] is recalled.
    """

    dialect = "replicate"
    sample = Sample(
        "/v1/models/meta/meta-llama-3-70b-instruct/predictions",
        {"input": {"prompt": "a house"}},
        "",
        also=("/v1/models/black-forest-labs/flux-schnell/predictions",),
    )
    default_hosts = ("api.replicate.com", "stream.replicate.com")
    base_url_variables = {"REPLICATE_BASE_URL": ""}  # replicate 1.0, client.py
    routes = ()
    native = paths(
        ("POST", rf"/v1/(models|deployments)/{_NAME}/predictions", Route("chat", stream=False)),
        ("POST", r"/v1/predictions", Route("chat", stream=False)),
        ("GET", r"/v1/predictions/[a-z0-9]+", Route("chat", stream=False)),
        ("POST", r"/v1/predictions/[a-z0-9]+/cancel", Route("chat", stream=False)),
        ("GET", r"/v1/(files|streams?)/[a-z0-9]+", Route("chat", stream=True)),
        ("GET", rf"/v1/models/{_NAME}(/versions(/[0-9a-f]+)?)?", Route("models", stream=False)),
        ("GET", r"/v1/models", Route("models", stream=False)),
    )
    head = (("ratelimit-limit", "600"), ("ratelimit-remaining", "599"), ("ratelimit-reset", "{seconds}"))
    cloudflare = True
    served = ("meta/meta-llama-3-70b-instruct", "black-forest-labs/flux-schnell")
    forms = {
        "outage": _form(None, "{reason}", "{reason}"),  # [U]
        # What answers in place of a prediction that cannot even be made: a request for a model's description.
        "overloaded": _form(503, "Service unavailable", "The service is temporarily overloaded."),  # [U]
        "rate_limit": _form(
            429,
            "Too many requests",
            "Request was throttled. Your rate limit for creating predictions is reduced to 6 requests per minute with "
            "a burst of 1 requests while you have less than $5.0 in credit. Your rate limit resets in ~{seconds}s.",
        ),
        "quota_exhausted": _form(
            402,
            "Insufficient credit",
            "You have insufficient credit to run this model. Go to https://replicate.com/account/billing#billing to "
            "purchase credit. Once you purchase credit, please wait a few minutes before trying again.",
        ),
        "auth_revoked": _form(401, "Unauthenticated", "You did not pass a valid authentication token"),
        "region_blocked": _form(403, "Forbidden", "Access from your region is not allowed."),  # [U]
        "model_retired": _form(404, "Not found", "The requested resource could not be found."),
        "model_retired version": _form(
            422,
            "Invalid version or not permitted",
            "The specified version does not exist (or perhaps you don't have permission to use it?)",
        ),  # [U]
    }

    def read(self, route: Route, request: HttpRequest) -> Recognised | None:
        """Return what the request asks for; a poll asks for what its prediction was asked."""
        found = super().read(route, request)
        if found is None or route.operation == "models":
            return found
        if known := recall(_token(request.path)):
            return replace(found, model=known.model or None, operation=known.operation)
        model = found.model or word(found.body.get("version"))
        asked = mapping(found.body.get("input"))
        # Whether the request waits stands in a header alone, and the answer depends on it.
        body = {**found.body, "prefer": request.header("prefer") or ""}
        return Recognised(kind_of(model, asked), model, found.stream, body)

    def answer(self, call: Call, reply: Reply | None, draw: Draw) -> Answer:
        """Return the healthy answer. Only text models say what a reply scripts.

        Raises:
            UsageProblem: the reply holds data without a JSON form.
        """
        if call.operation == "models":
            return json_answer(200, self.headers(call, draw), _models(call, self.served))
        known = recall(_token(call.path))
        if known is None and call.method != "POST":
            missing = {"title": "Not found", "detail": "The requested resource could not be found.", "status": 404}
            return json_answer(404, self.headers(call, draw), missing)
        return self._tell(call, draw, known or begin(call, reply, draw))

    def error(self, kind: ErrorKind, call: Call, draw: Draw, **details: Any) -> Answer:
        """Return the answer by which the API reports the failure; see `Provider.error`.

        A refusal in either form `error` and `finish` is a prediction that failed.

        Raises:
            FaultUnfit: the failure has no form for this operation.
        """
        form = details.get("form", "error") if kind == "policy_refusal" else "error"
        if call.operation == "models" or kind not in _FATES:
            return self.fail(kind, call, draw, **details)
        reply = Reply(finish="refusal") if form == "refusal" else None
        if reply is not None and call.operation != "chat":
            raise FaultUnfit("a model that draws has no words for a refusal: use form='error'")
        known = recall(_token(call.path)) or begin(call, reply, draw)
        if reply is None:
            known = replace(known, fate=_FATES[kind])
            if call.method == "GET" and not call.stream:  # struck while it was at work
                known = replace(known, created=known.created - 2)
        return self._tell(call, draw, known, error=kind)

    def stream_error(self, call: Call, draw: Draw) -> bytes:
        """Return the in-band event of failure, which the SDK raises as a RuntimeError."""
        return b'event: error\nid: 1:0\ndata: {"detail": "Prediction interrupted; please retry (code: PA)"}\n\n'

    def _form(self, kind: str, call: Call, detail: int | str | None) -> Form:
        if kind == "model_retired" and call.path.rstrip("/").endswith("/v1/predictions"):
            return self.forms["model_retired version"]
        return super()._form(kind, call, detail)

    def _tell(self, call: Call, draw: Draw, known: Prediction, error: str | None = None) -> Answer:
        head = self.headers(call, draw)
        if call.stream:
            events = Events(known.events)
            return Answer(200, (*head, ("content-type", "text/event-stream")), events, events=True, error=error)
        if call.path.rstrip("/").endswith("/cancel"):
            known = replace(known, fate="canceled")
        made = call.method == "POST" and "prefer" in call.body
        waited = made and str(call.body["prefer"]).startswith("wait")
        return json_answer(201 if made else 200, head, known.whole(draw.wall, waited=waited), error=error)


def _token(path: str) -> str:
    """Return the id of the prediction that the path is about, empty where it makes a new one."""
    parts = path.strip("/").split("/")
    return parts[2] if len(parts) > 2 and parts[1] in ("predictions", "files", "stream", "streams") else ""


def _models(call: Call, served: tuple[str, ...]) -> Any:
    if "/versions" not in call.path:
        if call.model:
            return _model(call.model)
        return {"previous": None, "next": None, "results": [_model(each) for each in served]}
    version = call.path.rstrip("/").rpartition("/")[2]
    if version != "versions":
        return _version(call.model or "", version)
    return {"previous": None, "next": None, "results": [_version(call.model or "", "0" * 64)]}


def _model(name: str) -> dict[str, Any]:
    owner, _, short = name.partition("/")
    return {
        "url": f"https://replicate.com/{name}",
        "owner": owner,
        "name": short,
        "description": None,
        "visibility": "public",
        "github_url": None,
        "paper_url": None,
        "license_url": None,
        "run_count": 1,
        "cover_image_url": None,
        "default_example": None,
        "latest_version": _version(name, "0" * 64),
    }


def _version(name: str, version: str) -> dict[str, Any]:
    items = {"type": "string", **({"format": "uri"} if kind_of(name, {}) == "images" else {})}
    output = {"type": "array", "items": items, "title": "Output"}
    if kind_of(name, {}) == "chat":
        output |= {"x-cog-array-type": "iterator", "x-cog-array-display": "concatenate"}
    given = {"type": "object", "title": "Input", "properties": {"prompt": {"type": "string"}}}
    return {
        "id": version,
        "created_at": "2025-01-01T00:00:00.000000Z",
        "cog_version": "0.16.0",
        "openapi_schema": {"openapi": "3.0.2", "components": {"schemas": {"Input": given, "Output": output}}},
    }
