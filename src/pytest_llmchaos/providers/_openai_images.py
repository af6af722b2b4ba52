"""Images of the OpenAI dialect: generated and edited."""

from __future__ import annotations

import re
import struct
import zlib
from base64 import b64encode
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..core.tokens import request_tokens
from ._openai_wire import events_answer, plain_answer
from ._read import positive
from ._sse import event

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Answer

__all__ = ["images", "png"]

_MOST_IMAGES = 10  # the API's own limit of `n`
_MOST_PARTIALS = 3  # the API's own limit of `partial_images`
_IMAGE_TOKENS = 272  # a 1024x1024 image of low quality [U]


def images(call: Call, draw: Draw) -> Answer:
    """Answer `POST /v1/images/generations` or `/edits` with single-coloured PNGs of the size asked for."""
    body = call.body
    width, height = _size(body.get("size"))
    colour = draw.part("colour").rng.randbytes(3)
    coded = b64encode(png(width, height, colour)).decode()
    if call.stream:
        return events_answer(call, draw, lambda: _stream(call, draw, coded, f"{width}x{height}"))
    count = min(_number(body.get("n")) or 1, _MOST_IMAGES)
    # GPT image models always send the image itself; DALL-E sends a link unless asked otherwise.
    linked = body.get("response_format") == "url"
    if body.get("response_format") is None and (call.model or "").startswith("dall-e"):
        linked = True
    if linked:
        # A reserved domain: an app that follows the link cannot leave the machine unnoticed.
        links = draw.part("links")
        data: list[dict[str, Any]] = [
            {"url": f"https://images.example/private/img-{links.token(24)}.png"} for _ in range(count)
        ]
        return plain_answer(call, draw, {"created": int(draw.wall), "data": data})
    answer = {
        "created": int(draw.wall),
        "background": "opaque",
        "data": [{"b64_json": coded} for _ in range(count)],
        "output_format": "png",
        "quality": "low",
        "size": f"{width}x{height}",
        "usage": _usage(call, count),
    }
    return plain_answer(call, draw, answer)


def _stream(call: Call, draw: Draw, coded: str, size: str) -> Iterator[bytes]:
    image = {
        "b64_json": coded,
        "background": "opaque",
        "created_at": int(draw.wall),
        "output_format": "png",
        "quality": "low",
        "size": size,
    }
    done = "image_edit" if "/edits" in call.path else "image_generation"
    for index in range(min(_number(call.body.get("partial_images")) or 0, _MOST_PARTIALS)):
        kind = f"{done}.partial_image"
        yield event({"type": kind, **image, "partial_image_index": index}, kind)
    kind = f"{done}.completed"
    yield event({"type": kind, **image, "usage": _usage(call, 1)}, kind)


def _number(value: Any) -> int | None:
    """Return a number above zero, which a form holds as text."""
    return positive(int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value) else value)


def _usage(call: Call, count: int) -> dict[str, Any]:
    asked, drawn = request_tokens(call.body.get("prompt")), count * _IMAGE_TOKENS
    return {
        "input_tokens": asked,
        "input_tokens_details": {"image_tokens": 0, "text_tokens": asked},
        "output_tokens": drawn,
        "total_tokens": asked + drawn,
    }


def _size(asked: Any) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,4})x(\d{1,4})", asked) if isinstance(asked, str) else None
    return (max(int(match[1]), 1), max(int(match[2]), 1)) if match else (1024, 1024)


@lru_cache(maxsize=16)
def png(width: int, height: int, colour: bytes) -> bytes:
    """Return a PNG in one colour (RGB): of the full size, yet a few hundred bytes by its palette of one."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" * (1 + (width + 7) // 8)) * height
    header = struct.pack(">IIBBBBB", width, height, 1, 3, 0, 0, 0)  # one bit a pixel, an index into the palette
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", header),
            chunk(b"PLTE", colour),
            chunk(b"IDAT", zlib.compress(rows)),
            chunk(b"IEND", b""),
        )
    )
