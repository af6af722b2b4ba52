"""Any faults in any order on any answer give a plan that can be played."""

from __future__ import annotations

import math
from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos import strategies
from pytest_llmchaos.core.call import Timeouts
from pytest_llmchaos.core.errors import FaultUnfit
from pytest_llmchaos.core.plan import Answer, Chunk, End, Fail, Head, Plan, Wait, play

from .fakes import SSE, call, draw

ANY_FAULT = strategies.faults()
NEEDS_BYTES = ("stream_duplicate", "stream_split")  # of which an answer without a body has none
ANSWER = st.builds(
    Answer,
    st.sampled_from([200, 200, 200, 201, 304, 400, 429, 503]),
    st.just(SSE),
    st.lists(st.just(b"data: x\n\n"), max_size=6),
    st.booleans(),
)


def compose(answer, injections, *, stream=True, key="k"):
    """Apply the faults that fit, in order."""
    plan = Plan(answer.steps)
    for number, injection in enumerate(injections):
        if injection.fault.unfit(call(stream=stream)) is None:
            with suppress(FaultUnfit):  # for the fake provider, whose answers have no place for it
                plan = injection.fault.apply(plan, call(stream=stream), draw(f"{key}.{number}"))
    return plan


@given(ANSWER, st.lists(ANY_FAULT, max_size=6), st.booleans())
def test_every_plan_is_well_formed(answer, injections, stream):
    """It ends with exactly one Fail or End, no wait is negative, the head comes once and before the body."""
    steps = list(compose(answer, injections, stream=stream).steps())
    assert isinstance(steps[-1], Fail | End)
    assert sum(isinstance(step, Fail | End) for step in steps) == 1
    assert all(step.seconds >= 0 for step in steps if isinstance(step, Wait))
    heads = [index for index, step in enumerate(steps) if isinstance(step, Head)]
    body = [index for index, step in enumerate(steps) if isinstance(step, Chunk)]
    assert len(heads) == (0 if isinstance(steps[-1], Fail) and not heads else 1)
    assert not body or heads[0] < body[0]


@given(ANSWER, st.lists(ANY_FAULT, max_size=6))
def test_every_plan_plays_the_same_each_time(answer, injections):
    """Playing a plan uses nothing up."""
    plan = compose(answer, injections)
    assert list(plan.steps()) == list(plan.steps()) == list(compose(answer, injections).steps())


@given(ANSWER, st.lists(ANY_FAULT, max_size=6), st.floats(0.1, 100))
def test_a_client_with_limits_always_comes_to_an_end(answer, injections, limit):
    """With every limit set, no composition makes the client wait for ever."""
    plan = compose(answer, injections)
    actions = list(play(plan, Timeouts(limit, limit, limit, limit)))
    assert sum(getattr(each, "seconds", 0.0) for each in actions) < math.inf


@given(ANSWER, st.lists(ANY_FAULT, max_size=4), ANY_FAULT)
def test_a_stream_fault_never_passes_without_a_trace(answer, injections, last):
    """Applied last to a good stream, it shows: a failure, a missing terminator, an error, a silence, other pieces."""
    steps = list(compose(answer, injections).steps())
    struck = list(compose(answer, [*injections, last]).steps())
    heads = [step for step in steps if isinstance(step, Head)]
    said = sum(len(step.data) for step in steps if isinstance(step, Chunk))
    if last.fault.streams_only and heads and 200 <= heads[0].status < 300 and steps[-1] == End():
        whole = last.fault.name in NEEDS_BYTES and said < 2
        drops = last.fault.name == "stream_drip" and (last.fault.chunk >= said or not last.fault.every)
        finer = ("stream_drip", "stream_split")
        split = last.fault.name in finer and any(each.fault.name in finer for each in injections)  # as fine already
        assert struck != steps or whole or drops or split or last.fault.raw().get("delay") == "0s"
