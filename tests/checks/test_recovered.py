"""recovered: who comes back when the trouble is over."""

from __future__ import annotations

import pytest

from pytest_llmchaos import checks

from .journals import journal

TROUBLE = ("0 !phase gone", "0 openai 503 by=outage", "1 anthropic 200")


def judge(made, **given):
    """Return the verdict of recovered."""
    return checks.find("recovered").build((), given).judge(made)


@pytest.mark.parametrize(
    ("more", "outcome", "word"),
    [
        (["600 !phase back", "700 openai 200 +1s"], "held", "an ok call came 1m41s later"),
        (["600 !clear", "600 openai 200"], "held", "ended at 10m, an ok call came 0s later"),
        (["600 !phase back", "700 anthropic 200", "950 openai 200"], "violated", "it came 5m50s after that"),
        (["600 !phase back", "950 anthropic 200", "960 openai 200"], "violated", "6m after that"),
        (
            ["600 !phase back", "700 anthropic 200", "950 anthropic 200"],
            "violated",
            "2 calls after that (2 to anthr",
        ),
        (["600 !phase back", "950 openai 500"], "violated", "none to openai was ok"),
        (["600 !phase back", "950 openai 200"], "inconclusive", "first LLM call after it came 5m50s later"),
        (["600 !phase back", "700 anthropic 200"], "inconclusive", "its time is not up"),
        (["600 !phase back"], "inconclusive", "no LLM call after it"),
        ([], "inconclusive", "has not ended"),
        (["2 openai 200"], "inconclusive", "has not ended"),
        (["2 !advance advance 1h +1h", "3602 openai 200"], "inconclusive", "has not ended"),
    ],
)
def test_within(more, outcome, word):
    """The time runs from the end of the trouble to the end of the next good call."""
    verdict = judge(journal(*TROUBLE, *more), to="openai", within="5m")
    assert verdict.outcome == outcome
    assert word in verdict.reason


def test_the_trouble_ends_with_its_last_phase():
    """A phase in which the app did not call is not the end; the latest one before the good call is."""
    made = journal(*TROUBLE, "600 !phase worse", "2400 !phase back", "2401 openai 200", "9000 !phase calm")
    verdict = judge(made, to="openai", within="5m")
    assert verdict.outcome == "held"
    assert "ended at 40m" in verdict.reason
    relapse = journal(*TROUBLE, "600 !phase back", "601 openai 200", "700 openai 503 by=outage", "701 openai 200")
    assert judge(relapse, to="openai").outcome == "inconclusive"


def test_without_a_limit():
    """Any later good call will do; calls that only go elsewhere violate it."""
    assert judge(journal(*TROUBLE, "600 !phase back", "9999 openai 200"), to="openai").outcome == "held"
    assert judge(journal(*TROUBLE, "600 !phase back", "601 anthropic 200"), to="openai").outcome == "violated"
    under_way = journal(*TROUBLE, "600 !phase back", "601 openai open")
    assert judge(under_way, to="openai").outcome == "inconclusive"


def test_enter_counts_where_it_leads_to():
    """An `enter` that lets time pass is written down before it does; the phase it leads to is the end."""
    made = journal(*TROUBLE, "2 !enter enter back +598s", "600 !phase back", "700 openai 200")
    assert "ended at 10m" in judge(made, to="openai").reason
    meanwhile = ["2 !enter enter back +598s", "100 openai 200", "600 !phase back", "700 anthropic 200"]
    assert judge(journal(*TROUBLE, *meanwhile), to="openai").outcome == "violated"


def test_every_broken_provider():
    """Without `to`, each provider that a fault broke must come back; the worst is told."""
    broken = ["0 openai 503 by=outage", "0 anthropic 529 by=overloaded", "10 !clear"]
    both = journal(*broken, "11 openai 200", "11 anthropic 200")
    assert judge(both).outcome == "held"
    one = journal(*broken, "11 openai 200", "12 ollama/x 200")
    verdict = judge(one)
    assert verdict.outcome == "violated"
    assert "none to anthropic was ok" in verdict.reason
    assert "ok call to openai" not in verdict.reason


def test_nothing_broken():
    """Failures that no fault caused are nothing to recover from."""
    made = journal("0 openai 400", "1 !clear", "2 openai 200")
    assert judge(made, to="openai").outcome == "inconclusive"
    assert judge(made).outcome == "inconclusive"
