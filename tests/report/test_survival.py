"""How tests came out: the one reading that all forms of the report share."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos.gate.outcome import outcome_of
from pytest_llmchaos.report._scale import Scale
from pytest_llmchaos.report._survival import Matrix, column, row, short_reason

from .records import fallback, gave_up, record, untouched, verdict

HEALTHY = "0 openai 200"


@pytest.mark.parametrize(
    ("made", "how"),
    [
        (fallback(), "held"),
        (fallback(verdicts=[]), "held"),
        (gave_up(), "violated"),
        (fallback(verdicts=[verdict("x", "violated", "why", always=True)]), "violated"),
        (fallback(verdicts=[verdict("x", "inconclusive", "why")]), "inconclusive"),
        (fallback(verdicts=[verdict("x", "inconclusive", always=True)]), "held"),
        (fallback(outcome="failed"), "failed"),
        (fallback(verdicts=[verdict("x", "inconclusive", "why")], outcome="failed"), "inconclusive"),
        (fallback(verdicts=[verdict("x", "inconclusive", "why")], outcome="failed", raised=True), "failed"),
        (fallback(verdicts=[verdict("x", "inconclusive", "why")], outcome="error"), "failed"),
        (record(outcome="error"), "error"),
        (gave_up(outcome="error"), "violated"),
        (gave_up(outcome="xfailed"), "xfailed"),
        (record(outcome="skipped"), "skipped"),
        (untouched(), "no calls"),
        (untouched(outcome="failed", applied=True), "no calls"),
        (untouched(outcome="failed"), "failed"),
        (untouched(outcome="xfailed", applied=True), "no calls"),
        (record(HEALTHY, verdicts=[verdict("attempts(at_most=3)")]), "not hit"),
        (fallback(scenarios=["openai-outage", "slow"], hit=["slow"]), "not hit"),
        (record("0 openai:status 200 by=status_page", hit=["openai-outage"]), "not hit"),
    ],
)
def test_standing(made, how):
    """Nothing counts as held that was not put to the test."""
    assert outcome_of(made) == how
    if how != "xfailed":
        assert bool(short_reason(made)) == (how not in ("held", "skipped"))


@pytest.mark.parametrize(
    ("test", "told"),
    [
        ("t.py::a", "t.py::a"),
        ("t.py::a[slow]", "t.py::a"),
        ("t.py::a[llmchaos:slow]", "t.py::a"),
        ("t.py::a[x-slow]", "t.py::a[x]"),
        ("t.py::a[slow-x]", "t.py::a[x]"),
        ("t.py::a[x][llmchaos:slow]", "t.py::a[x]"),
        ("t.py::a[x-llmchaos:slow]", "t.py::a[x]"),
        ("t.py::a[slower]", "t.py::a[slower]"),
        ("t.py::a[x", "t.py::a[x"),
    ],
)
def test_rows_are_tests(test, told):
    """The part of a test's id that names its scenario is the column's."""
    made = fallback(test=test, scenarios=["slow"])
    assert (row(made), column(made)) == (told, "slow")


def test_faults_of_a_test_share_a_column():
    """Else there would be one for each test."""
    made = [fallback(scenarios=[], faults=[f"latency('{nth}s')"], test=f"t::{nth}") for nth in range(3)]
    matrix = Matrix.of([*made, untouched()])
    assert matrix.columns == ("faults in the test",)
    assert matrix.rows == ("t::0", "t::1", "t::2")


@given(st.lists(st.floats(0, 1e6).map(lambda value: round(value, 3)), min_size=1, max_size=30), st.data())
def test_the_scale_keeps_order_and_stays_between_its_edges(points, data):
    """However long the idle stretches are."""
    busy = [(a, b) for a, b in pairwise(points) if a < b and data.draw(st.booleans())]
    scale = Scale(points, busy, 100, 900)
    places = [scale(each) for each in sorted(points)]
    assert places == sorted(places)
    assert all(100 - 1e-6 <= each <= 900 + 1e-6 for each in (*places, *map(scale, scale.ticks(80))))
    assert len(scale.ticks(80)) <= 12
    for cut in scale.breaks:
        assert not any(a < cut.end and b > cut.start for a, b in busy)


def test_the_scale_cuts_what_would_leave_no_room():
    """Half an hour of nothing between seconds is cut; waits between tries are not."""
    assert [(cut.start, cut.end) for cut in Scale([0, 1, 2, 1802, 1803], [(0, 1)], 0, 800).breaks] == [(2, 1802)]
    assert Scale([0, 0.5, 1.5, 3.5, 7.5], [], 0, 800).breaks == ()
