"""Scenario files that we write: nothing is lost, and people can read them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_llmchaos import checks, faults
from pytest_llmchaos.core.call import OPERATIONS, Target, Targets
from pytest_llmchaos.core.conditions import Ramp
from pytest_llmchaos.core.errors import UsageProblem
from pytest_llmchaos.scenarios import strategies
from pytest_llmchaos.scenarios.scenario import EVIDENCE, Phase, Scenario
from pytest_llmchaos.scenarios.scenario_file import dump, loads

from .whole_file import WHOLE

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30).filter(str.strip)
SECONDS = st.floats(0.001, 1e6)
TARGET = st.builds(
    "{}{}{}".format,
    st.sampled_from(["*", "openai", "open*", "localhost:8000"]),
    st.sampled_from(["", "/gpt-4*", "/llama3:8b", "/no"]),
    st.sampled_from(["", *(f":{each}" for each in OPERATIONS)]),
).map(Target.parse)
DRAWABLE = [each for each in faults.FaultFactory.conditions() if each not in ("target", "where")]
INJECTION = st.one_of(
    st.builds(
        replace,
        strategies.injections(when=DRAWABLE),
        target=TARGET | st.builds(Targets.parse, st.lists(TARGET, min_size=1, max_size=3)),
    ),
    # Numbers and texts of every kind, which the strategies leave out as nobody would type them.
    st.builds(
        faults.latency,
        SECONDS,
        st.none() | SECONDS,
        rate=st.floats(0.001, 1),
        between=st.tuples(SECONDS, SECONDS).map(lambda pair: (min(pair), max(pair) + 1)),
    ),
    st.builds(faults.model_retired, st.none() | TEXT),
    st.builds(
        faults.outage,
        where=st.just("json:dumps"),
        rate=st.builds(Ramp, st.floats(0.01, 0.4), st.floats(0.5, 1), SECONDS),
    ),
)
CHECK = st.one_of(
    st.builds(checks.find("failed_over"), from_=st.none() | TARGET, within=st.none() | SECONDS),
    st.builds(checks.find("attempts"), st.integers(1, 9), st.sampled_from(["request", "provider"])),
    st.builds(checks.find("retry_after_honoured")),
    st.builds(checks.find("not_called"), TARGET),
)


DRAWN = strategies.phases(when=DRAWABLE)
SCENARIO = st.builds(
    Scenario,
    name=st.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,5}){0,2}", fullmatch=True).filter(str),
    phases=st.one_of(
        DRAWN,
        st.lists(INJECTION, min_size=1, max_size=3).map(lambda found: (Phase("", found),)),
        st.tuples(TEXT, st.lists(INJECTION, min_size=1, max_size=3), SECONDS).map(lambda drawn: (Phase(*drawn),)),
    ),
    title=st.just("") | TEXT,
    hypothesis=st.just("") | TEXT,
    evidence=st.sampled_from(["", *EVIDENCE]),
    notes=st.just("") | TEXT,
    date=st.none()
    | st.dates(date(1971, 1, 2), date(2100, 1, 1))
    | st.datetimes(datetime(1971, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC)),
    tags=st.lists(TEXT | st.sampled_from(["1e3", "0o17", "no", "null", "~", "0x1F", ".5", "2023-01-01"]), max_size=3),
    sources=st.lists(TEXT, max_size=2),
    expect=st.lists(CHECK, max_size=3),
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(SCENARIO)
def test_what_is_written_reads_back_equal(scenario):
    """Nothing is rounded, and no text turns into a number on the way."""
    scenario = replace(scenario, phases=strategies._alive(scenario.phases))
    assert loads(dump(scenario)) == scenario


def test_what_is_written_is_fit_for_people():
    """One line per injection, durations as people write them, defaults left out."""
    text = WHOLE.split("\n", 1)[1].replace("rate: 10%", "rate: 0.1")
    start, end = text.index("      - fault: overloaded"), text.index("  - name: back")
    flow = "      - {fault: overloaded, target: 'openai/gpt-4*:chat', between: [10s, 2m], calls: 2-, rate: 0.1}\n"
    wanted = (text[:start] + flow + text[end:]).replace("[outage, on, no]", "[outage, 'on', 'no']")
    assert dump(loads(WHOLE)) == wanted


@pytest.mark.parametrize(
    "scenario",
    [
        Scenario("Not A Slug", (Phase("", (faults.outage(),)),)),
        Scenario("x", (Phase("a", (faults.outage(),)), Phase("b"))),
        Scenario("x", (Phase("", (faults.outage(),), 5), Phase("b"))),
        Scenario("x", (Phase("a"),)),
    ],
)
def test_what_no_file_can_hold_is_not_written(scenario):
    """A file that could not be loaded again is never made."""
    with pytest.raises(UsageProblem, match="cannot be written to a file"):
        dump(scenario)
