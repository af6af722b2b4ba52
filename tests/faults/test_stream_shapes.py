"""Streams of odd shapes: nothing is lost in them, but time, an end, or a reason."""

from __future__ import annotations

import gzip
import json
import math

import pytest

from pytest_llmchaos import faults
from pytest_llmchaos.core.call import Timeouts
from pytest_llmchaos.core.errors import FaultUnfit
from pytest_llmchaos.core.plan import Answer, Chunk, Emit, End, Head, Plan, Pull, Respond, Sleep, Wait, play

from .fakes import DONE, SSE, applied, call, draw, events, healthy
from .test_wrong import body
from .vendors import CHATS, chat

BEAT = Chunk(b": keep-alive\n\n")
JSON = (("content-type", "application/json"),)


def chunks(count):
    """The first events of the healthy stream, as steps."""
    return [Chunk(each, event=True) for each in events(count)]


def passed(injection, head, *pieces, to=None):
    """What becomes of an answer from beneath: its head, the bytes that reach the app, and the other actions."""
    plan = injection.fault.apply(Plan(None), to or call(stream=True), draw())
    given = iter([Head(200, head), *map(Chunk, pieces), End()])
    playing, seen = play(plan, Timeouts()), []
    action = next(playing, None)
    while action is not None:
        if isinstance(action, Pull):
            action = playing.send(next(given))
        else:
            seen.append(action)
            action = next(playing, None)
    return seen[0].head, [each.chunk.data for each in seen if isinstance(each, Emit)], seen


# --- heartbeats -------------------------------------------------------------------------------------------------


def test_heartbeats_fill_the_silence():
    """They come in their rhythm for that long, then the stream goes on where it was."""
    steps = applied(faults.stream_heartbeats(2, "35s", "10s"), stream=True)
    beats = [Wait(10), BEAT] * 3
    assert steps == [Head(200, SSE), *chunks(2), *beats, Wait(5), chunks(3)[2], Chunk(DONE, event=True), End()]


def test_no_read_timeout_strikes_between_heartbeats():
    """Each is a sign of life; a limit on the whole is reached all the same."""
    plan = faults.stream_heartbeats().fault.apply(healthy(stream=True), call(stream=True), draw())
    actions = list(play(plan, Timeouts(read=20)))
    assert sum(each.seconds for each in actions if isinstance(each, Sleep)) == 600
    assert actions[-1].end == End()
    *_, last = play(plan, Timeouts(total=60))
    assert last.kind == "total_timeout"


@pytest.mark.parametrize("name", CHATS)
def test_heartbeats_are_the_providers_own(name):
    """A comment or an event without a word of the answer; Bedrock's frames and Ollama's lines have none."""
    called = chat(name, stream=True)
    fault = faults.stream_heartbeats(0, "1m", "30s").fault
    good = Plan(called.speaks.answer(called, None, draw()).steps)
    if name == "ollama" or name.startswith("bedrock"):
        with pytest.raises(FaultUnfit, match="no heartbeat"):
            fault.apply(good, called, draw())
        return
    beat = next(step for step in fault.apply(good, called, draw()).steps() if isinstance(step, Chunk))
    known = {"deepseek": b": keep-alive\n\n", "openrouter": b": OPENROUTER PROCESSING\n\n"}
    ping = b'event: ping\ndata: {"type":"ping"}\n\n'
    known |= {"anthropic": ping, "vertex claude": ping}
    assert beat == Chunk(known.get(name, b": keep-alive\n\n"), event=beat.data == ping)


# --- duplicates, pieces, drops ----------------------------------------------------------------------------------


@pytest.mark.parametrize("nth", [1, 2, 3, 4, 1000])
def test_one_event_comes_twice(nth):
    """Of a shorter stream it is the last before the terminator."""
    steps = applied(faults.stream_duplicate(nth), stream=True)
    three, twice = chunks(3), min(nth, 3)
    assert steps == [
        Head(200, SSE), *three[:twice], three[twice - 1], *three[twice:], Chunk(DONE, event=True), End(),
    ]  # fmt: skip


def test_a_stream_without_a_word_repeats_its_terminator():
    """There is nothing else to repeat."""
    plan = Plan(Answer(200, SSE, (DONE,), events=True).steps)
    assert applied(faults.stream_duplicate(), plan, stream=True)[1:-1] == [Chunk(DONE, event=True)] * 2


@pytest.mark.parametrize(
    ("at", "pieces"),
    [
        ("character", [b'data: "gr\xc3', b'\xb6\xc3\x9fer"\n\n']),
        ("line", [b'data: "gr\xc3\xb6\xc3\x9fer"\n', b"\n"]),
        ("byte", [bytes([each]) for each in 'data: "größer"\n\n'.encode()]),
    ],
)
def test_an_event_comes_in_pieces(at, pieces):
    """Cut within a character, before the last end of line, or everywhere; the last piece counts as the event."""
    plan = Plan(Answer(200, SSE, ('data: "größer"\n\n'.encode(),), events=True).steps)
    found = applied(faults.stream_split(at), plan, stream=True)[1:-1]
    assert found == [*map(Chunk, pieces[:-1]), Chunk(pieces[-1], event=True)]


@pytest.mark.parametrize("at", ["character", "line", "byte"])
@pytest.mark.parametrize("name", CHATS)
def test_pieces_are_the_whole_again(name, at):
    """No byte is lost, added or moved."""
    called = chat(name, stream=True)
    good = Plan(called.speaks.answer(called, None, draw()).steps)
    split = list(faults.stream_split(at).fault.apply(good, called, draw()).steps())
    assert body(split) == body(good.steps())
    assert len(split) > len(list(good.steps()))


def test_a_later_fault_counts_events_not_pieces():
    """Cutting after two events means two whole ones."""
    split = faults.stream_split("byte").fault.apply(healthy(stream=True), call(stream=True), draw())
    cut = applied(faults.stream_cut(2), split, stream=True)
    assert body(cut) == b"".join(events(2))


def test_a_stream_drips():
    """So many bytes at once, and a pause before each drop but the first."""
    plan = Plan(Answer(200, SSE, (b"data: 1\n\n", b"data: 2\n\n"), events=True).steps)
    head, *drops, end = applied(faults.stream_drip(4, "2s"), plan, stream=True)
    assert [step.data for step in drops if isinstance(step, Chunk)] == [
        b"data", b": 1\n", b"\n", b"data", b": 2\n", b"\n",
    ]  # fmt: skip
    assert [step for step in drops if isinstance(step, Wait)] == [Wait(2)] * 5
    assert isinstance(drops[0], Chunk)
    assert (head, end) == (Head(200, SSE), End())


# --- ends -------------------------------------------------------------------------------------------------------


def test_a_stream_is_held_open():
    """All comes, then nothing does, for ever or for so long."""
    all_of_it = [Head(200, SSE), *chunks(3), Chunk(DONE, event=True)]
    assert applied(faults.stream_held_open(), stream=True) == [*all_of_it, Wait(math.inf), End()]
    assert applied(faults.stream_held_open("30s"), stream=True) == [*all_of_it, Wait(30), End()]
    plan = faults.stream_held_open().fault.apply(healthy(stream=True), call(stream=True), draw())
    *_, last = play(plan, Timeouts(read=60))
    assert last.kind == "read_timeout"


@pytest.mark.parametrize("name", CHATS)
def test_no_finish_reason_is_left(name):
    """Every text is there and no reason; where only the terminator tells the end, it is missing."""
    called = chat(name, stream=True)
    good = list(Plan(called.speaks.answer(called, None, draw()).steps).steps())
    found = list(faults.stream_unfinished().fault.apply(Plan(lambda: good), called, draw()).steps())
    assert found[-1] == End("stream_unfinished")
    assert found[0].status == 200
    if name == "responses":
        assert found[:-1] == good[:-2]
        return
    assert len(found) == len(good)
    for reason in (b'"stop"', b'"end_turn"', b'"COMPLETE"', b'"STOP"', b"stopReason"):
        assert reason not in body(found)
    assert sum(step != same for step, same in zip(found[:-1], good, strict=False)) == 1


# --- answers from beneath ---------------------------------------------------------------------------------------


EVENT = b'data: {"model": "m-1", "choices": [{"finish_reason": "stop"}]}\r\n\r\n'


def test_a_passing_stream_is_edited():
    """Whatever pieces it comes in; its length is no longer told, its other lines stay as they are."""
    whole = b": hello\n\n" + EVENT + DONE
    head = (*SSE, ("content-length", str(len(whole))))
    called = chat("openai", stream=True)
    pieces = (whole[n : n + 5] for n in range(0, len(whole), 5))
    head, pieces, _ = passed(faults.model_substituted("other"), head, *pieces, to=called)
    assert "content-length" not in dict(head.headers)
    expected = b'data: {"model":"other","choices":[{"finish_reason":"stop"}]}\r\n\r\n'
    assert pieces == [b": hello\n\n", expected, DONE]


@pytest.mark.parametrize("encoding", ["", "gzip"])
def test_a_passing_body_is_edited(encoding):
    """Compressed or not; its length is told truly."""
    data = json.dumps({"data": [{"embedding": [1.0, 2.0]}]}).encode()
    sent = gzip.compress(data) if encoding else data
    head = (*JSON, ("Content-Length", str(len(sent))), *((("Content-Encoding", "gzip"),) if encoding else ()))
    head, pieces, _ = passed(faults.wrong_embeddings(form="zeros"), head, sent[:9], sent[9:])
    assert pieces == [b'{"data":[{"embedding":[0.0,0.0]}]}']
    assert head == Head(200, (*JSON, ("Content-Length", str(len(pieces[0])))), "wrong_embeddings")


def test_what_cannot_be_read_is_no_good_answer():
    """An encoding that we cannot undo is an error that says so, never a fault that passes without a trace."""
    with pytest.raises(FaultUnfit, match="encoded as br, which cannot be edited"):
        passed(faults.wrong_embeddings(), (*JSON, ("content-encoding", "br")), b"x")


def test_a_passing_body_that_is_no_json_stays():
    """A page is let through as it is."""
    _, pieces, seen = passed(faults.wrong_embeddings(), (("content-type", "text/html"),), b"<html>", b"</html>")
    assert b"".join(pieces) == b"<html></html>"
    assert isinstance(seen[0], Respond)


def test_passing_lines_and_errors():
    """Lines of JSON are cut at their ends; an error answer is left alone."""
    lines = b'{"message":{},"done":false}\n{"done":true,"done_reason":"stop"}\n'
    head = (("content-type", "application/x-ndjson"),)
    _, pieces, seen = passed(faults.stream_unfinished(), head, lines[:20], lines[20:40], lines[40:])
    assert b"".join(pieces) == b'{"message":{},"done":false}\n{"done":true,"done_reason":null}\n'
    assert seen[-1].end == End("stream_unfinished")
    plan = Plan(Answer(503, JSON, (b'{"finish_reason":"stop"}',)).steps)
    assert applied(faults.stream_unfinished(), plan, stream=True) == list(plan.steps())
