"""The engine is a pure function of its arguments."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos import faults
from pytest_llmchaos.core.call import Call
from pytest_llmchaos.core.draw import Draw
from pytest_llmchaos.core.errors import FaultUnfit
from pytest_llmchaos.core.plan import Plan
from pytest_llmchaos.providers import dialects
from pytest_llmchaos.run.engine import Aimed, aim_at_kind, aim_at_one, decide

OPENAI = dialects()["openai"]()
HEALTHY = Plan(source=tuple)


def aim(injection, call, at):
    """Return why an injection is not aimed at a call at that time, None if it is."""
    return aim_at_kind(injection, call) or aim_at_one(injection, call, at)


def call(**changes):
    """Return a plain chat call."""
    body = {"messages": [{"role": "user", "content": "x"}]}
    facts = {"provider": "openai", "operation": "chat", "model": "gpt-5", "stream": False}
    more = {"method": "POST", "host": "api.openai.com", "path": "/v1/chat/completions", "speaks": OPENAI, "body": body}
    return Call(**{**facts, **more, **changes})


injections = st.lists(
    st.one_of(
        st.builds(faults.latency, st.floats(0.01, 100), rate=st.floats(0.1, 1)),
        st.builds(faults.outage, st.sampled_from([500, 503]), rate=st.floats(0.1, 1)),
        st.builds(faults.connection_refused, calls=st.integers(1, 5)),
    ),
    max_size=5,
)


@given(injections, st.integers(), st.integers(1, 9))
def test_same_arguments_same_plan(chosen, seed, nth):
    """Two decisions on the same call with the same seed are equal, step by step."""

    def steps():
        aimed = [Aimed(f"0.0.{i}", each, nth) for i, each in enumerate(chosen)]
        decision = decide(call(), aimed, HEALTHY, Draw(str(seed), 0.0))
        return decision.planned, decision.misses, list(decision.plan.steps())

    assert steps() == steps()


@given(st.floats(0.05, 0.95), st.integers(0, 1000))
def test_rate_is_about_that_share(rate, seed):
    """Over many calls a rate hits about its share of them."""
    aimed = [Aimed("0.0.0", faults.outage(rate=rate), 1)]
    hits = sum(bool(decide(call(), aimed, HEALTHY, Draw(f"{seed}|{n}", 0.0)).planned) for n in range(300))
    assert abs(hits / 300 - rate) < 0.15


def test_one_injections_chance_does_not_shift_anothers():
    """Adding a fault in front leaves the chance of the one behind as it was."""
    one, two = faults.outage(rate=0.5), faults.latency("1s", rate=0.5)
    for n in range(50):
        draw = Draw(f"7|{n}", 0.0)
        alone = decide(call(), [Aimed("0.0.1", two, 1)], HEALTHY, draw).planned
        both = decide(call(), [Aimed("0.0.0", one, 1), Aimed("0.0.1", two, 1)], HEALTHY, draw).planned
        assert ("0.0.1" in alone) == ("0.0.1" in both)


def test_aim_tells_why_not():
    """Target and window are told apart."""
    fault = faults.outage(target="openai/gpt-4*", between=("1s", "2s"))
    assert aim(fault, call(), 1) == "target"
    assert aim(fault, call(model="gpt-4o"), 0) == "between"
    assert aim(fault, call(model="gpt-4o"), 1) is None


def test_a_fault_that_does_not_fit_is_an_error():
    """The message names the injection and the call."""
    with pytest.raises(FaultUnfit, match=r"stream_cut.* was aimed at openai/gpt-5:chat"):
        decide(call(), [Aimed("0.0.0", faults.stream_cut(), 1)], HEALTHY, Draw("", 0.0))


def test_a_token_call_beside_the_meant_ones_is_let_through():
    """A fault without a form for the call that gets a token strikes the calls that are meant, unless it is named."""
    token = call(operation="auth", model=None, body={})
    meant = faults.stream_cut(target="openai")
    assert decide(token, [Aimed("0.0.0", meant, 1)], HEALTHY, Draw("x", 0.0)).misses == (("0.0.0", "target"),)
    with pytest.raises(FaultUnfit):
        decide(token, [Aimed("0.0.0", faults.stream_cut(target="openai:auth"), 1)], HEALTHY, Draw("x", 0.0))
