"""The JSON documents of an answer's bytes: the whole body, the events of a stream, lines, or frames of AWS.

Read leniently: what is no JSON is left out, unless the stream itself names it an error or an end.
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

__all__ = ["DONE", "documents"]

DONE = "[DONE]"
"""What stands for a stream's own last word that is no JSON."""

_NAMES = re.compile(rb"(event|data|error|id|retry):? ?(.*)", re.DOTALL)
_DECODER = json.JSONDecoder()


def documents(body: bytes) -> Iterator[Any]:
    """Yield the JSON documents of a body, and `DONE` where a stream says that it is over.

    An event that is named an error is given as `{"type": "error", "error": ...}`.
    """
    try:
        whole = json.loads(body)
    except (ValueError, RecursionError):
        pass
    else:
        yield from whole if isinstance(whole, list) else (whole,)
        return
    if b":event-type" in body[:200] or b":exception-type" in body[:200]:
        yield from _frames(body)
    elif body.lstrip()[:1] == b"[":
        yield from _elements(body)
    else:
        yield from _events(body)


def _events(body: bytes) -> Iterator[Any]:
    """Yield the data of each event, and JSON that stands outside of events, on one line or on several."""
    name = b""
    data: list[bytes] = []
    bare: list[bytes] = []
    for raw in (*body.split(b"\n"), b""):
        line, field = raw.strip(), _NAMES.fullmatch(raw.rstrip(b"\r"))
        if not line:
            yield from _event(name, data)
            yield from _bare(bare)
            name, data, bare = b"", [], []
        elif line.startswith((b"{", b"[")) or bare:
            if bare or (found := _read(line)) is None:
                bare.append(line)
            else:
                yield from found if isinstance(found, list) else (found,)
        elif field is None:
            continue
        elif field[1] == b"event":
            yield from _event(name, data)  # some leave out the blank line between
            name, data = field[2], []
        elif field[1] == b"error":  # llama.cpp's server has had a field of its own
            yield _failure(_read(field[2]) or field[2].decode("utf-8", "replace"))
        elif field[1] == b"data":
            if data and _alone(data[-1]):
                yield from _event(name, data)
                data = []
            data.append(field[2])


def _event(name: bytes, data: list[bytes]) -> Iterator[Any]:
    text = b"\n".join(data)
    if text == DONE.encode():
        yield DONE
        return
    found = _read(text)
    if name == b"error" and data:
        yield _failure(text.decode("utf-8", "replace") if found is None else found)
    elif name == b"output" and data:  # Replicate's pieces are plain text
        yield {"generated_text": text.decode("utf-8", "replace")}
    elif found is not None:
        yield from found if isinstance(found, list) else (found,)
    if name in (b"done", b"close"):  # Replicate, watsonx.ai
        yield DONE


def _alone(data: bytes) -> bool:
    return data == DONE.encode() or _read(data) is not None


def _bare(lines: list[bytes]) -> Iterator[Any]:
    found = _read(b"\n".join(lines)) if lines else None
    if found is not None:
        yield from found if isinstance(found, list) else (found,)


def _failure(told: Any) -> dict[str, Any]:
    inner = told.get("error") if isinstance(told, dict) else None
    return {"type": "error", "error": inner or told or "error"}


def _read(text: bytes) -> Any:
    if not text.startswith((b"{", b"[")):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _elements(body: bytes) -> Iterator[Any]:
    """Yield the elements of a JSON array that has not come to its end, as Google streams them."""
    text = body.decode("utf-8", "replace")
    at = text.index("[") + 1
    while True:
        while at < len(text) and text[at] in " \t\r\n,":
            at += 1
        try:
            found, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            return
        yield found


def _frames(body: bytes) -> Iterator[Any]:
    """Yield the payloads of AWS event-stream frames: lengths of the whole and of the headers, then a checksum."""
    at = 0
    while at + 16 <= len(body):
        length, headers = (int.from_bytes(body[at + part : at + part + 4]) for part in (0, 4))
        if length < 16 or headers > length - 16:
            return
        head = body[at + 12 : at + 12 + headers]
        payload = body[at + 12 + headers : at + length - 4]
        at += length
        try:
            found = json.loads(payload)
        except (ValueError, RecursionError):
            found = {}
        if kind := _EXCEPTION.search(head):
            told = found if isinstance(found, dict) else {"message": found}
            found = {"type": "error", "error": {"type": kind[1].decode("ascii", "replace"), **told}}
        elif isinstance(found, dict) and isinstance(inner := found.get("bytes"), str):
            try:
                found = json.loads(b64decode(inner))
            except ValueError:
                continue
        yield found


# A modelled exception, or an error that AWS's framing itself tells.
_EXCEPTION = re.compile(rb":(?:exception-type|error-code)\x07..([\w.#-]*)", re.DOTALL)
