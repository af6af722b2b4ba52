"""Hypothesis draws faults, injections, phases and scenarios, and shows a failing one as a file."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from random import Random

import openai
import pytest
from hypothesis import Phase as Stage
from hypothesis import find, given, settings
from hypothesis import strategies as st

from pytest_llmchaos import faults, inject, strategies
from pytest_llmchaos.core.call import Target
from pytest_llmchaos.core.errors import UsageProblem
from pytest_llmchaos.core.parameters import param
from pytest_llmchaos.faults import Fault, FaultFactory, Injection
from pytest_llmchaos.providers import dialects
from pytest_llmchaos.scenarios.scenario import Phase, Repeat, Scenario, dead_windows
from pytest_llmchaos.scenarios.scenario_file import dump, loads
from pytest_llmchaos.scenarios.suitable_faults import suits

FEW = settings(max_examples=15)
QUICK = (Stage.generate, Stage.shrink)  # no explaining, which takes the longest
DRAWABLE = [each for each in FaultFactory.conditions() if each not in ("target", "where")]


def ask(client):
    """An app that asks once."""
    return client.chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": "hi"}])


@pytest.mark.parametrize("name", faults.names())
@settings(max_examples=5)
@given(data=st.data())
def test_every_fault_is_drawn_with_its_parameters(name, data):
    """A fault that could not be drawn would never be tried out: each says what its parameters take."""
    declared = {each for each in faults.find(name).parameters() if each not in FaultFactory.conditions()}
    assert set(strategies.parameters(name)) == declared
    where = {"status_page": "openai:status", "wrong_embeddings": "openai:embeddings", "deprecation_notice": "gemini"}
    drawn = data.draw(strategies.faults(where.get(name, "*"), names=[name]))
    assert drawn.fault.name == name
    assert not drawn.when()


@FEW
@given(st.data())
def test_what_is_drawn_is_of_the_provider_and_kind_asked_for(data):
    """The target is the provider's, the fault of the kind, and it has a form there."""
    provider = data.draw(st.sampled_from(sorted(dialects())))
    kind = data.draw(st.sampled_from([each for each in strategies.kinds() if each != "mix"]))
    drawn = data.draw(strategies.injections(provider, kind=kind, stream=True))
    assert (str(drawn.target), drawn.fault.kind) == (provider, kind)
    assert suits(drawn.fault, Target(provider), True)


def test_an_app_that_never_streams_gets_no_fault_of_streams():
    """They could not hit it."""
    with pytest.raises(UsageProblem, match="has a form for openai"):
        strategies.faults("openai", kind="stream", stream=False)


@FEW
@given(strategies.faults("openai:embeddings"), strategies.faults("openai:status"))
def test_an_operation_gets_only_what_has_a_form_there(embeddings, status):
    """No stream of vectors breaks, and no status page runs out of quota."""
    assert not embeddings.fault.streams_only
    assert status.fault.kind not in ("stream", "policy", "retirement", "access")


@given(strategies.scenarios(["openai", "anthropic"], when=DRAWABLE, at_most=4))
def test_what_is_drawn_can_be_written_and_read(scenario):
    """A failing example can always be kept as a file."""
    assert loads(dump(scenario)) == scenario


@pytest.mark.parametrize(
    ("wanted", "smallest"),
    [
        (lambda scenario: True, "inject:\n  - {fault: auth_revoked, target: openai}\n"),
        (
            lambda scenario: any(each.rate != 1 for each in scenario.injections),
            # Whether a number or a ramp is left is chance: the simplest number is the 1 that is not wanted.
            "inject:\n  - {fault: auth_revoked, target: openai, rate: ",
        ),
        (
            lambda scenario: any(isinstance(part, Repeat) for part in scenario.phases),
            "phases:\n  - repeat: 2\n    phases:\n      - name: phase 1\n        lasts: 1s\n        inject:\n"
            "          - {fault: auth_revoked, target: openai}\n",
        ),
        (
            lambda scenario: any(getattr(each.fault, "status", 0) == 504 for each in scenario.injections),
            "- {fault: outage, target: openai, status: 504}\n",
        ),
    ],
    ids=["anything", "a rate", "a repetition", "a parameter"],
)
def test_an_example_shrinks_to_the_smallest(wanted, smallest):
    """What is left is one fault with nothing that does not matter."""
    few = strategies.scenarios(
        "openai", names=["outage"] if "504" in smallest else ["auth_revoked", "latency", "outage"]
    )
    found = find(few, wanted, settings=settings(max_examples=500, database=None, phases=QUICK), random=Random(1))
    assert smallest in dump(found)
    assert len(found.injections) == 1 or "repeat" in smallest


def test_a_failing_scenario_is_shown_as_a_file():
    """The report holds the YAML, which fails again when it is loaded."""

    @settings(database=None, phases=QUICK)
    @given(scenario=strategies.scenarios("openai", kind="outage"))
    def survives(scenario):
        with inject(scenario, allow_unused=True), openai.OpenAI(api_key="k", max_retries=0) as client:
            ask(client)

    with pytest.raises(Exception) as caught:
        survives()
    first = caught.value.exceptions[0] if isinstance(caught.value, BaseExceptionGroup) else caught.value
    told = "\n".join(first.__notes__)
    assert "<to replay it, save this as drawn.yaml>" in told
    text = told[told.index("name: drawn") :].partition("\n,")[0].partition("\n)")[0]
    scenario = loads(text.rstrip().removesuffix(","))
    with (
        pytest.raises(type(first)),
        inject(scenario, allow_unused=True),
        openai.OpenAI(api_key="k", max_retries=0) as client,
    ):
        ask(client)


def test_a_single_fault_is_shown_as_in_a_file():
    """One line that can be put under `inject`."""

    @settings(database=None, phases=QUICK)
    @given(each=strategies.injections("openai", kind="limit"))
    def fails(each):
        raise ValueError

    with pytest.raises(ValueError) as caught:
        fails()
    assert "each={fault: rate_limit, target: openai}," in "\n".join(caught.value.__notes__)


@FEW
@given(strategies.scenarios("openai", stream=False))
def test_a_sync_test_runs_under_what_is_drawn(scenario):
    """Every drawn scenario can be played, and the SDK raises nothing but its own errors."""
    with inject(scenario, allow_unused=True) as chaos, openai.OpenAI(api_key="k") as client:
        try:
            ask(client)
        except (openai.OpenAIError, ValueError):  # ValueError: a body that is no JSON, which the SDK lets through
            assert chaos.calls[-1].faults


@pytest.mark.asyncio
@FEW
@given(strategies.scenarios("openai", stream=False))
async def test_an_async_test_runs_under_what_is_drawn(scenario):
    """The same under pytest-asyncio."""
    async with inject(scenario, allow_unused=True) as chaos, openai.AsyncOpenAI(api_key="k") as client:
        try:
            await ask(client)
        except (openai.OpenAIError, ValueError):
            assert chaos.calls[-1].faults
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("draw", "says"),
    [
        (lambda: strategies.faults("opnai"), "'opnai' is not a provider; did you mean 'openai'"),
        (lambda: strategies.faults("openai:chta"), "'chta' in 'openai:chta' is not an operation"),
        (lambda: strategies.faults([]), "need a provider"),
        (lambda: strategies.faults(kind="outge"), "'outge' is not a kind of fault; did you mean 'outage'"),
        (lambda: strategies.faults(names=["outge"]), "'outge' is not a fault; did you mean 'outage'"),
        (lambda: strategies.faults(kind="latency", names=["outage"]), "no fault among outage is of the kind latency"),
        (lambda: strategies.injections(when=["rte"]), "'rte' is not a condition of a fault; did you mean 'rate'"),
        (lambda: strategies.injections(when=["target"]), "'target' is not a condition"),
        (lambda: strategies.injections(when=["where"]), "nobody can draw 'where'"),
    ],
)
def test_a_wrong_argument_is_told_at_once(draw, says):
    """Not when the first example is drawn."""
    with pytest.raises(UsageProblem, match=says):
        draw()


def test_a_strategy_shows_itself_shortly():
    """Hypothesis warns about long ones, and shows them in its reports."""
    assert len(repr(strategies.scenarios())) < 80


@dataclass(frozen=True)
class _Made(Fault):
    """A fault of somebody else's.

    Args:
        size: how large.
        odd: what nobody can tell from outside.
    """

    name = "made"

    size: int = param(int, shape={"type": "integer", "minimum": 3, "maximum": 5})
    odd: str = param(str, default="x")
    word: str = param(str, default="x", draw=lambda parts: st.just("drawn"))


@FEW
@given(st.data())
def test_a_new_fault_is_drawn_by_what_it_declares(data):
    """Nothing in the strategies names a fault."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(faults._FACTORIES, "made", FaultFactory(_Made))
        drawn = strategies.parameters("made")
        assert sorted(drawn) == ["size", "word"]
        assert data.draw(drawn["size"]) in (3, 4, 5)
        assert data.draw(drawn["word"]) == "drawn"


def test_what_hypothesis_shows_of_a_scenario_without_a_file_is_its_repr():
    """A function of a test has no name that a file could hold."""
    from hypothesis.vendor.pretty import pretty

    scenario = Scenario.of([faults.outage(where=lambda call: True)])
    assert pretty(scenario).startswith("Scenario(name='outage'")
    assert pretty(Scenario("x", (Phase("", (faults.outage(),)),))).endswith("name: x\ninject:\n  - {fault: outage}\n")
    assert isinstance(scenario.injections[0], Injection)


@given(strategies.phases("openai", when=["between", "rate"]))
def test_no_drawn_window_is_dead(phases):
    """A run refuses a fault that could never strike."""
    assert not list(dead_windows(phases))
