"""Cohere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.errors import FaultUnfit
from ..core.replies import Reply
from ..core.tokens import request_tokens
from . import _cohere_errors as errors
from ._base import Route, Sample
from ._cohere_chat import chat
from ._cohere_data import documents, embeddings, inputs, rerank
from ._cohere_models import models
from ._cohere_wire import HOSTS, new_id, plain_answer
from ._read import JsonProvider
from ._text import prose

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Answer, Headers
    from ._base import ErrorKind, Notice

__all__ = ["Cohere"]

# What a path ends in; before it may stand a gateway's own prefix.
_ROUTES = tuple(
    (verb, rf"/{path}/*\Z", route)
    for verb, path, route in (
        ("POST", "v2/chat", Route("chat", needs=("model", "messages"))),
        ("POST", "v2/embed", Route("embeddings", stream=False, needs=("model", "embedding_types"))),
        ("POST", "v2/rerank", Route("rerank", stream=False, needs=("model", "query", "documents"))),
        ("GET", "v1/models", Route("models", stream=False)),
        ("GET", r"v1/models/(?P<model>[^/]+)", Route("models", stream=False)),
    )
)

_SEARCHED = 100  # documents that one billed search ranks


class Cohere(JsonProvider):
    """The dialect of api.cohere.com, version 2.

    Covers chat, plain and streamed, embeddings, reranking and the list of models.
    """

    dialect = "cohere"
    sample = Sample("/v2/chat", {"model": "command-a-03-2025", "messages": [{"role": "user", "content": "hi"}]})
    default_hosts = HOSTS
    speaks_too = (("/compatibility/v1/", "openai"),)
    status_hosts = ("status.cohere.com",)
    base_url_variables = {"CO_API_URL": ""}  # cohere 7.3, client_v2.py
    routes = _ROUTES

    def answer(self, call: Call, reply: Reply | None, draw: Draw) -> Answer:
        """Return the healthy answer. Only chat says what a reply scripts.

        Raises:
            UsageProblem: the reply holds data without a JSON form.
        """
        if call.operation == "chat":
            return chat(call, reply, draw)
        if call.operation == "embeddings":
            return _embed(call, draw)
        return _rerank(call, draw) if call.operation == "rerank" else models(call, draw)

    def error(self, kind: ErrorKind, call: Call, draw: Draw, **details: Any) -> Answer:
        """Return the answer by which the API reports the failure; see `Provider.error`.

        Raises:
            FaultUnfit: the failure has no form for this operation.
        """
        form = details.pop("form", "error") if kind == "policy_refusal" else "error"
        if form == "error":
            return errors.fail(kind, call, draw, **details)
        if call.operation != "chat":
            raise FaultUnfit(f"a {call.operation} call has no answer that ends in a refusal")
        reply = Reply(finish="refusal")  # the model declines in words and is done, as far as the API knows
        if form == "finish":
            reply = Reply(text=prose(draw.part("begun"), limit=12), finish="content_filter")
        return chat(call, reply, draw, error="policy_refusal")

    def announcing_headers(self, call: Call, notice: Notice) -> Headers:
        """Return the warning that the API's older SDKs print [U]."""
        instead = f" Please use '{notice.successor}' instead." if notice.successor else ""
        return (("x-api-warning", f"model '{call.model}' is deprecated and will be removed on {notice.on}.{instead}"),)

    def stream_error(self, call: Call, draw: Draw) -> bytes:
        """Return the in-band event of failure, which the SDK passes on as data."""
        return errors.stream_error()


def _meta(**billed: int) -> dict[str, Any]:
    return {"api_version": {"version": "2"}, "billed_units": billed}


def _embed(call: Call, draw: Draw) -> Answer:
    texts = inputs(call.body)
    body = {
        "id": new_id(draw),
        "texts": call.body.get("texts") or [],
        "embeddings": embeddings(call.model or "embed-v4.0", call.body),
        "meta": _meta(input_tokens=request_tokens(texts)),
        "response_type": "embeddings_by_type",
    }
    return plain_answer(call, draw, body)


def _rerank(call: Call, draw: Draw) -> Answer:
    searches = max(-(-len(documents(call.body)) // _SEARCHED), 1)
    return plain_answer(
        call, draw, {"id": new_id(draw), "results": rerank(call.body), "meta": _meta(search_units=searches)}
    )
