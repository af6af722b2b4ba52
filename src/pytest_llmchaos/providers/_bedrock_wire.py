"""Headers, token counts and plain and streamed answers of Bedrock's runtime."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..core.plan import Answer, Headers
from ..core.tokens import request_tokens
from ._bedrock_frames import CONTENT_TYPE
from ._read import mappings
from ._sse import Events
from ._wire import dump, http_date

if TYPE_CHECKING:
    from ..core.draw import Draw

__all__ = ["frames_answer", "headers", "latency", "plain_answer", "prompt_tokens"]

_MEDIA = ("image", "document", "video", "audio")
_MEDIA_TOKENS = 255  # a small image; its base64 length says nothing about its price


def prompt_tokens(body: Any) -> int:
    """Return roughly how many tokens the prompt of a `converse` request is."""
    media, rest = 0, []
    for message in mappings(body.get("messages")):
        for block in mappings(message.get("content")):
            if any(each in block for each in _MEDIA):
                media += _MEDIA_TOKENS
            else:
                rest.append(block)
    return media + request_tokens(rest, body.get("system"), body.get("toolConfig"))


def latency(draw: Draw) -> int:
    """Return the milliseconds that the metrics of an answer name."""
    return draw.part("latency").whole(300, 2400)


def headers(draw: Draw) -> Headers:
    """Return the headers that every answer carries, before its content type."""
    request_id = str(uuid.UUID(hex=draw.part("request").hex(32), version=4))
    return (("date", http_date(draw.wall)), ("x-amzn-requestid", request_id))


def plain_answer(draw: Draw, body: Any, *, extra: Headers = (), error: str | None = None) -> Answer:
    """Return a healthy JSON answer."""
    head = (*headers(draw), ("content-type", "application/json"), *extra)
    return Answer(200, head, (dump(body),), error=error)


def frames_answer(
    draw: Draw, make: Callable[[], Iterator[bytes]], *, extra: Headers = (), error: str | None = None
) -> Answer:
    """Return a healthy streamed answer; `make` starts its frames afresh for each reading."""
    head = (*headers(draw), ("content-type", CONTENT_TYPE), *extra)
    return Answer(200, head, Events(make), events=True, error=error)
