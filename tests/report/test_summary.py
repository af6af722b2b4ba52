"""The summary block in the terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos.core.terminal_text import cells
from pytest_llmchaos.report.summary import summary_lines

from . import records


def lines(*made, **given):
    """Return the lines for these records."""
    return summary_lines(made, **{"width": 100, "colour": False, "verbosity": 0, **given})


def test_the_whole_block():
    """Scenarios, the worst finding with its command, the totals, both times and the seed."""
    made = [
        records.fallback(test="t.py::asks"),
        records.gave_up(test="t.py::gives_up", scenarios=["slow"]),
        records.gave_up(test="t.py::gives_up_too", scenarios=["slow"]),
        records.record("0 openai 200 +1s", test="t.py::idle"),
        records.untouched(),
    ]
    assert lines(*made) == [
        "  scenario       tests  violated  inconclusive  not hit  held",
        "✗ slow               2         2             0        0     0",
        "○ openai-outage      2         0             0        1     1",
        "",
        "✗ failed_over(to='anthropic', within='5s') violated, slow (and 1 more like it)",
        "    t.py::gives_up",
        "    expected an ok call to anthropic within 5s when calls to openai/gpt-5 fail, but the app gave up…",
        "    replay: pytest t.py::gives_up --llmchaos-seed=0",
        "○ not hit, openai-outage",
        "    t.py::idle",
        "    the test passed, but no fault struck any of its calls",
        "",
        "4 tests under chaos: 2 violated, 1 not hit, 1 held; 1 made no LLM call and prove nothing",
        "wall time 0.050s, virtual time 1h03m41s, seed 0",
    ]


def test_nothing_without_chaos_or_when_quiet():
    """No record gives no line, nor does `-q`."""
    assert lines() == []
    assert lines(records.gave_up(), verbosity=-1) == []


def test_nothing_put_to_the_test_is_said():
    """A suite without LLM calls survived nothing."""
    assert lines(records.untouched(), records.untouched())[1] == (
        "2 made no LLM call and prove nothing: nothing was put to the test"
    )


@pytest.mark.parametrize("count", [1, 100, 1000])
def test_one_screen(count):
    """However many tests, scenarios and kinds of findings there are."""
    made = records.many(count, scenarios=[f"scenario-{nth}" for nth in range(40)])
    made = [
        records.gave_up(verdicts=[records.verdict(f"check_{nth % 50}", "violated", "no")], scenarios=each.scenarios)
        for nth, each in enumerate(made)
    ]
    assert len(lines(*made)) <= 30
    assert len(lines(*made, verbosity=1)) >= 4 * count


def test_every_failure_has_its_command_when_verbose():
    """`-v` leaves out none."""
    made = records.many(200)
    told = "\n".join(lines(*made, verbosity=1))
    bad = [each for each in made if each.outcome == "failed"]
    assert len(bad) == 10
    assert all(f"replay: {each.replay}" in told for each in bad)


def test_colour_only_where_wanted():
    """A file gets none, and the words are the same."""
    plain, painted = (lines(records.gave_up(), records.fallback(), colour=each) for each in (False, True))
    assert "\x1b" not in "\n".join(plain)
    assert "\x1b[31m" in "\n".join(painted)
    assert len(plain) == len(painted)


@given(st.text(max_size=60), st.integers(20, 160))
def test_any_text_on_lines_of_its_own(text, width):
    """Texts from anywhere neither break lines nor colour them; only commands may be longer than a line."""
    told = lines(records.gave_up(test=f"t::{text}", scenarios=[text], replay=""), records.hostile(), width=width)
    for line in told:
        assert line.isprintable()
        assert "replay:" in line or cells(line) <= max(width, 100)


def test_ascii():
    """Terminals that take nothing else get nothing else."""
    told = lines(records.gave_up(test="t::é", scenarios=["日本"]), *records.many(60), ascii=True)
    assert "\n".join(told).isascii()


@pytest.mark.parametrize("width", [60, 100])
def test_every_scenario_that_hit_nothing_is_named(width):
    """Where the table has no room for all of them too."""
    names = [f"quiet-{nth}" for nth in range(20)]
    said = "0.1s openai/gpt-5 200"
    told = lines(records.fallback(), *(records.record(said, scenarios=[each]) for each in names), width=width)
    assert all(sum(f"{each}" in line for line in told) >= 1 for each in names)
    assert max(map(cells, told)) <= 120
