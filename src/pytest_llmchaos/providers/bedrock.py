"""AWS Bedrock's runtime."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ..core.errors import FaultUnfit
from ..core.replies import Reply
from . import _bedrock_errors as errors
from ._base import Route, Sample
from ._bedrock_converse import converse, count_tokens
from ._bedrock_invoke import invoke, of_claude, operation
from ._bedrock_models import models
from ._read import JsonProvider
from ._text import prose

if TYPE_CHECKING:
    from ..core.call import Call, HttpRequest
    from ..core.draw import Draw
    from ..core.plan import Answer
    from ._base import ErrorKind

__all__ = ["Bedrock"]

_MODEL = r"/model/(?P<model>[^/]+)"
_TALK = ("messages",)

_ROUTES = (
    ("POST", rf"{_MODEL}/converse\Z", Route("chat", stream=False, needs=_TALK)),
    ("POST", rf"{_MODEL}/converse-stream\Z", Route("chat", stream=True, needs=_TALK)),
    ("POST", rf"{_MODEL}/invoke\Z", Route("chat", stream=False)),
    ("POST", rf"{_MODEL}/invoke-with-response-stream\Z", Route("chat", stream=True)),
    # Asks about a model and generates nothing: as `chat` it would count as an answer that nobody gave.
    ("POST", rf"{_MODEL}/count-tokens\Z", Route("models", stream=False)),
    ("GET", r"/foundation-models/*\Z", Route("models", stream=False)),
    ("GET", r"/foundation-models/(?P<model>[^/]+)\Z", Route("models", stream=False)),
)


# The control plane's hosts serve much else. `/v1/` is bedrock-mantle's, which speaks others' dialects alone.
_ABOUT_MODELS = ("/model/", "/foundation-models", "/guardrail/", "/async-invoke", "/openai/", "/anthropic/", "/v1/")


class Bedrock(JsonProvider):
    """The dialect of bedrock-runtime in every region of AWS; bedrock-mantle speaks those of OpenAI and Anthropic.

    Covers `converse` and `invoke` (operation `chat`; `embeddings` or `rerank` where the invoked model's name says
    so), plain and streamed in binary frames, and the count of tokens and the control plane's list of models
    (operation `models`). Model and stream stand in the path. Signatures are not looked at.
    """

    dialect = "bedrock"
    sample = Sample(
        "/model/amazon.nova-pro-v1:0/converse",
        {"messages": [{"role": "user", "content": "hi"}]},
        "/model/amazon.nova-pro-v1:0/converse-stream",
        also=("/model/amazon.titan-embed-text-v2:0/invoke", "/model/cohere.rerank-v3-5:0/invoke"),
    )
    routes = _ROUTES
    speaks_too = (
        ("/anthropic/v1/", "anthropic"),
        ("/openai/v1/", "openai"),
        *((f"/v1/{path}", "openai") for path in ("chat/completions", "responses", "models")),
    )
    usual_host = "bedrock-runtime.us-east-1.amazonaws.com"
    everyone_has_own = True
    default_hosts = (
        "bedrock-runtime.*.amazonaws.com",
        "bedrock.*.amazonaws.com",
        "bedrock-fips.*.amazonaws.com",
        "bedrock-runtime-fips.*.amazonaws.com",
        "bedrock-runtime.*.amazonaws.com.cn",
        "bedrock-runtime.*.api.aws",
        "bedrock-runtime-fips.*.api.aws",
        "*.bedrock-runtime.*.vpce.amazonaws.com",
        "bedrock-mantle.*.api.aws",
    )
    # botocore 1.44, configprovider.py; anthropic 2.14, lib/bedrock/; openai 3.57, providers/bedrock.py.
    base_url_variables = {
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "",
        "ANTHROPIC_BEDROCK_BASE_URL": "",
        "ANTHROPIC_BEDROCK_MANTLE_BASE_URL": "/anthropic",
        "AWS_BEDROCK_BASE_URL": "/openai/v1",
    }

    def claims(self, path: str) -> bool:
        """Tell whether the path is about a model: the control plane's hosts serve much else."""
        return any(part in path for part in _ABOUT_MODELS)

    def route(self, method: str, path: str) -> Route | None:
        """Return what this path asks for, behind a gateway's prefix too; None where it is no LLM call."""
        route = super().route(method, path)
        if route is None or route.model is None:
            return route
        # botocore encodes the colon of a model's version, other SDKs leave it.
        model = unquote(route.model)
        invoked = "/invoke" in path.rpartition("/model/")[2]
        return replace(route, model=model, operation=operation(model) if invoked else route.operation)

    def answer(self, call: Call, reply: Reply | None, draw: Draw) -> Answer:
        """Return the healthy answer. Only chat says what a reply scripts.

        Raises:
            UsageProblem: the reply holds data without a JSON form.
        """
        if call.operation == "models":
            return models(call, draw) if call.method == "GET" else count_tokens(call, draw)
        return converse(call, reply, draw) if _converses(call) else invoke(call, reply, draw)

    def error(self, kind: ErrorKind, call: Call, draw: Draw, **details: Any) -> Answer:
        """Return the answer by which the service reports the failure; see `Provider.error`.

        Raises:
            FaultUnfit: the failure has no form for this operation.
        """
        form = details.pop("form", "error") if kind == "policy_refusal" else "error"
        if form == "error":
            return errors.fail(kind, call, draw, **details)
        if call.operation != "chat":
            raise FaultUnfit(f"a {call.operation} call has no answer that ends in a refusal")
        # `finish` is the service's own filter, `refusal` a guardrail; at an invoked Claude both are Claude's.
        if form == "finish":
            begun = prose(draw.part("begun"), limit=12) if of_claude(call) and not _converses(call) else None
            reply = Reply(text=begun, finish="content_filter")
        else:
            reply = Reply(finish="refusal")
        speak = converse if _converses(call) else invoke
        return speak(call, reply, draw, error="policy_refusal")

    def retry_count(self, request: HttpRequest) -> int | None:
        """Return botocore's own retry count, which stands in `amz-sdk-request: attempt=2; max=3`."""
        told = re.search(r"\battempt=(\d{1,6})\b", request.header("amz-sdk-request") or "")
        return int(told[1]) - 1 if told else super().retry_count(request)

    def heartbeat(self, call: Call) -> bytes:
        """Refuse: these streams have none.

        Raises:
            FaultUnfit: always.
        """
        raise FaultUnfit("Bedrock's event streams have no heartbeat")

    def stream_error(self, call: Call, draw: Draw) -> bytes:
        """Return the in-band exception frame."""
        return errors.stream_error()


def _converses(call: Call) -> bool:
    return call.path.endswith(("/converse", "/converse-stream"))
