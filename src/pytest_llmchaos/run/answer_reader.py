"""Reads an answer while it passes: what of it says something, whether an error was told, whether its end came.

It keeps nothing of what it reads but the event under way, so a long answer costs no more memory than a short one.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from ..core.framing import Framer, framer
from ..journal.answer_documents import DONE, documents
from ..journal.answers import ModelAnswer, Reader
from .repeated_event import RepeatedEvent

__all__ = ["Reading", "Says"]


class Says:
    """What a piece of an answer says, as bits; nothing for what only keeps the connection alive. A flag of `enum` would
    cost each piece more than all the rest of its reading.
    """

    NOTHING: Final = 0
    SIGN: Final = 1
    """It shows that the answer goes on: an envelope, a role, an empty text."""
    THOUGHT: Final = 2
    """The model's reasoning."""
    CONTENT: Final = 4
    """A word to the user, a tool, or what nobody here can read."""
    ERROR: Final = 8
    """The provider tells that the answer failed, or that it stopped it."""


_REPEATED = tuple(Says.SIGN | more for more in (Says.CONTENT, Says.THOUGHT, Says.CONTENT | Says.THOUGHT))
"""What an event says that may come again and again with another text."""


class Reading:
    """One answer as it passes.

    Args:
        headers: those of the answer, their names in lower case; they tell how it is framed and packed.
        stream: whether the call asked for a stream.

    Attributes:
        error: whether an error was told in it.
        aborted: whether the provider stopped it and said so.
        done: whether its own end came.
    """

    def __init__(self, headers: Mapping[str, str], *, stream: bool) -> None:
        self._unpack = _unpacker(headers.get("content-encoding", "").strip().lower())
        self._stream = stream and self._unpack is not None
        self._framer: Framer | None = None
        if self._stream:
            self._framer = framer((("content-type", headers.get("content-type", "")),))
        self.error = self.aborted = self.done = False
        self._strange = False
        self._pending = 0  # bytes of an event that is not whole yet

    @property
    def unfinished(self) -> bool:
        """Whether it is a stream in a dialect that is known here, and its end has not come."""
        return self._framer is not None and not self._strange and not self.done

    @property
    def facts(self) -> ModelAnswer | None:
        """What the answer has told besides its words: usage, model, why it stopped; None where it was not read."""
        return self._reader.answer if self._framer is not None else None

    def unpacked(self, data: bytes) -> bytes:
        """Return a piece as it was before it was compressed; as it is where that is not known."""
        if self._unpack is None:
            return data
        try:
            return self._unpack(data)
        except Exception:  # the app's own library will tell it
            self._unpack = None
            return data

    def feed(self, data: bytes) -> int:
        """Take an unpacked piece and tell what it says, once its event is whole."""
        if self._framer is None:
            self._framer = self._guessed(data) if self._stream else None
            if self._framer is None:
                return Says.CONTENT if data and not data.isspace() else Says.NOTHING
        if self._pending == 0 and (like_the_last := self._last.says(data)):
            return like_the_last
        says = Says.NOTHING
        self._pending += len(data)
        for chunk in self._framer.feed(data):  # of a network one piece holds several
            self._pending -= len(chunk.data)
            says |= self._last.says(chunk.data) or self._new(chunk.data)
        return says

    def _new(self, event: bytes) -> int:
        """Read an event that is not like the last one."""
        says = self._event(event)
        if says in _REPEATED:
            self._last.learn(event, says)
        else:
            self._last.forget()
        return says

    def finish(self) -> int:
        """Tell what the last piece says, where no end of an event came after it."""
        says = Says.NOTHING
        if self._framer is None:
            return says
        for chunk in self._framer.flush():
            says |= self._event(chunk.data)
        return says

    def _guessed(self, data: bytes) -> Framer | None:
        """Return what cuts a stream whose headers do not say what it is, by how it begins."""
        if not (start := data.lstrip()):
            return None
        self._stream = False  # only its beginning tells
        kind = next((kind for sign, kind in _BEGINS.items() if start.startswith(sign)), None)
        if kind is None and start.startswith(b"["):
            return _Elements()
        return framer((("content-type", kind),)) if kind else None

    def _event(self, event: bytes) -> int:
        found = list(documents(event))
        if not found:  # what is no JSON, nobody here can read
            self._strange = self._strange or not _comment(event)
            return Says.NOTHING if _comment(event) else Says.CONTENT
        says = Says.NOTHING
        for document in found:
            says |= self._document(document)
        return says

    @cached_property
    def _last(self) -> RepeatedEvent:
        return RepeatedEvent()

    @cached_property
    def _reader(self) -> Reader:
        return Reader()

    def _document(self, document: Any) -> int:
        reader, answer = self._reader, self._reader.answer
        if isinstance(document, Mapping) and document.get("type") == "ping":
            return Says.NOTHING
        known = document == DONE or not isinstance(document, Mapping) or _known(document)
        reader.read(document)
        says = Says.SIGN
        if any(reader.said) or any(reader.other) or reader.asked or not known:
            says |= Says.CONTENT
        if any(reader.thoughts):
            says |= Says.THOUGHT
        self._strange = self._strange or not known
        self.done = answer.done
        if (answer.error and not self.error) or (answer.aborted and not self.aborted):
            self.error, self.aborted = answer.error, answer.aborted
            says |= Says.ERROR
        for each in (reader.said, reader.other, reader.thoughts, reader.asked, reader.tools):
            each.clear()
        return says


class _Elements:
    """Cuts a JSON array at its elements, as Google streams them; strings and depth tell where one ends."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._at = self._depth = 0
        self._quoted = self._escaped = False

    def feed(self, data: bytes) -> Iterator[Any]:
        """Take a piece and yield the elements that it completes."""
        from ..core.plan import Chunk

        self._rest += data
        while self._at < len(self._rest):
            sign = self._rest[self._at]
            self._at += 1
            if self._quoted:
                self._quoted = self._escaped or sign != ord('"')
                self._escaped = not self._escaped and sign == ord("\\")
            elif sign == ord('"'):
                self._quoted = True
            elif sign == ord("{"):
                if self._depth == 0:
                    del self._rest[: self._at - 1]
                    self._at = 1
                self._depth += 1
            elif sign == ord("}"):
                self._depth -= 1
                if self._depth == 0:
                    yield Chunk(bytes(self._rest[: self._at]), event=True)
                    del self._rest[: self._at]
                    self._at = 0

    def flush(self) -> Iterator[Any]:
        """Yield nothing: what is left is no element."""
        yield from ()


_BEGINS = {
    **dict.fromkeys((b"data:", b"event:", b"id:", b"retry:", b":"), "text/event-stream"),
    b"{": "application/x-ndjson",
}

# The members that the documents of the dialects we read have one of, content or not.
_MEMBERS = frozenset(
    ["choices", "candidates", "content_block", "contentBlockIndex", "delta", "done", "error", "event_type",
     "generated_text", "generation", "generations", "is_finished", "item", "message", "metrics", "outputText",
     "outputs", "part", "promptFeedback", "response", "results", "role", "stop", "stopReason", "token", "usage",
     "usageMetadata"]
)  # fmt: skip
_TYPES = ("response.", "message", "content", "error", "tool-", "citation-")


def _known(document: Mapping[str, Any]) -> bool:
    kind = document.get("type")
    typed = isinstance(kind, str) and kind.startswith(_TYPES)
    return typed or not document or not _MEMBERS.isdisjoint(document)


def _comment(event: bytes) -> bool:
    """Tell whether an event has no data: comments, names and numbers alone."""
    lines = (line.strip() for line in event.splitlines())
    return all(not line or line.startswith((b":", b"event:", b"id:", b"retry:")) for line in lines)


def _unpacker(encoding: str) -> Callable[[bytes], bytes] | None:
    """Return what undoes a content encoding; None where nothing here can."""
    if encoding in ("", "identity"):
        return bytes
    if encoding in ("gzip", "x-gzip", "deflate"):
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 32).decompress
    # The client can only have asked for the others if its library has them.
    brotli = sys.modules.get("brotli") or sys.modules.get("brotlicffi")
    if encoding == "br" and brotli is not None:
        made: Any = brotli.Decompressor()
        unpack: Callable[[bytes], bytes] = made.process if hasattr(made, "process") else made.decompress
        return unpack
    zstandard: Any = sys.modules.get("zstandard")
    if encoding == "zstd" and zstandard is not None:
        zstd: Callable[[bytes], bytes] = zstandard.ZstdDecompressor().decompressobj().decompress
        return zstd
    return None
