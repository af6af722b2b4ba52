"""Frames of `application/vnd.amazon.eventstream`, the binary event stream of AWS.

A frame is its length, the length of its headers and a CRC32 of both; the headers; the payload; and a CRC32 of
all before. Checked against botocore 1.44, eventstream.py.
"""

from __future__ import annotations

import struct
from binascii import crc32
from collections.abc import Mapping
from typing import Any

from ._wire import dump

__all__ = ["CONTENT_TYPE", "event_frame", "exception_frame"]

CONTENT_TYPE = "application/vnd.amazon.eventstream"

_TEXT = 7  # the type of a header whose value is text
_FRAMING = 16  # bytes of both lengths and both checksums


def event_frame(kind: str, payload: Mapping[str, Any]) -> bytes:
    """Return one event with a JSON payload."""
    return _frame({":event-type": kind, ":content-type": "application/json", ":message-type": "event"}, payload)


def exception_frame(kind: str, payload: Mapping[str, Any]) -> bytes:
    """Return the frame by which a service reports one of its modelled exceptions within a stream."""
    head = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return _frame(head, payload)


def _frame(headers: Mapping[str, str], payload: Mapping[str, Any]) -> bytes:
    head = b"".join(_header(name, value) for name, value in headers.items())
    body = dump(payload)
    prelude = struct.pack("!II", len(head) + len(body) + _FRAMING, len(head))
    frame = prelude + struct.pack("!I", crc32(prelude)) + head + body
    return frame + struct.pack("!I", crc32(frame))


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return struct.pack("!B", len(key)) + key + struct.pack("!BH", _TEXT, len(text)) + text
