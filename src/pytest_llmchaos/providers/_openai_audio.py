"""Speech, transcriptions and translations of the OpenAI dialect."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..core.plan import Answer
from ..core.tokens import pieces, request_tokens, tokens
from ._openai_wire import events_answer, plain_answer, vendor
from ._read import mapping
from ._sound import CONTENT_TYPES, silence
from ._sse import event
from ._text import prose

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw

__all__ = ["audio", "speech_streams"]

_SPOKEN, _LONGEST = 15, 10.0
"""Characters that a voice says in a second, and the most seconds of sound that are made."""
_BYTES_A_SECOND = 4_000  # of an upload: speech in MP3 at 32 kbit/s
_PIECE = 4_096  # bytes of sound in one chunk


def audio(call: Call, draw: Draw) -> Answer:
    """Answer `POST /v1/audio/speech`, `/v1/audio/transcriptions` and `/v1/audio/translations`."""
    if call.path.rstrip("/").endswith("/speech"):
        return _speech(call, draw)
    return _transcript(call, draw)


def speech_streams(body: Any) -> bool:
    """Tell whether a request for speech asks for events instead of the sound itself."""
    return mapping(body).get("stream_format") == "sse"


def _speech(call: Call, draw: Draw) -> Answer:
    said = str(call.body.get("input") or "")
    kind = str(call.body.get("response_format") or "mp3")
    sound = silence(kind, min(len(said) / _SPOKEN, _LONGEST))
    parts = [sound[at : at + _PIECE] for at in range(0, len(sound), _PIECE)]
    if not call.stream:
        head = (*vendor(call).headers(call, draw), ("content-type", CONTENT_TYPES.get(kind, CONTENT_TYPES["mp3"])))
        return Answer(200, head, parts)

    def events() -> Iterator[bytes]:
        for part in parts:
            yield event({"type": "speech.audio.delta", "audio": b64encode(part).decode()})
        asked, made = request_tokens(said), len(parts)
        usage = {"input_tokens": asked, "output_tokens": made, "total_tokens": asked + made}
        yield event({"type": "speech.audio.done", "usage": usage})

    return events_answer(call, draw, events)


def _transcript(call: Call, draw: Draw) -> Answer:
    text = prose(draw)
    size = mapping(call.body.get("file")).get("size")
    seconds = round(max((size if isinstance(size, int) else 0) / _BYTES_A_SECOND, 0.5), 2)
    if call.stream:
        return events_answer(call, draw, lambda: _heard(call, text, seconds))
    kind = str(call.body.get("response_format") or "json")
    if kind in ("text", "srt", "vtt"):
        head = (*vendor(call).headers(call, draw), ("content-type", "text/plain; charset=utf-8"))
        return Answer(200, head, (_AS_TEXT[kind](text, seconds).encode(),))
    body: dict[str, Any] = {"text": text, "usage": _usage(call, text, seconds)}
    task = "translate" if call.path.rstrip("/").endswith("/translations") else "transcribe"
    if kind == "diarized_json":
        segment = {"id": "seg_001", "type": "transcript.text.segment", "start": 0.0, "end": seconds, "text": text}
        body = {"task": task, "duration": seconds, **body, "segments": [{**segment, "speaker": "A"}]}
    elif kind == "verbose_json":
        body = {"task": task, "language": "english", "duration": seconds, **body, **_timed(call, text, seconds)}
    elif task == "translate":
        del body["usage"]
    return plain_answer(call, draw, body)


def _heard(call: Call, text: str, seconds: float) -> Iterator[bytes]:
    for piece in pieces(text):
        yield event({"type": "transcript.text.delta", "delta": piece})
    yield event({"type": "transcript.text.done", "text": text, "usage": _usage(call, text, seconds)})


def _usage(call: Call, text: str, seconds: float) -> dict[str, Any]:
    if "whisper" in (call.model or ""):  # the one family that is charged by time
        return {"type": "duration", "seconds": max(round(seconds), 1)}
    heard, asked = (
        max(round(10 * seconds), 1),
        request_tokens(call.body.get("prompt")) if call.body.get("prompt") else 0,
    )
    return {
        "type": "tokens",
        "input_tokens": heard + asked,
        "input_token_details": {"text_tokens": asked, "audio_tokens": heard},
        "output_tokens": tokens(text),
        "total_tokens": heard + asked + tokens(text),
    }


def _timed(call: Call, text: str, seconds: float) -> dict[str, Any]:
    asked = call.body.get("timestamp_granularities")
    asked = asked if isinstance(asked, list) else [asked or "segment"]
    told: dict[str, Any] = {}
    if "segment" in asked:
        segment = {"id": 0, "seek": 0, "start": 0.0, "end": seconds, "text": text, "tokens": [50364]}
        scores = {"temperature": 0.0, "avg_logprob": -0.25, "compression_ratio": 1.3, "no_speech_prob": 0.01}
        told["segments"] = [{**segment, **scores}]
    if "word" in asked:
        words = text.split()
        step = seconds / (len(words) or 1)
        told["words"] = [
            {"word": each, "start": round(index * step, 2), "end": round((index + 1) * step, 2)}
            for index, each in enumerate(words)
        ]
    return told


def _clock(seconds: float, point: str) -> str:
    whole, rest = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{point}{rest:03}"


_AS_TEXT = {
    "text": lambda text, seconds: f"{text}\n",
    "srt": lambda text, seconds: f"1\n{_clock(0, ',')} --> {_clock(seconds, ',')}\n{text}\n\n\n",
    "vtt": lambda text, seconds: f"WEBVTT\n\n{_clock(0, '.')} --> {_clock(seconds, '.')}\n{text}\n\n",
}
