"""failed_over: who gave up, who went elsewhere, who was cured."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import openai
import pytest

from pytest_llmchaos import checks, faults
from pytest_llmchaos.core.errors import ParameterError

from .apps import ask, ask_claude, claude, first_of, gpt, under
from .apps import verdict as judged
from .journals import journal, sdk


def judge(made, **given):
    """Return the verdict of failed_over."""
    return checks.find("failed_over").build((), given).judge(made)


def test_held_when_another_provider_answers():
    """Three failed tries and a good call elsewhere are a failover; both are the evidence."""
    made = journal(*sdk(0, "openai", "503", by="outage"), "1.2 anthropic 200 +1s")
    verdict = judge(made, to="anthropic", from_="openai", within="5s")
    assert verdict.outcome == "held"
    assert verdict.evidence == tuple(made.exchanges)
    assert "anthropic/claude-opus-4-1:chat answered 2.2s after openai first failed" in verdict.reason
    assert verdict.check == "failed_over(to='anthropic', from_='openai', within='5s')"


@pytest.mark.parametrize("given", [{}, {"to": "anthropic"}, {"from_": "openai"}])
def test_both_ends_may_be_left_open(given):
    """Without `to` any other place will do, without `from_` any failure counts."""
    assert judge(journal("0 openai 503", "1 anthropic 200"), **given).outcome == "held"


def test_gave_up():
    """A request that ends after the SDK's retries is named, with its number of calls and when it stopped."""
    verdict = judge(journal(*sdk(0, "openai", "503", request="checkout")), to="anthropic")
    assert verdict.outcome == "violated"
    assert "in request 'checkout' the app gave up at 1s after 3 calls to openai/gpt-5" in verdict.reason
    assert "(1 by the app, 2 SDK retries), the last with 503" in verdict.reason


def test_told_in_a_stream_that_is_left_open():
    """An error within a stream is a failure, though the app leaves the stream open and its call never ends."""
    made = journal("0 anthropic 200:stream_error stream=yes")
    made.exchanges[0].ended = None
    verdict = judge(made, to="openai")
    assert verdict.outcome == "violated"
    assert "the last with 200 stream_error not read" in verdict.reason


def test_kept_calling():
    """An app that asks the same provider again and again is told apart from one that gives up."""
    made = journal(*sdk(0, "openai", "503"), *sdk(5, "openai", "503"))
    reason = judge(made, from_="openai").reason
    assert "the app kept calling: 6 calls to openai (2 by the app, 4 SDK retries) from 0s to 6s" in reason


def test_too_late():
    """The time runs from the start of the first failed call to the end of the good one."""
    made = journal("0 openai read_timeout +10s", "10 anthropic 200 +2s")
    assert judge(made, within="12s").outcome == "held"
    verdict = judge(made, within="5s")
    assert verdict.outcome == "violated"
    assert "answered 12s after openai/gpt-5 first failed, 7s too late" in verdict.reason


def test_fallback_failed_too():
    """The calls elsewhere that failed as well are told."""
    verdict = judge(journal("0 openai 503", "1 anthropic 529"), from_="openai")
    assert verdict.outcome == "violated"
    assert "1 call elsewhere failed too (anthropic: 529)" in verdict.reason


def test_wrong_fallback():
    """An answer from a place that `to` does not name is no failover to it."""
    verdict = judge(journal("0 openai 503", "1 ollama/llama3 200"), from_="openai", to="anthropic")
    assert verdict.outcome == "violated"
    assert "ollama/llama3:chat answered instead" in verdict.reason


def test_between_models_of_one_provider():
    """From a family of models to one of them is a failover: the target that says more owns the call."""
    made = journal("0 openai/gpt-4-32k 404", "1 openai/gpt-4o-mini 200")
    assert judge(made, from_="openai/gpt-4*", to="openai/gpt-4o-mini").outcome == "held"
    assert judge(made, from_="openai/gpt-4-32k", to="openai").outcome == "held"
    assert judge(made).outcome == "held"
    assert judge(made, from_="openai").outcome == "inconclusive"


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        ([], "no call to openai failed (0 calls seen)"),
        (["0 openai 200", "1 anthropic 503"], "no call to openai failed (1 call seen)"),
        (["0 openai 503 retry=0", "1 openai 200 retry=1"], "cured"),
        (["0 openai open", "1 anthropic 200"], "no call to openai failed"),
    ],
)
def test_without_a_lasting_failure_it_is_inconclusive(lines, word):
    """No failure, or only failures that a retry cured, is no evidence."""
    verdict = judge(journal(*lines), from_="openai")
    assert verdict.outcome == "inconclusive"
    assert word in verdict.reason


def test_fallback_under_way():
    """A fallback that has not answered yet decides nothing until its time is up."""
    made = journal("0 openai 503", "1 anthropic open")
    assert judge(made, to="anthropic").outcome == "inconclusive"
    late = journal("0 openai 503", "1 anthropic open", "30 ollama/x:embeddings 200")
    assert judge(late, to="anthropic", within="5s").outcome == "violated"


def test_each_ask_needs_its_own_failover():
    """After one failover, another ask that gives up is not covered by it."""
    made = journal(*sdk(0, "openai", "503"), "1.5 anthropic 200", *sdk(10, "openai", "503"))
    verdict = judge(made, to="anthropic")
    assert verdict.outcome == "violated"
    assert "gave up at 11s" in verdict.reason


def test_other_requests_do_not_answer():
    """The good call must be in the same user request."""
    made = journal("0 openai 503 request=a", "1 anthropic 200 request=b")
    assert judge(made, to="anthropic").outcome == "violated"


def test_other_operations_do_not_answer():
    """A list of models or an embedding is no answer to a chat, a completion is."""
    assert judge(journal("0 openai 503", "1 openai:models 200"), from_="openai").outcome == "violated"
    assert judge(journal("0 openai 503", "1 ollama/x:embeddings 200"), from_="openai").outcome == "violated"
    assert judge(journal("0 openai 503", "1 ollama/x:completions 200"), from_="openai").outcome == "held"


def test_the_test_moving_on_ends_an_ask():
    """A naive app that gave up and was asked again after `advance` was not cured by that."""
    asked_again = ["0 openai 503", "0 !advance advance 30m +30m", "1800 openai 200"]
    assert judge(journal(*asked_again)).outcome == "violated"
    marked = [each if "!" in each else f"{each} request=a" for each in asked_again]
    assert "cured" in judge(journal(*marked)).reason
    spanned = [
        "0 openai 503",
        "0 openai read_timeout +60s",
        "10 !advance advance 20s +20s",
        "60 anthropic 200",
    ]
    assert judge(journal(*spanned)).outcome == "held"
    retried = ["0 openai 503 retry=0", "1 !inject inject latency", "2 openai 200 retry=1"]
    assert "cured" in judge(journal(*retried)).reason


def test_hedged():
    """A slow call that is cancelled because another answered first was failed over."""
    made = journal("0 openai cancelled +5s by=latency", "3 anthropic 200 +2s")
    assert judge(made, to="anthropic", within="5s").outcome == "held"
    race = journal("0 anthropic 200 +5s", "0 openai cancelled +5s")
    assert judge(race, to="anthropic").outcome == "held"
    background = journal("0 openai 503 +4s retry=0", "3 anthropic 200 +3s", "8 openai 503 +1s retry=1")
    assert judge(background, to="anthropic").outcome == "held"


def test_an_earlier_answer_is_no_failover():
    """A good call that was over before the failure began does not count, not even in the same instant."""
    made = journal("0 anthropic 200 +2s", "2 openai 503")
    assert judge(made, to="anthropic").outcome == "violated"


def test_cut_stream_is_a_failure():
    """Status 200 with a cut stream is not an answer; an app that closed it itself had enough."""
    assert judge(journal("0 openai 200:stream_cut +1s", "2 anthropic 200")).outcome == "held"
    assert judge(journal("0 openai 503", "2 anthropic 200:stream_cut +1s"), to="anthropic").outcome == "violated"
    assert judge(journal("0 openai 503", "2 anthropic 200:closed +1s"), to="anthropic").outcome == "held"


def test_unmarked_asks_side_by_side_are_doubtful():
    """One answer for two asks at once proves nothing unless the test marks them."""
    lines = ["0 openai 503 +1s", "0.5 openai 503 +1s", "2 anthropic 200"]
    verdict = judge(journal(*lines), to="anthropic")
    assert verdict.outcome == "inconclusive"
    assert "llmchaos.request" in verdict.reason
    assert judge(journal(*lines, "2 anthropic 200"), to="anthropic").outcome == "held"
    assert judge(journal(*(f"{line} request=a" for line in lines)), to="anthropic").outcome == "held"


def test_a_try_without_retries_does_not_lend_its_retries():
    """A retry belongs to the latest call that can have caused it: calls in sequence are not parallel."""
    made = journal("0 openai 400 retry=0", "5 openai 503 +1s retry=0", "7 openai 503 +1s retry=1", "9 anthropic 200")
    assert judge(made, to="anthropic").outcome == "held"


def test_to_and_from_must_differ():
    """Failing over from a target to itself is refused when it is written."""
    with pytest.raises(ParameterError, match="'openai' is what it fails over from"):
        judge(journal(), to="openai", from_="openai")


def either() -> str:
    """Ask OpenAI and, if that fails, Anthropic."""
    return first_of(lambda: ask(gpt()), lambda: ask_claude(claude()))


@pytest.mark.parametrize(("careless", "outcome"), [(True, "violated"), (False, "held")])
def test_requests_of_one_name(careless, outcome):
    """That one request failed over says nothing of another that was marked by the same name."""
    with under(faults.outage(target="openai")) as chaos:
        with suppress(openai.APIError), chaos.request("chat"):
            _ = ask(gpt()) if careless else either()
        with chaos.request("chat"):
            either()
        assert judged(chaos, "failed_over", to="anthropic").outcome == outcome


def test_requests_of_one_name_side_by_side():
    """Nor does it where they run at once."""

    def user(careless):
        with suppress(openai.APIError), chaos.request("chat"):
            _ = ask(gpt()) if careless else either()

    with under(faults.outage(target="openai"), faults.latency("2s")) as chaos:
        with ThreadPoolExecutor(3) as pool:
            list(pool.map(user, (True, False, False)))
        found = judged(chaos, "failed_over", to="anthropic")
        assert found.outcome == "violated"
        assert len(found.evidence) == 1
