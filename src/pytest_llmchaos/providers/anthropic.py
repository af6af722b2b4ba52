"""Anthropic, and every server that speaks its dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.errors import FaultUnfit
from ..core.replies import Reply
from . import _anthropic_errors as errors
from ._anthropic_messages import count_tokens, messages
from ._anthropic_models import models
from ._anthropic_wire import HOSTS
from ._base import Route, Sample
from ._notice import announce_listed
from ._read import JsonProvider
from ._sse import event
from ._text import prose

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Answer
    from ._base import ErrorKind, Notice

__all__ = ["Anthropic"]

_COUNT = "/count_tokens"

# What a path ends in; before it may stand a gateway's own prefix.
_ROUTES = tuple(
    (verb, rf"/v1/{path}/*\Z", route)
    for verb, path, route in (
        ("POST", "messages", Route("chat", needs=("model", "messages", "max_tokens"))),
        # Asks about a model and generates nothing: as `chat` it would count as an answer that nobody gave.
        ("POST", f"messages{_COUNT}", Route("models", stream=False, needs=("model", "messages"))),
        ("GET", "models", Route("models", stream=False)),
        ("GET", r"models/(?P<model>[^/].*?)", Route("models", stream=False)),
    )
)


class Anthropic(JsonProvider):
    """The dialect of api.anthropic.com.

    Covers messages (operation `chat`), plain and streamed, the count of their tokens and the list of models
    (both operation `models`). The SDK sends the key as a bearer token or as `x-api-key`; neither is looked
    at.
    """

    dialect = "anthropic"
    sample = Sample(
        "/v1/messages", {"model": "claude-sonnet-5", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
    )
    default_hosts = HOSTS
    speaks_too = (("/chat/completions", "openai"),)
    status_hosts = ("status.claude.com", "status.anthropic.com")
    base_url_variables = {"ANTHROPIC_BASE_URL": ""}  # anthropic 2.14, _client.py
    routes = _ROUTES

    def answer(self, call: Call, reply: Reply | None, draw: Draw) -> Answer:
        """Return the healthy answer. Only messages say what a reply scripts.

        Raises:
            UsageProblem: the reply holds data without a JSON form.
        """
        if call.operation == "chat":
            return messages(call, reply, draw)
        return count_tokens(call, draw) if call.path.rstrip("/").endswith(_COUNT) else models(call, draw)

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
        # Both end with stop_reason `refusal`: as `finish` a classifier stops the answer once it has started,
        # as `refusal` the request is declined before any of it.
        if form == "finish":
            reply = Reply(text=prose(draw.part("begun"), limit=12), finish="content_filter")
        else:
            reply = Reply(finish="refusal")
        return messages(call, reply, draw, error="policy_refusal")

    def heartbeat(self, call: Call) -> bytes:
        """Return the event that keeps a stream alive."""
        return event({"type": "ping"}, "ping")

    def announce(self, call: Call, document: dict[str, Any], notice: Notice) -> bool:
        """Write into the list of models that one is deprecated, and when it retires."""
        members = {"lifecycle": "deprecated", "retires_at": "{on}T00:00:00Z"}
        return call.operation == "models" and announce_listed(document, notice, members)

    def stream_error(self, call: Call, draw: Draw) -> bytes:
        """Return the in-band error event."""
        return errors.stream_error()
