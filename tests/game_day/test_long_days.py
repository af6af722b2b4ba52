"""A proxy that runs for days: what it keeps does not grow with the calls, and nothing is called good for what is gone.

Bytes and objects are counted, no time.
"""

from __future__ import annotations

import gc
import tracemalloc

import pytest

from pytest_llmchaos import faults
from pytest_llmchaos.gate.record import record
from pytest_llmchaos.journal.keeping import Keep

from .conftest import straight

KEEP = Keep(words=20, calls=80)


def grown(ask, calls: int) -> int:
    """Return by how many bytes what is kept grows with so many more calls, each another one."""
    gc.collect()
    before, _ = tracemalloc.get_traced_memory()
    for nth in range(calls):
        ask(f"a question that nobody asked before, {chr(97 + nth % 26) * (nth // 26 + 1)}", stream=nth % 3 == 0)
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    return after - before


def test_what_is_kept_does_not_grow():
    """With faults that strike, that never strike, and that share their fate by conversation."""
    what = (
        faults.outage(target="openai", rate=0.3, sticky="conversation"),
        faults.stream_cut(target="openai", stream=True, after=100_000),
        faults.rate_limit(target="anthropic"),
    )
    tracemalloc.start()
    try:
        with straight(*what, keep=KEEP) as (proxy, ask):
            grown(ask, 300)
            assert grown(ask, 500) < 100_000, "less than 200 bytes a call"
            assert sum(found.total() for found in proxy.outcomes.values()) == 800
    finally:
        tracemalloc.stop()


def test_without_it_all_is_kept():
    """As tests want it."""
    with straight() as (proxy, ask):
        for nth in range(120):
            ask(f"question {nth}")
        journal = proxy.run.journal
        assert len(journal.exchanges) == 120
        assert all(each.whole and each.body and each.answer.text for each in journal.exchanges)


def test_old_calls_lose_their_words_and_the_oldest_go():
    """What happened to them stays, and the number of those that are gone."""
    with straight(faults.outage(target="openai", calls="1-10"), keep=KEEP) as (proxy, ask):
        for nth in range(60):
            ask(f"question {nth}", stream=nth % 2 == 0)
        journal, calls = proxy.run.journal, proxy.run.calls
        assert [each.whole for each in calls] == [False] * 40 + [True] * 20
        assert [each.faults for each in calls] == [("outage",)] * 10 + [()] * 50
        assert all(each.ok for each in calls[10:])
        assert calls[30].answer.finish == "stop"
        assert calls[31].answer.completion_tokens
        assert b"".join(calls[30].pieces) == b""
        assert journal.let_go.calls == 0
        for nth in range(60):
            ask(f"question {nth}")
        assert len(proxy.run.calls) + journal.let_go.calls == 120
        assert KEEP.calls <= len(proxy.run.calls) <= KEEP.calls * 9 // 8
        made = record(proxy.run, outcome="passed")
        assert made.unpriced >= journal.let_go.calls > 0


def test_a_price_that_hung_on_words_is_not_known():
    """A stream that tells no usage is priced by its words; without them it is no call for nothing."""
    with straight(keep=KEEP) as (proxy, ask):
        for nth in range(60):
            ask(f"question {nth}", stream=True)
        made = record(proxy.run, outcome="passed")
    assert made.unpriced == 40
    assert made.cost > 0


def test_a_call_under_way_is_kept_whole():
    """However many begin after it."""
    with straight(keep=KEEP) as (proxy, ask):
        ask("the first")
        first = proxy.run.calls[0]
        first.ended = None
        for nth in range(50):
            ask(f"question {nth}")
        assert first.whole
        first.ended = 1.0
        for nth in range(50):
            ask(f"question {nth}")
        assert not first.whole


@pytest.mark.parametrize(
    ("calls", "check", "given", "outcome"),
    [
        (15, "attempts", {"at_most": 2, "per": "call"}, "held"),
        (15, "not_called", {"target": "anthropic"}, "held"),
        (60, "not_called", {"target": "anthropic"}, "held"),
        (60, "cost_at_most", {"limit": 100}, "held"),
        (60, "truncated_tool_call_not_executed", {}, "inconclusive"),
        (120, "not_called", {"target": "anthropic"}, "inconclusive"),
        (120, "not_called", {"target": "openai"}, "inconclusive"),
        (120, "cost_at_most", {"limit": 100}, "inconclusive"),
    ],
)
def test_no_verdict_on_what_is_gone(calls, check, given, outcome):
    """A check that needs no words says what it says of less; one that needs what is gone says so."""
    with straight(keep=KEEP) as (proxy, ask):
        for nth in range(calls):
            ask(f"question {nth}")
        verdict = proxy.run.judge(check, **given)
    assert verdict.outcome == outcome, verdict.reason
    if outcome == "inconclusive":
        assert "no longer kept" in verdict.reason


def test_the_always_on_checks_judge_what_is_whole():
    """An SDK that retries what fails for good is seen, after whatever number of calls."""
    with straight(faults.auth_revoked(target="openai"), keep=KEEP) as (proxy, ask):
        for nth in range(120):
            ask(f"question {nth}")
        proxy.run.finish()
        assert proxy.run.verdicts == ()
    with straight(faults.auth_revoked(target="openai"), keep=KEEP) as (proxy, ask):
        for nth in range(120):
            ask(f"question {nth}")
        for retry in range(6):
            ask("the same", retry=retry)
        proxy.run.finish()
        assert [each.check for each in proxy.run.verdicts] == ["permanent_error_loop"]


def test_paths_that_nobody_answers_are_counted_and_no_more():
    """Whoever scans for pages does not fill the memory."""
    with straight() as (proxy, _):
        for nth in range(2_000):
            proxy._not_answered(f"/{nth}")
        assert len(proxy.unknown) <= 501
        assert proxy.unknown.total() == 2_000


def test_a_share_is_that_share():
    """Of 5,000 calls within two of a hundred, though the run counts alike calls together."""
    with straight(faults.outage(target="openai", rate=0.1), keep=Keep(words=20, calls=100)) as (proxy, ask):
        for nth in range(5_000):
            ask(f"question {nth}" if nth % 2 else "the same again")
        assert 0.08 <= proxy.struck / 5_000 <= 0.12


def test_a_sticky_share_stays_with_its_conversation():
    """Each meets the fault always or never."""
    with straight(faults.outage(target="openai", rate=0.3, sticky="conversation"), keep=KEEP) as (_, ask):
        fates = [[ask(f"about {chr(97 + nth)}").status for nth in range(26)] for _ in range(6)]
    assert all(each == fates[0] for each in fates)
    assert {200, 503} == set(fates[0])
