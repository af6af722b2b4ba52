"""Streams that pass are cut at their events; server-sent events are tested with the plans that play them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos.core.framing import framer
from pytest_llmchaos.core.plan import Chunk
from pytest_llmchaos.providers._bedrock_frames import CONTENT_TYPE, event_frame, exception_frame

LINES = [b'{"message":{"content":"a"}}\n', '{"message":{"content":"é"}}\r\n'.encode(), b'{"done":true}\n']
FRAMES = [
    event_frame("contentBlockDelta", {"delta": {"text": "one"}}),
    event_frame("messageStop", {"stopReason": "end_turn"}),
    exception_frame("modelStreamErrorException", {"message": "gone"}),
]


def framed(content_type, *pieces):
    """Return what a framer makes of the pieces of a stream."""
    found = framer((("Content-Type", content_type),))
    return [*(chunk for piece in pieces for chunk in found.feed(piece)), *found.flush()]


@pytest.mark.parametrize(
    ("content_type", "wanted"),
    [("application/x-ndjson", LINES), ("application/jsonl; charset=utf-8", LINES), (CONTENT_TYPE, FRAMES)],
    ids=["x-ndjson", "jsonl", "aws"],
)
@given(data=st.data())
def test_events_do_not_depend_on_where_the_pieces_are_cut(content_type, wanted, data):
    """However the network cuts a stream, each line or frame comes out as one event, byte for byte."""
    stream = b"".join(wanted)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert framed(content_type, *pieces) == [Chunk(each, event=True) for each in wanted]


def test_blank_lines_are_no_events():
    """A line that says nothing passes uncounted; a last line counts without a line end."""
    assert framed("application/x-ndjson", b"\n{}\n\r\n{", b"}") == [
        Chunk(b"\n"),
        Chunk(b"{}\n", event=True),
        Chunk(b"\r\n"),
        Chunk(b"{}", event=True),
    ]


def test_an_unfinished_frame_is_no_event():
    """What the upstream did not finish is given to the app as it came."""
    assert framed(CONTENT_TYPE, FRAMES[0] + FRAMES[1][:9]) == [Chunk(FRAMES[0], event=True), Chunk(FRAMES[1][:9])]


def test_what_is_no_frame_is_not_held_back():
    """Bytes that begin with no possible length pass at once, and so does all that follows them."""
    found = framer((("content-type", CONTENT_TYPE),))
    assert list(found.feed(b"<html>")) == [Chunk(b"<html>")]
    assert list(found.feed(FRAMES[0])) == [Chunk(FRAMES[0])]


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (("content-type", "application/json"),),
        (("content-type", "application/x-ndjson"), ("content-encoding", "gzip")),
    ],
)
def test_other_bodies_have_no_events(headers):
    """Plain JSON is not cut, and neither is what is compressed."""
    assert framer(headers) is None
