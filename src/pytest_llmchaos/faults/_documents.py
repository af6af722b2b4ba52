"""Faults that change what a good answer says: its JSON documents, edited on their way to the app."""

from __future__ import annotations

import gzip
import json
import re
import struct
import zlib
from base64 import b64decode, b64encode
from binascii import crc32
from collections.abc import Callable, Iterable
from typing import Any

from ..core.errors import FaultUnfit
from ..core.framing import framer
from ..core.plan import Chunk, End, Fail, Head, Headers, Step, Wait

__all__ = ["Edit", "Editing", "edited_bytes"]

Edit = Callable[[Any], bool]
"""Changes a parsed JSON document in place and tells whether it did."""

_DATA = re.compile(rb"^data: ?(\{[^\r\n]*)", re.MULTILINE)
_STREAMS = ("text/event-stream", "application/vnd.amazon.eventstream")  # not to be collected, whatever encodes them
_UNPACK: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.decompress, "deflate": zlib.decompress}


class Editing:
    """A step map that edits the JSON of one good answer (2xx): a whole body, or each document of a stream.

    A whole body is held back until it is complete. Streams are edited event by event: server-sent events, lines of
    JSON (Ollama), frames of AWS. Bodies that are no JSON, and errors, pass as they are.

    Args:
        edit: what to change; a fresh one for each playing if it remembers things.
        error: what the journal says is wrong with an answer that the edit changed, None for nothing.
        headers: added to the answer.

    Raises:
        FaultUnfit: while it is played, for a good answer from beneath in an encoding that cannot be read here.
    """

    def __init__(self, edit: Edit, error: str | None = None, headers: Headers = ()) -> None:
        self._edit = edit
        self._error = error
        self._headers = headers
        self._head: Head | None = None  # of a whole body, held back with its pieces
        self._pieces: list[Chunk] = []

    def __call__(self, step: Step) -> Iterable[Step]:
        if isinstance(step, Head) and 200 <= step.status < 300:
            return self._begun(step)
        if isinstance(step, Wait | Head):
            return (step,)
        if self._head is not None:
            return self._collected(step)
        if isinstance(step, Chunk) and step.event:
            data = edited_bytes(step.data, self._edit)
            return (Chunk(data, True, step.error or (self._error if data != step.data else None)),)
        return (step,)

    def _begun(self, head: Head) -> Iterable[Step]:
        named = {key.lower(): value.strip().lower() for key, value in head.headers}
        kind = named.get("content-type", "").partition(";")[0]
        head = Head(head.status, (*head.headers, *self._headers), head.error)
        if framer(head.headers) is not None:  # its pieces come as whole events
            return (_without(head, "content-length"),)
        encoding = named.get("content-encoding", "identity")
        if encoding not in ("", "identity", *_UNPACK) or kind in _STREAMS:
            raise FaultUnfit(f"the answer from beneath is encoded as {encoding}, which cannot be edited on its way")
        self._head = head
        return ()

    def _collected(self, step: Step) -> Iterable[Step]:
        if isinstance(step, Chunk):
            self._pieces.append(step)
            return ()
        head, pieces, self._head = self._head, self._pieces, None
        assert head is not None  # noqa: S101 # else this is not called
        if isinstance(step, Fail) or (isinstance(step, End) and not pieces):
            return (head, *pieces, step)
        unpack = _UNPACK.get(next((v.lower() for k, v in head.headers if k.lower() == "content-encoding"), ""))
        whole = b"".join(each.data for each in pieces)
        plain = unpack(whole) if unpack else whole
        body = edited_bytes(plain, self._edit)
        if body == plain:
            return (head, *pieces, step)
        if unpack:
            head = _without(head, "content-encoding")
        sized = tuple((k, str(len(body)) if k.lower() == "content-length" else v) for k, v in head.headers)
        error = next((each.error for each in pieces if each.error), None)
        return (Head(head.status, sized, head.error or self._error), Chunk(body, error=error), step)


def edited_bytes(data: bytes, edit: Edit) -> bytes:
    """Return a whole body or one event of a stream with its JSON edited; as it was where nothing changed."""
    if (found := _DATA.search(data)) is not None:
        made = _edited(found[1], edit)
        return data[: found.start(1)] + made + data[found.end(1) :]
    if data[:1] not in (b"{", b"[") and _is_frame(data):
        return _edited_frame(data, edit)
    return _edited(data, edit)


def _edited(data: bytes, edit: Edit) -> bytes:
    try:
        document = json.loads(data)
    except ValueError:
        return data
    if not edit(document):
        return data
    return _dumped(document) + (b"\n" if data.endswith(b"\n") else b"")


def _dumped(document: Any) -> bytes:
    try:
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # a lone surrogate
        return json.dumps(document, separators=(",", ":")).encode()


# --- frames of AWS: lengths of frame and headers, checksum, headers, payload, checksum of all before -----------------


def _is_frame(data: bytes) -> bool:
    return len(data) >= 16 and struct.unpack_from("!I", data)[0] == len(data)


def _edited_frame(frame: bytes, edit: Edit) -> bytes:
    (head,) = struct.unpack_from("!I", frame, 4)
    payload = frame[12 + head : -4]
    made = _edited(payload, lambda document: _within(document, edit))
    if made == payload:
        return frame
    prelude = struct.pack("!II", head + len(made) + 16, head)
    whole = prelude + struct.pack("!I", crc32(prelude)) + frame[12 : 12 + head] + made
    return whole + struct.pack("!I", crc32(whole))


def _within(document: Any, edit: Edit) -> bool:
    """Edit a frame's payload; an invoked model's own JSON stands in it as base64."""
    if not isinstance(document, dict) or not isinstance(document.get("bytes"), str):
        return edit(document)
    inner = b64decode(document["bytes"])
    made = _edited(inner, edit)
    document["bytes"] = b64encode(made).decode()
    return made != inner


def _without(head: Head, name: str) -> Head:
    return Head(head.status, tuple(each for each in head.headers if each[0].lower() != name), head.error)
