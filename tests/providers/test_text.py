"""Text, its pieces, and streams that are never held as a whole."""

from __future__ import annotations

import json
import re
import tracemalloc
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos.core.draw import Draw
from pytest_llmchaos.core.replies import Reply
from pytest_llmchaos.core.tokens import pieces, request_tokens, tokens
from pytest_llmchaos.providers._openai_wire import span
from pytest_llmchaos.providers._text import prose
from pytest_llmchaos.providers._wire import dump

from .sdk import UNHURRIED, WALL
from .test_errors import call_to


@UNHURRIED
@given(st.text())
def test_pieces_join_to_the_text(text):
    """No character is lost, and no piece is empty."""
    parts = list(pieces(text))
    assert "".join(parts) == text
    assert all(parts)
    assert tokens(text) == len(parts)


@UNHURRIED
@given(st.integers(1, 60), st.integers(0, 50))
def test_prose_keeps_its_limit(limit, seed):
    """Never more tokens than allowed, never nothing."""
    assert 1 <= tokens(prose(Draw(str(seed), 0), limit)) <= limit


def test_prose_reads_as_sentences():
    """Twenty to forty words in sentences that begin and end as such."""
    for seed in range(50):
        text = prose(Draw(str(seed), 0))
        assert 20 <= len(text.split()) <= 40
        assert text[0].isupper()
        assert text.endswith(".")


def test_tokens_of_a_request_are_plausible():
    """About a token for four letters; media count by their kind, not by the length of their base64."""
    assert 20 <= request_tokens("word " * 20) <= 40
    image = {"type": "image", "source": {"type": "base64", "data": "A" * 100_000}}
    assert request_tokens([image]) < 500
    assert request_tokens({"image_url": "data:image/png;base64," + "A" * 100_000}) < 500
    assert request_tokens(None) == 1


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0001, "1ms"), (0.577, "577ms"), (1, "1s"), (1.5, "1.5s"), (59.9999, "1m0s"), (432, "7m12s")],
)
def test_spans_are_written_as_the_vendor_does(seconds, text):
    """The forms seen in rate-limit headers."""
    assert span(seconds) == text


def test_json_is_utf8_where_it_can_be():
    """Other scripts are sent as they are; a lone surrogate, which has no UTF-8 form, is escaped."""
    assert dump({"a": "é漢"}) == '{"a":"é漢"}'.encode()
    assert json.loads(dump("\ud800")) == "\ud800"


def _least_peak(chunks):
    """Return how many bytes 5,000 events took at most, the least of three times: other threads allocate as well."""
    peaks = []
    for _ in range(3):
        events = iter(chunks)
        next(events)
        tracemalloc.start()
        count = sum(1 for _ in islice(events, 5_000))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert count == 5_000
    return min(peaks)


@pytest.mark.parametrize("what", ["chat", "messages", "completions"])
def test_a_long_stream_needs_no_memory(what):
    """Thousands of words stream in a few kilobytes beyond the text itself, again and again."""
    call = call_to(what, stream=True)
    text = "word " * 6_000
    answer = call.speaks.answer(call, Reply(text=text), Draw("k", 0))
    assert _least_peak(answer.chunks) < 50_000


def test_a_response_streams_one_event_at_a_time():
    """The events that repeat the whole text come last; until then nothing piles up."""
    call = call_to("responses", stream=True)
    answer = call.speaks.answer(call, Reply(text="word " * 10_000), Draw("k", 0))
    assert _least_peak(answer.chunks) < 50_000


@pytest.mark.parametrize("what", ["chat", "responses", "messages", "completions"])
def test_each_chunk_is_one_whole_event(what):
    """Every chunk ends one event and no more, so that faults can count them."""
    call = call_to(what, stream=True)
    answer = call.speaks.answer(call, Reply(text="a\n\nb \r\n\r\n c"), Draw("k", 0))
    assert answer.events
    for chunk in answer.chunks:
        assert chunk.endswith(b"\n\n")
        assert chunk.count(b"\n\n") == 1
        assert b"data: " in chunk
    chunks = list(answer.chunks)
    assert chunks == list(answer.chunks)
    # Chat and legacy completions have a terminator, an event by itself; the others a last named event.
    assert chunks.count(b"data: [DONE]\n\n") == (what in ("chat", "completions"))
    last = {"responses": b"event: response.completed\n", "messages": b"event: message_stop\n"}
    assert chunks[-1].startswith(last.get(what, b"data: [DONE]\n\n"))


def test_healthy_answers_carry_the_vendors_headers():
    """Ids, rate limits with room left, the CDN's marks, and a date that is the app's."""
    for what in ("chat", "messages"):
        call = call_to(what)
        found = dict(call.speaks.answer(call, None, Draw("k", WALL + 0.9)).headers)
        assert found["date"] == "Sun, 22 Nov 2026 10:20:00 GMT"
        assert found["server"] == "cloudflare"
        assert re.fullmatch(r"[0-9a-f]{16}-[A-Z]{3}", found["cf-ray"])
        if what == "chat":
            assert found["openai-version"] == "2020-10-01"
            assert int(found["openai-processing-ms"]) > 0
            assert int(found["x-ratelimit-remaining-requests"]) > 0
        else:
            assert found["anthropic-ratelimit-tokens-reset"] == "2026-11-22T10:20:01Z"
            assert int(found["anthropic-ratelimit-requests-remaining"]) > 0
