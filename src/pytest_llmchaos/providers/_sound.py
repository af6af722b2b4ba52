"""Silence in every format that speech comes in, which players and decoders accept."""

from __future__ import annotations

import struct
import zlib
from base64 import b64decode
from collections.abc import Callable, Mapping

__all__ = ["CONTENT_TYPES", "silence"]

CONTENT_TYPES = {
    "mp3": "audio/mpeg",
    "opus": "audio/ogg",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}

_RATE = 24_000  # samples a second, of one channel with 16 bits each

# One frame of MPEG-2 layer III, 32 kbit/s at 24 kHz, mono: 576 samples in 96 bytes, all of them zero.
_MP3_FRAME = b"\xff\xf3\x44\xc0".ljust(96, b"\0")
_MP3_SAMPLES = 576
# One frame of AAC in ADTS, 24 kHz, mono: 1024 samples of nothing.
_AAC_DATA = b"\x01\x18\x20\x07"
_AAC_SAMPLES = 1024
# These two take an encoder, so they last 20 ms whatever is asked for (made with libsndfile).
_FLAC = b64decode(
    "ZkxhQwAAACIQABAAAAANAAANBdwA8AAAAeDiseU/JphbwLwqmcfRB6HRhAAAKCAAAAByZWZlcmVuY2UgbGliRkxBQyAxLjQuMyAyMDIzMDYyMwAA"
    "AAD/+HcIAAHfNQAAALp6"
)
_OPUS = zlib.decompress(
    b64decode(
        "eNrzT08PZmBigIIUkTIBEK068wEzo7B/QWmxR2piCiOjBeOBWLACf5ByBmTljEB6gdRUXZb///9LgXSEJKYXcwMFczKT8oFcBUM9E4ZRMApGMADnGpYfLIhcA8pxUpbfeJiYmW/8/3fh/z8AJhQg/g=="
    )
)


def silence(kind: str, seconds: float) -> bytes:
    """Return silence of about that length; an unknown kind is MP3, as at the API.

    Args:
        kind: one of `CONTENT_TYPES`.
        seconds: how long; at least one frame.
    """
    samples = max(round(seconds * _RATE), 1)
    return _MAKERS.get(kind, _mp3)(samples)


def _mp3(samples: int) -> bytes:
    return _MP3_FRAME * -(-samples // _MP3_SAMPLES)


def _aac(samples: int) -> bytes:
    length = 7 + len(_AAC_DATA)
    # ADTS: sync word, no CRC; low complexity, 24 kHz (index 6), one channel; the length; no more than one frame.
    head = struct.pack(">HBBBBB", 0xFFF1, 0x58, 0x40 | length >> 11, length >> 3 & 0xFF, (length & 7) << 5 | 0x1F, 0xFC)
    return (head + _AAC_DATA) * -(-samples // _AAC_SAMPLES)


def _pcm(samples: int) -> bytes:
    return bytes(2 * samples)


def _wav(samples: int) -> bytes:
    data = _pcm(samples)
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, _RATE, 2 * _RATE, 2, 16)
    inner = b"WAVE" + form + struct.pack("<4sI", b"data", len(data)) + data
    return struct.pack("<4sI", b"RIFF", len(inner)) + inner


_MAKERS: Mapping[str, Callable[[int], bytes]] = {
    "mp3": _mp3,
    "aac": _aac,
    "pcm": _pcm,
    "wav": _wav,
    "flac": lambda samples: _FLAC,
    "opus": lambda samples: _OPUS,
}
