"""What a run costs as it grows, in function calls and not in time: four times as much costs about four times."""

from __future__ import annotations

import sys
from dataclasses import replace

import httpx2
import pytest

from pytest_llmchaos import Journal, Phase, Scenario, faults, inject

BODY = {"model": "gpt-5", "messages": [{"role": "user", "content": "hello"}]}
LINEAR = 6.0  # times, for four times as much: the square would be sixteen
NOTHING = 1.2  # times, for whatever is not looked at


def counted(do):
    """Return how many lines were run, each round of a loop within one as another."""
    lines = 0

    def trace(frame, event, argument):
        nonlocal lines
        lines += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        do()
    finally:
        sys.settrace(before)
    return lines


def after_windows(many):
    """Return what a call costs when so many windows are over."""
    windows = [faults.outage(target="openai", between=(f"{at}s", f"{at + 1}s")) for at in range(many)]
    with inject(*windows, allow_unused=True, checks=[]) as chaos, httpx2.Client() as client:
        chaos.advance(f"{many + 60}s")
        client.post("https://api.openai.com/v1/chat/completions", json=BODY)
        cost = counted(lambda: client.post("https://api.openai.com/v1/chat/completions", json=BODY))
        assert [each.kind for each in chaos.journal.events].count("over") == many
    return cost


def a_call(*what, before=lambda chaos, client: None):
    """Return what a call costs in such a run, after others."""
    with (
        inject(*what, allow_unused=True, checks=[], suppress={"runaway_retries": "many"}) as chaos,
        httpx2.Client() as client,
    ):
        before(chaos, client)
        for _ in range(25):
            client.post("https://api.openai.com/v1/chat/completions", json=BODY)
        return counted(lambda: client.post("https://api.openai.com/v1/chat/completions", json=BODY))


def of_others(many):
    """Return what a call costs beside so many injections of another target."""
    return a_call(*(faults.rate_limit(target="anthropic") for _ in range(many)))


def in_other_phases(many):
    """Return what a call costs in a scenario with so many phases to come."""
    phases = [Phase(f"p{at}", (faults.outage(target="openai" if at else "groq"),), "1h") for at in range(many)]
    return a_call(Scenario("long", tuple(phases)))


def before_windows(many):
    """Return what a call costs before so many windows."""
    return a_call(*(faults.outage(target="openai", between=(f"{9 + at}h", f"{10 + at}h")) for at in range(many)))


def behind_windows(many):
    """Return what a call costs when so many windows are over."""
    windows = [faults.outage(target="openai", between=(f"{at}s", f"{at + 1}s")) for at in range(many)]
    return a_call(*windows, before=lambda chaos, client: chaos.advance(f"{many + 60}s"))


def beside_journal(many):
    """Return what a call costs after so many others."""

    def ask(chaos, client):
        for nth in range(many // 2):
            client.post("https://api.openai.com/v1/chat/completions", json={**BODY, "user": str(nth % 3)})

    return a_call(before=ask)


def beside_keys(many):
    """Return what a call costs when so many keys went to another provider."""

    def send(chaos, client):
        body = {**BODY, "model": "claude-sonnet-4-5", "max_tokens": 9}
        client.post("https://api.anthropic.com/v1/messages", json=body)
        for nth in range(9 * many):
            chaos.journal.app.carried(f"{nth:09}-qwertzuiopasdfgh{nth:09}", b"{}", chaos.calls[0])

    return a_call(before=send)


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


@pytest.mark.parametrize(
    "cost", [of_others, in_other_phases, before_windows, behind_windows, beside_journal, beside_keys]
)
def test_what_is_not_looked_at_costs_a_call_nothing(cost):
    """However many there are."""
    cost(4)
    assert cost(160) < NOTHING * cost(16)


@pytest.mark.parametrize("cost", [after_windows, fallback_of])
def test_it_grows_with_what_there_is_and_not_with_its_square(cost):
    """A load test of some thousand calls comes to its end."""
    cost(4)  # what is cached at the first time
    assert cost(320) < LINEAR * cost(80)


def test_a_call_reads_nothing_of_the_journal(monkeypatch):
    """To hand out all that was written down takes the longer the more it is."""
    read = []
    original = Journal.entries.fget
    with inject(checks=[]), httpx2.Client() as client:
        monkeypatch.setattr(Journal, "entries", property(lambda journal: read.append(1) or original(journal)))
        client.post("https://api.openai.com/v1/chat/completions", json=BODY)
        assert not read


def test_the_latest_calls_are_known_by_themselves():
    """Those to a status page are none, and what a child sends late comes to its place."""
    with inject(checks=[]) as chaos, httpx2.Client() as client:
        for _ in range(23):
            client.post("https://api.openai.com/v1/chat/completions", json=BODY)
        client.get("https://status.openai.com/api/v2/status.json")
        calls = list(chaos.calls)
        assert [*chaos.journal.latest] == calls[-20:]
        late = replace(calls[0], started=calls[-1].started)
        chaos.journal.adopt(late)
        early = replace(calls[0], started=-1.0)
        chaos.journal.adopt(early)
        assert [*chaos.journal.latest] == [*calls[-19:], late]
        assert chaos.calls[0] is early
        assert chaos.calls[-1] is late
