"""An event like the last one but for its text is known without reading it, and nothing else is taken for one."""

from __future__ import annotations

import json

import pytest

from pytest_llmchaos.run import answer_reader
from pytest_llmchaos.run.answer_reader import Reading, Says

SSE = {"content-type": "text/event-stream"}


def event(text='"hello"', **more):
    """Return an event of OpenAI's chat, its text as JSON writes it."""
    rest = {"finish_reason": None, **more}
    return b'data: {"choices":[{"delta":{"content":' + text.encode() + b"}," + json.dumps(rest).encode()[1:] + b"]}\n\n"


def read(*pieces):
    """Return what each piece says, and of how many of them a document was read."""
    reading = Reading(SSE, stream=True)
    return reading, [reading.feed(each) for each in pieces]


@pytest.fixture
def documents(monkeypatch):
    """Count the events that are read."""
    seen = []
    original = answer_reader.documents

    def counted(body):
        seen.append(body)
        return original(body)

    monkeypatch.setattr(answer_reader, "documents", counted)
    return seen


def test_a_long_stream_is_read_once(documents):
    """Of a thousand pieces one is read, and each says the same."""
    words = [event(json.dumps(word)) for word in ("hello", "a\nb", "größer", "\U0001f600", "x" * 9)] * 200
    _, said = read(*words, *[event('"größer"')] * 9)
    assert set(said) == {Says.SIGN | Says.CONTENT}
    assert len(documents) == 1


@pytest.mark.parametrize(
    ("piece", "says"),
    [
        (event('""'), Says.SIGN),
        (event("null"), Says.SIGN),
        (event('"a\\q"'), Says.CONTENT),  # no JSON: nobody here can read it
        (event('"a\x01"'), Says.CONTENT),
        (event().replace(b"hello", b"\xff"), Says.CONTENT),
        (event('"","error":"no"'), Says.SIGN),
        (event(error={"message": "no"}), Says.SIGN | Says.CONTENT),
        (b": ping\n\n", Says.NOTHING),
        (event() + event('""'), Says.SIGN | Says.CONTENT),
        (event()[:20], Says.NOTHING),
        (b"data: [DONE]\n\n", Says.SIGN),
    ],
)
def test_what_differs_in_more_than_its_text_is_read(piece, says):
    """It says what it says to somebody who has seen no event before it."""
    alone = Reading(SSE, stream=True)
    assert alone.feed(piece) == says
    reading, said = read(event(), event('"more"'), piece)
    assert said == [Says.SIGN | Says.CONTENT] * 2 + [says]
    assert (reading.done, reading.error) == (alone.done, alone.error)


def test_a_piece_that_goes_on_with_half_an_event_is_no_event():
    """The half that came before it belongs to it."""
    whole = event('"","x":"y"')
    reading, said = read(event(), whole[:25], whole[25:], event())
    assert said == [Says.SIGN | Says.CONTENT, Says.NOTHING, Says.SIGN, Says.SIGN | Says.CONTENT]
    assert reading.unfinished


def test_thoughts_stay_thoughts_and_words_are_words():
    """Each kind is learnt anew."""
    thought = b'data: {"choices":[{"delta":{"reasoning_content":"hm"}}]}\n\n'
    _, said = read(thought, thought, event(), event(), thought)
    think, talk = Says.SIGN | Says.THOUGHT, Says.SIGN | Says.CONTENT
    assert said == [think, think, talk, talk, think]
