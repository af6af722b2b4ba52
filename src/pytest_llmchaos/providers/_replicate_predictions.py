"""Replicate's predictions: what one is asked for, how it comes along, and what comes of it."""

from __future__ import annotations

import json
from base64 import b32decode, b32encode, b64encode
from binascii import Error
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from ..core.draw import Draw
from ..core.tokens import pieces, request_tokens, tokens
from ._openai_images import png
from ._read import mapping, positive
from ._say import DECLINED, Asked, say

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.replies import Reply

__all__ = ["Prediction", "begin", "kind_of", "recall"]

Fate = Literal["succeeds", "overloaded", "refused", "canceled"]

_STARTS, _ENDS = 1.0, 2.0
"""Seconds after which a prediction has left the queue, and after which it is done."""

# What a prediction that failed says [the first three: bodies pasted in public issues].
_ERRORS: Mapping[tuple[Fate, str], str] = {
    ("overloaded", "chat"): "Service is currently unavailable due to high demand. Please try again later. (E003)",
    ("overloaded", "images"): "Service is currently unavailable due to high demand. Please try again later. (E003)",
    ("refused", "images"): "NSFW content detected. Try running it again, or try a different prompt.",
    ("refused", "chat"): (
        "The input or output was flagged as sensitive. Please try again with different inputs. (E005)"
    ),
}

# A model's name, or what its input has, tells whether it draws.
_DRAWS = ("flux", "sdxl", "stable-diffusion", "imagen", "ideogram", "recraft", "seedream", "nano-banana", "image")
_DRAWN = ("width", "aspect_ratio", "num_inference_steps", "guidance_scale", "negative_prompt", "num_outputs")
_MOST_IMAGES = 4


def kind_of(model: str | None, asked: Mapping[str, Any]) -> str:
    """Return the operation: `images` for a model that draws, `chat` for any other."""
    name = (model or "").lower()
    return "images" if any(each in name for each in _DRAWS) or any(each in asked for each in _DRAWN) else "chat"


@dataclass(frozen=True)
class Prediction:
    """One prediction. All that is known of it stands in its id, so that nobody must remember it between two polls.

    Attributes:
        created: when it was asked for, in epoch seconds.
        operation: `chat` or `images`.
        model: the model's name, or a version.
        fate: how it ends.
        text: what the model says, None where it is made up.
        count: how many images are asked for.
        mark: sets it apart from others of the same kind.
    """

    created: float
    operation: str
    model: str
    fate: Fate
    text: str | None
    count: int
    mark: str

    @cached_property
    def id(self) -> str:
        """The id: letters and digits, as the real ones are, but longer."""
        told = [self.created, self.operation, self.model, self.fate, self.text, self.count, self.mark]
        return b32encode(json.dumps(told, separators=(",", ":")).encode()).decode().lower().rstrip("=")

    def status(self, now: float) -> str:
        """Return where it stands at that time (epoch seconds)."""
        passed = now - self.created
        if self.fate == "canceled":
            return "canceled"
        if passed < _ENDS:
            return "starting" if passed < _STARTS else "processing"
        return "succeeded" if self.fate == "succeeds" else "failed"

    def error(self) -> str | None:
        """Return what it says in the end if it fails."""
        return _ERRORS.get((self.fate, self.operation))

    def output(self) -> list[str]:
        """Return what the model gives: pieces of a text, or images as data URIs, which need no further request."""
        draw = Draw(f"replicate|{self.id}", self.created)
        if self.operation == "chat":
            text = say(None, Asked(), draw).text if self.text is None else self.text
            return list(pieces(text or ""))
        colours = (draw.part(f"image {index}").rng.randbytes(3) for index in range(self.count))
        return [f"data:image/png;base64,{b64encode(png(1024, 1024, each)).decode()}" for each in colours]

    def whole(self, now: float, *, waited: bool = False) -> dict[str, Any]:
        """Return the prediction as the API tells it at that time.

        Args:
            now: epoch seconds.
            waited: the request was held open until the model was done. Then the API still says `processing` though
                the output is there (replicate 1.0, run.py).
        """
        done = waited or now - self.created >= _ENDS
        status = self.status(self.created + _ENDS if waited else now)
        succeeded = done and self.fate == "succeeds"
        output = self.output() if succeeded else None
        return {
            "id": self.id,
            "model": self.model,
            "version": "hidden",
            "input": {},
            "logs": "",
            "output": output,
            "data_removed": False,
            "error": self.error() if done else None,
            "source": "api",
            "status": "processing" if waited and succeeded else status,
            "created_at": _time(self.created),
            "started_at": _time(self.created + _STARTS) if done or status == "processing" else None,
            "completed_at": _time(self.created + _ENDS) if done else None,
            "metrics": self._metrics(output) if done else {},
            "urls": {
                "cancel": f"https://api.replicate.com/v1/predictions/{self.id}/cancel",
                "get": f"https://api.replicate.com/v1/predictions/{self.id}",
                "stream": f"https://stream.replicate.com/v1/files/{self.id}",
                "web": f"https://replicate.com/p/{self.id}",
            },
        }

    def _metrics(self, output: list[str] | None) -> dict[str, Any]:
        spent: dict[str, Any] = {"predict_time": _ENDS - _STARTS, "total_time": _ENDS}
        if self.operation == "chat" and output is not None:
            spent["output_token_count"] = sum(map(tokens, output))
            spent["input_token_count"] = request_tokens(self.model)
        return spent

    def events(self) -> Iterator[bytes]:
        """Yield the output as an event stream; a prediction that fails says so in an event of its own."""
        moment = int(self.created)
        if error := self.error():
            yield _event("error", f"{moment}:0", json.dumps({"detail": error}))
            yield _event("done", f"{moment}:1", '{"reason": "error"}')
            return
        parts = self.output()
        for index, piece in enumerate(parts):
            yield _event("output", f"{moment}:{index}", piece)
        yield _event("done", f"{moment}:{len(parts)}", "{}")


def begin(call: Call, reply: Reply | None, draw: Draw, fate: Fate = "succeeds") -> Prediction:
    """Return the prediction that the call asks for."""
    text = None
    if reply is not None:
        said = say(reply, Asked(), draw)
        text = said.text or (DECLINED if said.finish == "refusal" else None)
    count = min(positive(mapping(call.body.get("input")).get("num_outputs")) or 1, _MOST_IMAGES)
    created = int(draw.wall * 1000) / 1000
    return Prediction(created, call.operation, call.model or "", fate, text, count, draw.part("id").hex(8))


def recall(token: str) -> Prediction | None:
    """Return the prediction with that id, None where it is none of ours."""
    try:
        told = json.loads(b32decode(token.upper() + "=" * (-len(token) % 8)))
        created, operation, model, fate, text, count, mark = told
    except (ValueError, TypeError, Error):
        return None
    return Prediction(created, operation, model, fate, text, count, mark)


def _event(name: str, number: str, data: str) -> bytes:
    lines = "".join(f"data: {line}\n" for line in data.split("\n"))
    return f"event: {name}\nid: {number}\n{lines}\n".encode("utf-8", "replace")


def _time(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
