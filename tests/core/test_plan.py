"""Playing plans: waits against the client's timeouts, shapers, and the events of a passing stream."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos.core.call import Timeouts
from pytest_llmchaos.core.plan import (
    Answer,
    Chunk,
    Done,
    Emit,
    End,
    Fail,
    Head,
    Plan,
    Pull,
    Raise,
    Respond,
    Sleep,
    Wait,
    play,
)

OK = Head(200, (("content-type", "application/json"),))
SSE = Head(200, (("content-type", "text/event-stream; charset=utf-8"),))
NONE = Timeouts()


def played(*steps, timeouts=NONE, shapers=()):
    """The actions of a plan with these steps."""
    return list(play(Plan(lambda: steps, shapers), timeouts))


def passed_through(*upstream, shapers=()):
    """Play a passthrough plan, answering each Pull with the next step of the upstream."""
    steps, actions = iter(upstream), []
    playing = play(Plan(None, shapers), NONE)
    action = next(playing, None)
    while action is not None:
        try:
            if isinstance(action, Pull):
                action = playing.send(next(steps))
            else:
                actions.append(action)
                action = next(playing)
        except StopIteration:
            break
    return actions


def same():
    """A shaper that changes nothing."""
    return lambda step: (step,)


def test_an_answer_is_responded_emitted_and_done():
    """A plain answer becomes head, body and end, with no sleep at all."""
    answer = Answer(200, (), (b"a", b"b"))
    assert list(play(Plan(answer.steps), NONE)) == [
        Respond(Head(200, ())),
        Emit(Chunk(b"a")),
        Emit(Chunk(b"b")),
        Done(End()),
    ]


def test_a_wait_below_the_timeout_is_slept():
    """The client waits as long as it is willing to."""
    assert played(Wait(5), OK, End(), timeouts=Timeouts(read=10))[0] == Sleep(5)


@pytest.mark.parametrize("phase", ["pool", "connect", "write", "read"])
def test_a_wait_beyond_the_timeout_ends_in_it(phase):
    """The client's own limit of that phase decides, at its own second; nothing comes after."""
    timeouts = Timeouts(**{phase: 10})
    assert played(Wait(20, phase), OK, End(), timeouts=timeouts) == [Sleep(10), Raise(f"{phase}_timeout")]


@pytest.mark.parametrize("phase", ["pool", "connect", "write", "read"])
def test_the_total_timeout_counts_over_all_phases(phase):
    """What passed in other phases, and over head and body, is part of it."""
    actions = played(Wait(2, "connect"), Wait(3, phase), OK, Chunk(b"a"), Wait(4), End(), timeouts=Timeouts(total=8))
    assert actions == [Sleep(2), Sleep(3), Respond(OK), Emit(Chunk(b"a")), Sleep(3), Raise("total_timeout")]


def test_the_nearer_limit_decides():
    """Of the phase's limit and the total the one that is reached first is raised; at the same second the phase's."""
    assert played(Wait(9), timeouts=Timeouts(read=4, total=6)) == [Sleep(4), Raise("read_timeout")]
    assert played(Wait(9), timeouts=Timeouts(read=6, total=4)) == [Sleep(4), Raise("total_timeout")]
    assert played(Wait(9), timeouts=Timeouts(read=4, total=4)) == [Sleep(4), Raise("read_timeout")]
    assert played(Wait(math.inf), timeouts=Timeouts(total=4)) == [Sleep(4), Raise("total_timeout")]


def test_the_total_timeout_goes_on_while_the_app_is_busy():
    """With a clock the app's own time counts; bytes that are there need no wait and are not taken away."""
    clock = [100.0]
    steps = (OK, Wait(1), Chunk(b"a"), Chunk(b"b"), Wait(1), End())
    playing = play(Plan(lambda: steps), Timeouts(total=10), lambda: clock[0])
    assert next(playing) == Respond(OK)
    clock[0] += 5
    assert next(playing) == Sleep(1)
    clock[0] += 1
    assert next(playing) == Emit(Chunk(b"a"))
    clock[0] += 20
    assert list(playing) == [Emit(Chunk(b"b")), Sleep(0), Raise("total_timeout")]


def test_a_sleep_tells_its_phase():
    """A stack that connects in a step of its own plays that part first."""
    assert [action.phase for action in played(Wait(1, "connect"), Wait(2)) if isinstance(action, Sleep)] == [
        "connect",
        "read",
    ]


def test_only_the_limit_of_the_phase_counts():
    """A connect timeout does not end a wait for the answer."""
    assert played(Wait(20), OK, End(), timeouts=Timeouts(connect=5, pool=5, write=5))[:2] == [
        Sleep(20),
        Respond(OK),
    ]


def test_waits_in_a_row_count_together():
    """Two waits without a byte between them are one to the client."""
    assert played(Wait(6), Wait(6), OK, timeouts=Timeouts(read=10)) == [
        Sleep(6),
        Sleep(4),
        Raise("read_timeout"),
    ]


def test_a_byte_starts_the_read_timeout_anew():
    """A slow stream whose gaps are short enough lives on."""
    steps = [Wait(9), OK, Wait(9), Chunk(b"a"), Wait(9), End()]
    actions = played(*steps, timeouts=Timeouts(read=10))
    assert [each.seconds for each in actions if isinstance(each, Sleep)] == [9, 9, 9]
    assert actions[-1] == Done(End())


def test_a_wait_for_ever_without_a_limit_is_slept_for_ever():
    """What happens then is the clock's business (it calls the app hung)."""
    assert played(Wait(math.inf), Fail("server_disconnected"))[0] == Sleep(math.inf)


def test_a_wait_for_ever_meets_a_limit():
    """No limit is too long to be met by an endless wait."""
    assert played(Wait(math.inf), timeouts=Timeouts(read=600)) == [Sleep(600), Raise("read_timeout")]


def test_a_failure_ends_the_playing():
    """Nothing follows a failed connection."""
    assert played(OK, Fail("stream_cut"), Chunk(b"a"), End()) == [Respond(OK), Raise("stream_cut")]


def test_a_replaced_answer_keeps_the_shapers():
    """What a fault put before the answer stays when a later one replaces it."""
    plan = Plan(Answer(200, (), ()).steps).shaped(lambda: lambda s: (Wait(1), s) if isinstance(s, Head) else (s,))
    assert list(plan.answering(Answer(503, (), ())).steps()) == [Wait(1), Head(503, ()), End()]
    assert list(plan.instead(Fail("dns_failure")).steps()) == [Fail("dns_failure")]


def test_each_playing_starts_afresh():
    """A shaper's counters do not leak from one playing into the next."""

    def once():
        seen = []
        return lambda step: (seen.append(step), (step,))[1] if not seen else ()

    plan = Plan(Answer(200, (), (b"a",)).steps).shaped(once)
    assert list(plan.steps()) == list(plan.steps()) == [Head(200, ())]


def test_a_passthrough_plan_has_no_steps_of_its_own():
    """Its steps are known only when the upstream gives them."""
    with pytest.raises(TypeError, match="passthrough"):
        list(Plan(None).steps())


def test_a_passthrough_without_faults_changes_no_chunk():
    """Without a shaper the upstream's pieces go through as they come, uncounted."""
    chunks = [b"data: a", b"\n", b"\ndata: b\n\n"]
    actions = passed_through(SSE, *map(Chunk, chunks), End())
    assert actions == [Respond(SSE), *(Emit(Chunk(each)) for each in chunks), Done(End())]


def test_a_plain_body_is_not_framed():
    """Blank lines in JSON are no events."""
    actions = passed_through(OK, Chunk(b"{\n\n}"), End(), shapers=(same,))
    assert actions == [Respond(OK), Emit(Chunk(b"{\n\n}")), Done(End())]


def test_a_stream_that_faults_may_change_has_no_length():
    """What the upstream said of it would cut an in-band error short."""
    head = Head(200, (*SSE.headers, ("Content-Length", "9")))
    assert passed_through(head, Chunk(b"data: 1\n\n"), End(), shapers=(same,))[0] == Respond(SSE)
    assert passed_through(head, Chunk(b"data: 1\n\n"), End())[0] == Respond(head)


def test_a_compressed_body_is_not_framed():
    """Compressed bytes have no events that could be told; they are neither held back nor cut."""
    head = Head(200, (*SSE.headers, ("Content-Encoding", "gzip")))
    actions = passed_through(head, Chunk(b"\x1f\x8b\n\n\x00"), End(), shapers=(same,))
    assert actions[1] == Emit(Chunk(b"\x1f\x8b\n\n\x00"))


def emitted(*pieces, head=SSE):
    """The chunks that a shaped passthrough plan emits for these pieces."""
    actions = passed_through(head, *map(Chunk, pieces), End(), shapers=(same,))
    return [each.chunk for each in actions if isinstance(each, Emit)]


@pytest.mark.parametrize("eol", [b"\n", b"\r\n", b"\r"])
def test_events_are_found_with_every_line_ending(eol):
    """LF, CRLF and CR all end a line of an event stream."""
    stream = b"event: a" + eol + b"data: 1" + eol + eol + b"data: 2" + eol + eol
    assert emitted(stream) == [
        Chunk(b"event: a" + eol + b"data: 1" + eol + eol, event=True),
        Chunk(b"data: 2" + eol + eol, event=True),
    ]


def test_a_boundary_split_between_two_pieces_is_whole():
    """The last LF of CRLF CRLF belongs to the event that it ends, also when it comes alone."""
    assert emitted(b"data: 1\r\n\r", b"\ndata: 2\r\n\r\n") == [
        Chunk(b"data: 1\r\n\r\n", event=True),
        Chunk(b"data: 2\r\n\r\n", event=True),
    ]


def test_mixed_line_endings_are_told_apart():
    """A stream may change its mind; a CRLF inside an event is not a blank line."""
    assert emitted(b"data: 1\r\ndata: 2\n\r\ndata: 3\n\ndata: 4\r\n\n") == [
        Chunk(b"data: 1\r\ndata: 2\n\r\n", event=True),
        Chunk(b"data: 3\n\n", event=True),
        Chunk(b"data: 4\r\n\n", event=True),
    ]


def test_comments_are_no_events():
    """A keep-alive comment passes, and no fault counts it."""
    assert emitted(b": ping\n\ndata: 1\n\n") == [Chunk(b": ping\n\n"), Chunk(b"data: 1\n\n", event=True)]


def test_what_no_blank_line_ended_comes_at_the_end():
    """The rest of a stream is not lost; it is no whole event."""
    assert emitted(b"data: 1\n\nda", b"ta: 2\n") == [Chunk(b"data: 1\n\n", event=True), Chunk(b"data: 2\n")]


def test_a_body_without_length_keeps_its_rest_when_the_upstream_fails():
    """What arrived before the upstream's own failure is given to the app."""
    actions = passed_through(SSE, Chunk(b"data: 1"), Fail("stream_cut"), shapers=(same,))
    assert actions == [Respond(SSE), Emit(Chunk(b"data: 1")), Raise("stream_cut")]


def test_the_media_type_is_read_in_any_case():
    """Media types have no case."""
    head = Head(200, (("Content-Type", "Text/Event-Stream"),))
    assert emitted(b"data: 1\n\n", head=head) == [Chunk(b"data: 1\n\n", event=True)]


EVENT = st.builds(
    lambda lines, eols: b"".join(line + eol for line, eol in zip(lines, eols, strict=False)),
    st.lists(st.sampled_from([b"data: x", b"event: y", b"data: \xc3\xa9", b"id: 7"]), min_size=1, max_size=3),
    st.lists(st.sampled_from([b"\n", b"\r\n"]), min_size=3, max_size=3),
)


@given(st.lists(st.tuples(EVENT, st.sampled_from([b"\n", b"\r\n"])), max_size=6), st.data())
def test_events_do_not_depend_on_where_the_pieces_are_cut(events, data):
    """However the network cuts a stream, the same events come out and no byte is lost or added."""
    wanted = [lines + blank for lines, blank in events]
    stream = b"".join(wanted)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    chunks = emitted(*pieces)
    assert [each.data for each in chunks] == wanted
    assert all(each.event for each in chunks)


STEP = st.one_of(
    st.builds(Wait, st.floats(0, 100) | st.just(math.inf), st.sampled_from(["pool", "connect", "write", "read"])),
    st.builds(Chunk, st.binary(max_size=3), st.booleans()),
    st.just(OK),
    st.builds(Fail, st.sampled_from(["stream_cut", "connection_reset"])),
    st.just(End()),
)
LIMIT = st.none() | st.floats(0.001, 50)


@given(st.lists(STEP, max_size=12), st.builds(Timeouts, LIMIT, LIMIT, LIMIT, LIMIT))
def test_no_wait_outlasts_the_client(steps, timeouts):
    """Between two bytes the client never sleeps longer than its limit; at most one ending is played, last."""
    actions = played(*steps, timeouts=timeouts)
    endings = [index for index, each in enumerate(actions) if isinstance(each, Raise | Done)]
    assert endings in ([], [len(actions) - 1])
    limits = [timeouts.pool, timeouts.connect, timeouts.write, timeouts.read]
    slept = 0.0
    for action in actions:
        slept = slept + action.seconds if isinstance(action, Sleep) else 0.0
        if None not in limits:
            assert slept <= sum(limits) + 1e-6
