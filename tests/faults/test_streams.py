"""The faults within a stream."""

from __future__ import annotations

import math

import pytest

from pytest_llmchaos import faults
from pytest_llmchaos.core.call import Timeouts
from pytest_llmchaos.core.errors import ParameterError
from pytest_llmchaos.core.plan import Answer, Chunk, End, Fail, Head, Plan, Pull, Raise, Sleep, Wait, play

from .fakes import DONE, SSE, applied, call, draw, events, healthy

STREAM_FAULTS = [name for name in faults.names() if faults.find(name).fault.streams_only]
ERROR = (Chunk(b'data: {"error": "boom"}\n\n', event=True, error="stream_error"), End("stream_error"))
STRIKES = {
    "stream_cut": (Fail("stream_cut"),),
    "stream_truncated": (End("stream_truncated"),),
    "stream_error": ERROR,
}


def chunks(count):
    """The first events of the healthy stream, as steps."""
    return [Chunk(each, event=True) for each in events(count)]


@pytest.mark.parametrize("name", STRIKES)
@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_a_stream_is_struck_after_so_many_events(name, after):
    """The head and the first events are healthy; then comes the fault, and nothing after it."""
    steps = applied(faults.find(name)(after), stream=True)
    assert steps == [Head(200, SSE), *chunks(after), *STRIKES[name]]


@pytest.mark.parametrize("name", STRIKES)
@pytest.mark.parametrize("after", [4, 5, 1000])
def test_a_shorter_stream_is_struck_before_its_terminator(name, after):
    """A fault that was asked for never passes without a trace: all words come, the terminator does not."""
    steps = applied(faults.find(name)(after), stream=True)
    assert steps == [Head(200, SSE), *chunks(3), *STRIKES[name]]


@pytest.mark.parametrize("after", [1, 4, 1000])
def test_a_stall_without_end_keeps_the_terminator_away(after):
    """With a read timeout the client gives up; it has seen the first events only."""
    plan = faults.stream_stall(after).fault.apply(healthy(stream=True), call(stream=True), draw())
    *_, last, sleep, failure = play(plan, Timeouts(read=30))
    assert (sleep, failure) == (Sleep(30), Raise("read_timeout"))
    assert last.chunk == chunks(3)[min(after, 3) - 1]


@pytest.mark.parametrize("after", [0, 2, 9])
def test_a_stall_with_an_end_loses_nothing(after):
    """After the silence the stream goes on where it was."""
    steps = applied(faults.stream_stall(after, "40s"), stream=True)
    silence = steps.index(Wait(40))
    assert silence == 1 + min(after, 3)
    del steps[silence]
    assert steps == [Head(200, SSE), *chunks(3), Chunk(DONE, event=True), End()]


def test_a_stall_may_be_drawn():
    """A distribution gives each call its own silence, the same one each time."""
    fault = faults.stream_stall(delay=faults.uniform("1s", "9s"))
    one, same, other = (applied(fault, stream=True, key=key) for key in ("a", "a", "b"))
    assert one == same != other
    assert 1 <= next(step.seconds for step in one if isinstance(step, Wait)) <= 9


@pytest.mark.parametrize("name", STREAM_FAULTS)
def test_an_error_answer_is_left_alone(name):
    """Only a good answer is broken: a 503 stays a 503."""
    plan = Plan(Answer(503, SSE, events(3), events=True).steps)
    assert applied(faults.find(name)(), plan, stream=True) == list(plan.steps())


@pytest.mark.parametrize("name", STREAM_FAULTS)
def test_a_failed_connection_is_left_alone(name):
    """Where no stream begins there is nothing to break."""
    plan = Plan(None).instead(Wait(1), Fail("connection_reset"))
    assert applied(faults.find(name)(), plan, stream=True) == list(plan.steps())


@pytest.mark.parametrize("name", STREAM_FAULTS)
@pytest.mark.parametrize("operation", ["chat", "completions"])
def test_a_plain_call_is_refused(name, operation):
    """A stream fault on a call that asks for no stream is an error that says so, never skipped."""
    fault = faults.find(name)().fault
    assert fault.unfit(call(stream=True)) is None
    assert (
        fault.unfit(call(operation=operation))
        == f"{name} breaks a stream, and this {operation} call asks for no stream"
    )


@pytest.mark.parametrize("name", STRIKES)
def test_a_body_that_is_no_event_stream_is_struck_before_its_last_piece(name):
    """A page or JSON in place of the stream is cut too, not let through whole."""
    plan = Plan(Answer(200, (("content-type", "text/html"),), (b"<html>", b"</html>")).steps)
    steps = applied(faults.find(name)(5), plan, stream=True)
    assert steps[1:] == [Chunk(b"<html>"), *STRIKES[name]]


@pytest.mark.parametrize("name", STRIKES)
def test_an_empty_stream_is_struck(name):
    """Even a stream without one event is."""
    plan = Plan(Answer(200, SSE, (), events=True).steps)
    assert applied(faults.find(name)(), plan, stream=True) == [Head(200, SSE), *STRIKES[name]]


def test_the_gaps_between_events_are_kept():
    """Waits of an earlier latency stay before the events they belong to, and do not add up elsewhere."""
    slow = faults.latency("3s", first_token="2s", between_tokens="1s").fault
    plan = slow.apply(healthy(stream=True), call(stream=True), draw())
    steps = applied(faults.stream_cut(2), plan, stream=True)
    first, second = chunks(2)
    assert steps == [Wait(3), Head(200, SSE), Wait(2), first, Wait(1), second, Wait(1), Fail("stream_cut")]


def test_faults_within_one_stream_add_up():
    """A stall, and after it a cut."""
    stalled = faults.stream_stall(1, "5s").fault.apply(healthy(stream=True), call(stream=True), draw())
    first, second = chunks(2)
    assert applied(faults.stream_cut(2), stalled, stream=True) == [
        Head(200, SSE), first, Wait(5), second, Fail("stream_cut"),
    ]  # fmt: skip


def test_a_stream_that_another_fault_ended_is_over():
    """A later fault that would have struck behind the end changes nothing."""
    ended = faults.stream_truncated(1).fault.apply(healthy(stream=True), call(stream=True), draw())
    assert applied(faults.stream_cut(3), ended, stream=True) == [
        Head(200, SSE),
        *chunks(1),
        End("stream_truncated"),
    ]


def test_a_passing_stream_is_struck_too():
    """The events of the app's own mock are counted, whatever pieces they come in."""
    plan = faults.stream_cut(2).fault.apply(Plan(None), call(stream=True), draw())
    body = b"".join(events(3)) + DONE
    upstream = iter([Head(200, SSE), *(Chunk(body[n : n + 7]) for n in range(0, len(body), 7)), End()])
    playing, seen = play(plan, Timeouts()), []
    action = next(playing)
    while not isinstance(action, Raise):
        if isinstance(action, Pull):
            action = playing.send(next(upstream))
        else:
            seen.append(action)
            action = next(playing)
    assert [each.chunk for each in seen[1:]] == chunks(2)
    assert action == Raise("stream_cut")


def test_a_long_stream_is_not_collected():
    """What a fault holds back does not grow with the stream."""
    count = 0

    def endless():
        nonlocal count
        yield Head(200, SSE)
        while True:
            count += 1
            yield Chunk(b"data: x\n\n", event=True)

    steps = faults.stream_cut(50_000).fault.apply(Plan(endless), call(stream=True), draw()).steps()
    for _ in range(1000):
        next(steps)
    assert count <= 1001


def test_a_stall_for_ever_is_infinite():
    """Without a delay the silence has no end of its own."""
    assert Wait(math.inf) in applied(faults.stream_stall(), stream=True)


@pytest.mark.parametrize("name", STREAM_FAULTS)
def test_a_stream_fault_for_plain_calls_is_refused(name):
    """It could break none of them."""
    with pytest.raises(ParameterError, match=f"^stream: false leaves plain calls only, and {name} breaks streams"):
        faults.find(name)(stream=False)
    assert faults.find(name)(stream=True).stream is True
