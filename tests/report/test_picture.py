"""Scenarios as pictures in the terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos import Phase, Repeat, Scenario, faults
from pytest_llmchaos.report.picture import picture
from pytest_llmchaos.scenarios import library

STORY = Scenario(
    "story",
    (
        Phase("calm", (), "1m"),
        Repeat(3, (Phase("down", (faults.outage(target="openai"),), "4m"), Phase("up", (), "1m"))),
        Phase("ramp", (faults.outage(target=["openai", "azure"], rate={"from": 0, "to": 1}),), "1h"),
        Phase("late", (faults.latency("20s", target="anthropic", between=("1h30m", "2h")),)),
    ),
)


def test_a_picture():
    """Phases along the time, a lane for each injection, denser where more calls are hit."""
    lines = picture(STORY, 110)
    openai, both, late = lines[2:]
    assert openai.startswith("openai ")
    assert openai.count("██") >= 3
    assert openai.endswith("outage")
    assert all(shade in both for shade in "░▒▓█")
    assert both.index("░") < both.index("▒") < both.index("▓") < both.index("█")
    assert late.index("█") > both.rindex("█")


@given(st.sampled_from([scenario.name for scenario in library.find()]), st.integers(20, 200))
def test_every_shipped_scenario_has_a_picture(name, width):
    """Each injection has its lane, whatever the width."""
    scenario = library.load(name)
    lines = picture(scenario, width)
    for injection in scenario.injections:
        assert any(str(injection.fault) in line for line in lines)
