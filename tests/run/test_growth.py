"""What a run costs as it grows, in function calls and not in time: four times as much costs about four times."""

from __future__ import annotations

import sys

import httpx2
import pytest

from pytest_llmchaos import faults, inject

BODY = {"model": "gpt-5", "messages": [{"role": "user", "content": "hello"}]}
LINEAR = 6.0  # times, for four times as much: the square would be sixteen


def counted(do):
    """Return how many Python functions were called."""
    calls = 0

    def profile(frame, event, argument):
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        do()
    finally:
        sys.setprofile(before)
    return calls


def after_windows(many):
    """Return what a call costs when so many windows are over."""
    windows = [faults.outage(target="openai", between=(f"{at}s", f"{at + 1}s")) for at in range(many)]
    with inject(*windows, allow_unused=True, checks=[]) as chaos, httpx2.Client() as client:
        chaos.advance(f"{many + 60}s")
        client.post("https://api.openai.com/v1/chat/completions", json=BODY)
        cost = counted(lambda: client.post("https://api.openai.com/v1/chat/completions", json=BODY))
        assert [each.kind for each in chaos.journal.events].count("over") == many
    return cost


def fallback_of(many):
    """Return what it costs to judge so many calls, of which half fail and are made elsewhere."""
    outage = faults.outage(target="openai", rate=0.5)
    with (
        inject(outage, allow_unused=True, checks=[], suppress={"runaway_retries": "many"}) as chaos,
        httpx2.Client() as client,
    ):
        for nth in range(many // 2):
            body = {"model": "gpt-5", "messages": [{"role": "user", "content": f"order {nth % 9}"}], "max_tokens": 9}
            client.post("https://api.openai.com/v1/chat/completions", json=body)
            client.post("https://api.anthropic.com/v1/messages", json={**body, "model": "claude"})
        return counted(lambda: chaos.judge("fallback_well_formed", to="anthropic"))


@pytest.mark.parametrize("cost", [after_windows, fallback_of])
def test_it_grows_with_what_there_is_and_not_with_its_square(cost):
    """A load test of some thousand calls comes to its end."""
    cost(4)  # what is cached at the first time
    assert cost(320) < LINEAR * cost(80)
