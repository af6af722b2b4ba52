"""attempts, not_called and retry_after_honoured."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_llmchaos import Scenario, checks, faults, inject
from pytest_llmchaos.core.errors import ParameterError, UsageProblem

from .journals import journal, sdk


def judge(name, made, *args, **given):
    """Return the verdict of a check."""
    return checks.find(name).build(args, given).judge(made)


def test_attempts_counts_sdk_retries():
    """The SDK's retries count, and are told apart from the app's own calls."""
    made = journal(*sdk(0, "openai", "503", request="a"), "2 anthropic 200 retry=0 request=a")
    assert judge("attempts", made, 4).outcome == "held"
    verdict = judge("attempts", made, at_most=3)
    assert verdict.outcome == "violated"
    assert verdict.reason == (
        "expected at most 3 calls per request, but request 'a' made 4 calls (2 by the app, 2 SDK retries)"
    )
    assert verdict.evidence == tuple(made.exchanges[3:])


def test_attempts_per_provider():
    """Counted by provider, a failover starts a count of its own."""
    made = journal(*sdk(0, "openai", "503", request="a"), "2 anthropic 200 request=a")
    assert judge("attempts", made, 3, per="provider").outcome == "held"
    verdict = judge("attempts", made, 2, per="provider")
    assert "request 'a' made 3 calls to openai" in verdict.reason


def test_attempts_counts_each_request_apart():
    """Concurrent requests do not add up, and calls under way count."""
    made = journal("0 openai open request=a", "0 openai open request=b", "1 openai 200 request=b")
    assert judge("attempts", made, 2).outcome == "held"
    assert judge("attempts", made, 1).reason.endswith("request 'b' made 2 calls")


def test_attempts_of_unmarked_asks():
    """Where the whole test is one request, the reason says how to mark several."""
    made = journal("0 openai 200", "1 openai 200", "2 openai 200")
    assert "mark each with `with llmchaos.request(...):`" in judge("attempts", made, 2).reason


def test_attempts_without_a_call():
    """Nothing to count is no evidence, and a bound of zero is refused."""
    assert judge("attempts", journal("0 !phase gone"), 3).outcome == "inconclusive"
    with pytest.raises(ParameterError, match="not_called"):
        judge("attempts", journal(), 0)


def test_not_called():
    """Held on other calls, violated by a call under way too, inconclusive on none."""
    made = journal("0 openai/gpt-5 200", "1 anthropic open site=bot.py:7")
    assert judge("not_called", made, "ollama").outcome == "held"
    assert judge("not_called", made, "openai/gpt-4*").outcome == "held"
    verdict = judge("not_called", made, "anthropic")
    assert verdict.outcome == "violated"
    assert verdict.evidence == (made.exchanges[1],)
    assert "1 call, the first at 1s (anthropic/claude-opus-4-1:chat from bot.py:7)" in verdict.reason
    assert judge("not_called", journal("0 !clear"), "openai").outcome == "inconclusive"


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [
        (["0 openai 429 +1s after=20s", "21 openai 200"], "held"),
        (["0 openai 429 +1s after=20s", "20.9995 openai 200"], "held"),
        (["0 openai 429 +1s after=20s", "20.9 openai 200"], "violated"),
        (["0 openai 429 +1s after=20s"], "held"),
        (["0 openai 429 +1s after=20s", "2 anthropic 200"], "held"),
        (["0 openai 429 +1s after=20s", "2 openai/gpt-4o 200"], "held"),
        (["0 openai 429 +1s after=20s", "2 openai:embeddings 200"], "held"),
        (["0 openai 429 +1s after=20s request=a", "2 openai 200 request=b"], "held"),
        (["0 openai 429 +1s after=20s", "0.5 openai 200"], "held"),
        (["0 openai 429 after=20s", "0 openai 200"], "violated"),
        (["0 openai 429", "1 openai 200"], "inconclusive"),
        (["0 openai open after=20s"], "inconclusive"),
        ([], "inconclusive"),
    ],
)
def test_retry_after(lines, outcome):
    """The next call of that kind in the same request must wait; others are free."""
    assert judge("retry_after_honoured", journal(*lines)).outcome == outcome


def test_retry_after_tells_how_early():
    """The reason has the wait asked for and the wait seen, the evidence both calls."""
    made = journal("0 openai 429 +1s after=20s", "2.5 openai 200")
    verdict = judge("retry_after_honoured", made)
    assert "said at 1s to wait 20s and was called again after 1.5s, 18.5s too early" in verdict.reason
    assert verdict.evidence == tuple(made.exchanges)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("not_called", {"target": "antropic"}),
        ("fallback_only_on_fault", {"to": "antropic"}),
        ("fallback_only_on_fault", {"to": "openai", "after": ["gemini", "antropic"]}),
        ("destinations", {"only": ["openai", "antropic"]}),
    ],
)
def test_a_provider_that_does_not_exist(name, given):
    """It is never called, which must not pass for the app keeping away from it."""
    with inject(faults.outage(), allow_unused=True) as chaos:
        with pytest.raises(UsageProblem, match="'antropic' is not a provider; did you mean 'anthropic'"):
            getattr(chaos.expect, name)(**given)
        with pytest.raises(UsageProblem, match="did you mean 'anthropic'"):
            chaos.judge(name, **given)
        with pytest.raises(UsageProblem, match="did you mean 'anthropic'"):
            chaos.inject(replace(Scenario.of([faults.outage()]), expect=(checks.find(name).build((), given),)))
