"""No scenario is vacuous: a careful app holds in each of them, and a naive one does not."""

from __future__ import annotations

import pytest

from .drive import CASES, good_weather, names, play, shipped

NAMES = names()


@pytest.mark.parametrize("name", NAMES)
def test_a_careful_app_holds(name):
    """Every expectation of the scenario can be met by a real app."""
    assert [str(each) for each in play(shipped(name), careful=True)] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_naive_app_does_not(name):
    """At least one expectation is violated by the kind of app that the scenario warns of, and nothing else fails."""
    scenario = shipped(name)
    failures = play(scenario, careful=False)
    assert {each.check for each in failures} <= {str(each) for each in scenario.expect}
    assert "violated" in {each.outcome for each in failures}


@pytest.mark.parametrize("name", NAMES)
def test_both_work_in_good_weather(name):
    """It is the scenario that breaks the naive app, not a mistake in it, and the careful one falls back only then."""
    assert all(good_weather(shipped(name), careful=False))
    got = good_weather(shipped(name), careful=True)
    assert all(got)
    if name != "xai-2026-05-15-substitution":  # there the calendar alone makes the careful app move on
        assert not any(getattr(each, "degraded", False) for each in got)


@pytest.mark.parametrize("name", names(short=True))
def test_a_single_request_is_enough(name):
    """What is not marked `game-day` can be judged by a test that asks once, as most do."""
    assert [str(each) for each in play(shipped(name), careful=True, requests=1)] == []


def test_every_case_has_its_scenario():
    """A case of a scenario that was renamed would be no case any more."""
    assert set(CASES) <= set(NAMES)
