"""What holds for every check, on any journal."""

from __future__ import annotations

import dataclasses
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos import checks
from pytest_llmchaos.core.errors import ChaosError
from pytest_llmchaos.core.parameters import public
from pytest_llmchaos.journal.entries import Journal
from pytest_llmchaos.run.judge import judge

from .journals import exchanges, filled, journal, journals, when

GIVEN = [
    checks.find(name).build((), given)
    for name, given in [
        ("failed_over", {}),
        ("failed_over", {"to": "anthropic", "from": "openai", "within": "5s"}),
        ("failed_over", {"from": "openai/gpt-4*", "to": "openai/gpt-4o-mini"}),
        ("attempts", {"at_most": 2}),
        ("attempts", {"at_most": 1, "per": "provider"}),
        ("attempts", {"at_most": 1, "per": "call"}),
        ("answered_within", {"within": "10s"}),
        ("answered_within", {"within": "10s", "or_failed": True}),
        ("retry_after_honoured", {}),
        ("retry_after_honoured", {"per": "account"}),
        ("recovered", {}),
        ("recovered", {"to": "openai", "within": "10s"}),
        ("not_called", {"target": "openai"}),
        ("permanent_errors_not_retried", {}),
        ("retries_spread", {"within": "500ms"}),
        ("first_token_within", {"within": "5s"}),
        ("idle_gap_within", {"within": "5s"}),
        ("destinations", {"only": ["openai", "anthropic", "ollama"]}),
        ("destinations", {"only": "openai", "tagged": "check*", "regions": "eu-*"}),
        ("fallback_well_formed", {}),
        ("fallback_well_formed", {"to": "anthropic", "context": 1000}),
        ("one_embedding_space", {}),
        ("breaker", {"opens_after": 2, "half_opens_after": "10s"}),
        ("breaker", {"opens_after": 1, "half_opens_after": "1s", "probes": 2, "target": "openai"}),
        ("failure_not_cached", {}),
        ("answers_released", {}),
        ("cancel_propagates", {}),
        ("cancel_propagates", {"within": "5s"}),
        ("in_flight_at_most", {"count": 2}),
        ("in_flight_at_most", {"count": 1, "per": "all"}),
        ("survives_a_blip", {}),
        ("fallback_only_on_fault", {"to": "anthropic"}),
        ("fallback_only_on_fault", {"to": "anthropic", "after": ["openai", "ollama"]}),
        ("partial_stream_not_final", {}),
        ("truncated_tool_call_not_executed", {}),
        ("answer_marked_degraded", {"marked": bool}),
        ("answer_marked_degraded", {"marked": "builtins:bool", "fallback": "anthropic"}),
        ("error_never_the_answer", {}),
        ("documented_error", {"types": ValueError}),
        ("documented_error", {"types": ["shop.ShopError", "KeyError"]}),
        ("no_splice", {}),
        ("partial_not_complete", {}),
        ("partial_not_complete", {"marked": bool}),
        ("no_secrets", {}),
        ("side_effects_once", {}),
        ("side_effects_once", {"calls": "charge*"}),
        ("baseline_unchanged", {"before": "checkout", "after": "checkout-2"}),
        ("baseline_unchanged", {"before": "checkout", "after": "*", "ignoring": "user", "within": "5s"}),
        ("cost_at_most", {"limit": 1}),
        ("cost_within", {"times": 2}),
    ]
]
APART = (
    "attempts",
    "destinations",
    "failed_over",
    "fallback_well_formed",
    "first_token_within",
    "idle_gap_within",
    "not_called",
    "partial_stream_not_final",
    "permanent_errors_not_retried",
    "retry_after_honoured",
    "survives_a_blip",
)
LIKELY = ("openai", "5s", 2, "builtins:bool")
"""What a parameter is given that a check needs and no row above gives."""


def taken(read):
    """Return the first of these values that a parameter takes."""
    for value in LIKELY:
        with suppress(ValueError, ChaosError):
            read(value)
            return value
    raise LookupError(f"add to LIKELY what {read} takes")


def least(name):
    """Build a check with no more than it needs."""
    needed = [each for each in dataclasses.fields(checks.find(name)) if each.default is dataclasses.MISSING]
    return checks.find(name).build((), {public(each.name): taken(each.metadata["read"]) for each in needed})


BUILT = [*GIVEN, *(least(name) for name in checks.builtin() if name not in {check.name for check in GIVEN})]
IDS = [str(check) for check in BUILT]


def test_all_checks_are_known():
    """Every check is tested here, a new one without a row of its own, and can be built with what it needs."""
    assert {check.name for check in BUILT} == set(checks.builtin()) == {least(name).name for name in checks.builtin()}


@pytest.mark.parametrize("check", BUILT, ids=IDS)
def test_an_empty_journal_is_inconclusive(check):
    """Nothing seen is never a pass, and the reason says what to do."""
    verdict = check.judge(Journal())
    assert verdict.outcome == "inconclusive"
    assert verdict.reason


@given(made=journals())
def test_any_journal_can_be_judged(made):
    """A check never raises and gives a reason; its evidence is from the journal, and a pass has some."""
    for check in BUILT:
        verdict = check.judge(made)
        assert verdict.outcome in ("held", "violated", "inconclusive"), check
        assert verdict.reason, check
        assert verdict.reason.isprintable(), check
        assert set(verdict.evidence) <= set(made.exchanges), check
        if verdict.outcome == "held":
            assert verdict.evidence or any(event.kind == "answered" for event in made.events), check


@given(made=journals(), words=st.integers(1, 12))
def test_no_verdict_on_words_that_are_gone(made, words):
    """Where calls have lost what was said in them, a check says what it said of all of it, or that it cannot tell."""
    before = [check.judge(made).outcome for check in BUILT]
    for each in [each for each in made.exchanges if each.ended is not None][:words]:
        each.let_go(made.let_go)
    for check, outcome in zip(BUILT, before, strict=True):
        assert judge(check, made).outcome in (outcome, "inconclusive"), check


@given(made=journals(("checkout",)), at=st.floats(0, 150))
def test_a_good_call_of_another_request_changes_no_pass(made, at):
    """What goes well in another request never turns a pass into a violation, but where requests count together."""
    other = journal(f"{at:.1f} ollama/llama3 200 +1s request=other").exchanges
    joined = filled(sorted([*made.entries, *other], key=when))
    for check in BUILT:
        together = check.name in ("baseline_unchanged", "breaker", "in_flight_at_most") or "account" in str(check)
        if not together and check.judge(made).outcome == "held":
            assert check.judge(joined).outcome != "violated", check


@given(made=journals(("checkout",)), more=st.lists(exchanges(("other",)), max_size=8))
def test_requests_are_judged_apart(made, more):
    """A request that violates a check still does when calls of another request are added."""
    joined = filled(sorted([*made.entries, *more], key=when))
    for check in BUILT:
        if check.name in APART and check.judge(made).outcome == "violated":
            assert check.judge(joined).outcome == "violated"
