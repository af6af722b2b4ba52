"""When an injection strikes beyond its target: shares, loads, sizes, predicates; and when phases come."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta, timezone
from random import Random
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos import faults
from pytest_llmchaos.core import conditions
from pytest_llmchaos.core.conditions import Load, Predicate, Ramp
from pytest_llmchaos.core.errors import ParameterError, UsageProblem
from pytest_llmchaos.core.units import CallRange
from pytest_llmchaos.scenarios.scenario import Phase, Repeat, Scenario, dead_windows, read_date

OUTAGE = (faults.outage(),)


def premium(call):
    """Somebody's condition."""
    return call.premium


# --- shares ---


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("30%", 0.3),
        (0.3, 0.3),
        ({"from": "0%", "to": "60%", "over": "10m"}, Ramp(0, 0.6, 600)),
        ({"from": 0, "to": 1}, Ramp(0, 1)),
        ({"from": "60%", "to": "0%", "over": None}, Ramp(0.6, 0)),
    ],
)
def test_a_share_is_a_rate_or_a_ramp(typed, expected):
    """Both forms are read, and what was read is taken as it is."""
    assert conditions.share(typed) == expected
    assert conditions.share(expected) == expected


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({}, "'from' is missing"),
        ({"from": 0}, "'to' is missing"),
        ({"from": 0, "to": 1, "ovr": 1}, "'ovr' does not belong to a ramp.*did you mean 'over'"),
        ({"from": 0.5, "to": "50%"}, "goes nowhere"),
        ({"from": 0, "to": 0}, "goes nowhere"),
        ({"from": 0, "to": 2}, "2 is not a rate"),
        ({"from": False, "to": 1}, "False is not a rate"),
        ({"from": 0, "to": 1, "over": 0}, "longer than nothing"),
        ({"from": 0, "to": 1, "over": "x"}, "'x' is not a duration"),
        ("30", "'30' is not a rate"),
        (None, "None is not a rate"),
    ],
)
def test_what_is_no_share_is_refused(typed, says):
    """Each slip in its own words."""
    with pytest.raises(ValueError, match=says):
        conditions.share(typed)


RAMPS = st.builds(
    Ramp, st.floats(0.01, 0.49) | st.just(0.0), st.floats(0.5, 1), st.none() | st.floats(0.001, 1e6)
)  # fmt: skip


@given(RAMPS, st.floats(0, 1e7), st.floats(0.001, 1e7))
def test_a_ramp_stays_between_its_ends(ramp, into, whole):
    """It starts with one, ends with the other, and stays there."""
    length = ramp.over or whole
    assert ramp.start <= ramp.at(into, whole) <= ramp.end
    assert ramp.at(0, whole) == ramp.start
    assert ramp.at(length, whole) == pytest.approx(ramp.end)
    assert ramp.at(length / 2, whole) == pytest.approx((ramp.start + ramp.end) / 2)


@given(RAMPS)
def test_a_ramp_survives_writing(ramp):
    """A ramp written to a file reads back equal."""
    assert conditions.share(ramp.raw()) == ramp


def test_a_ramp_as_long_as_an_endless_phase_is_refused():
    """Where the phase is written, or at the call if a test injects it alone."""
    with pytest.raises(ParameterError, match=r"rate: .*which never ends; say over"):
        Phase("", (faults.outage(rate={"from": 0, "to": 1}),))
    with pytest.raises(UsageProblem, match="say `over`"):
        Ramp(0, 1).at(1, math.inf)


# --- loads and sizes ---


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("10/m", Load(10, 60)),
        (" 100 / 30s ", Load(100, 30)),
        ("0/s", Load(0, 1)),
        ("5/1m30s", Load(5, 90)),
        ("7/ms", Load(7, 0.001)),
    ],
)
def test_a_load_is_calls_in_a_time(typed, expected):
    """A load reads back from how it is shown, too."""
    assert conditions.load(typed) == conditions.load(expected) == conditions.load(expected.raw()) == expected


@given(st.integers(0, 10**9 - 1), st.sampled_from([0.001, 0.5, 1.0, 30.0, 60.0, 90.0, 3600.0, 86400.0]))
def test_a_load_survives_writing(count, seconds):
    """A load written to a file reads back equal."""
    assert conditions.load(Load(count, seconds).raw()) == Load(count, seconds)


@pytest.mark.parametrize(
    "typed", ["10", "10/", "/m", "-1/m", "10/x", "10/0s", "1.5/m", 10, None, True, [], "9" * 10 + "/m"]
)
def test_what_is_no_load_is_refused(typed):
    """Calls, a slash, a duration."""
    with pytest.raises(ValueError, match=r"not a load|not a duration"):
        conditions.load(typed)


def test_a_size_is_a_range():
    """An exact number of tokens is no condition that anybody means."""
    assert conditions.size("13000-") == CallRange(13000, None)
    assert conditions.size("1-2000") == CallRange(1, 2000)
    with pytest.raises(ValueError, match="give a range such as '13000-'"):
        conditions.size(13000)
    for bad in ("big", "5-1", None, 0, True, {}):
        with pytest.raises(ValueError, match="is not a range of tokens"):
            conditions.size(bad)


# --- predicates ---


def test_a_predicate_is_asked_about_the_call():
    """What it returns counts as true or false."""
    asked = conditions.predicate(premium)
    assert asked(SimpleNamespace(premium=[1])) is True
    assert asked(SimpleNamespace(premium=0)) is False


def test_a_predicate_that_fails_tells_about_the_call():
    """Nobody can tell whether the call was meant: that is no answer."""
    with pytest.raises(UsageProblem, match=r"where=.*premium failed on openai:chat: AttributeError"):
        conditions.predicate(premium)(SimpleNamespace(label="openai:chat"))


def test_a_predicate_of_a_module_can_be_written():
    """By the name under which it is found again."""
    named = conditions.predicate("json:dumps")
    assert named.raw() == "json:dumps"
    assert conditions.predicate(named) is named
    assert conditions.predicate(__import__("json").dumps).raw() == "json:dumps"


@pytest.mark.parametrize("function", [lambda call: True, Random(1).random, SimpleNamespace])
def test_a_predicate_without_a_name_cannot_be_written(function):
    """What could not be found again is told, not lost."""
    predicate = conditions.predicate(function)
    if predicate.name != "types:SimpleNamespace":
        with pytest.raises(UsageProblem, match="cannot be written"):
            predicate.raw()
    assert isinstance(predicate, Predicate)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("premium", "neither a function nor where one stands"),
        ("a:b:c", "neither a function"),
        (".a:b", "neither a function"),
        (5, "neither a function"),
        ("no_such_module_of_ours:f", "cannot be imported: ModuleNotFoundError"),
        ("json:no_such", "cannot be imported: AttributeError"),
        ("math:pi", "is not a function"),
    ],
)
def test_what_is_no_predicate_is_refused(typed, says):
    """Whatever importing it does."""
    with pytest.raises(ValueError, match=says):
        conditions.predicate(typed)


# --- the small ones ---


def test_sticky_needs_a_share():
    """Fate by key means nothing where every call is struck."""
    assert faults.outage(sticky="key", rate="30%").sticky == "key"
    with pytest.raises(ParameterError, match="sticky: needs a rate"):
        faults.outage(sticky="key")
    with pytest.raises(ParameterError, match=r"sticky: 'kee' is not one of 'key', .*did you mean 'key'"):
        faults.outage(sticky="kee", rate=0.3)


@pytest.mark.parametrize("typed", ["yes", 1, 0, None, "true"])
def test_a_flag_is_true_or_false(typed):
    """And nothing that looks like it."""
    with pytest.raises(ValueError, match="neither true nor false"):
        conditions.flag(typed)


def test_a_region_is_a_pattern_in_lower_case():
    """As addresses have it."""
    assert conditions.region(" EU-* ") == "eu-*"
    with pytest.raises(ValueError, match="is not a text"):
        conditions.region("")


# --- phases ---


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Phase("a", OUTAGE, 0), "lasts: a phase must last longer than nothing"),
        (lambda: Phase("a", OUTAGE, "x"), "lasts: 'x' is not a duration"),
        (lambda: Phase("a", OUTAGE, 1, 1), "jitter: is a share below 100%"),
        (lambda: Phase("a", OUTAGE, None, 0.1), "jitter: .* needs lasts"),
        (lambda: Phase("a", OUTAGE, 1, "x"), "jitter: 'x' is not a rate"),
        (lambda: Repeat(1, (Phase("a", OUTAGE, 1),)), "repeat: 1 is not a whole number of times"),
        (lambda: Repeat(True, (Phase("a", OUTAGE, 1),)), "repeat: True is not"),
        (lambda: Repeat(2, ()), "phases: there is nothing to repeat"),
        (lambda: Repeat(2, (Phase("a", OUTAGE),)), "phases: the repeated phase 'a' never ends"),
        (lambda: Scenario("x", ()), "phases: the scenario 'x' has none"),
        (lambda: Scenario("x", (Phase("a", (), 1), Phase("a"))), "has two phases named 'a'"),
        (lambda: Scenario("x", (Phase("a 2", (), 1), Repeat(2, (Phase("a", (), 1),)))), "has two phases named 'a 2'"),
        (lambda: Scenario("x", (Repeat(1000, tuple(Phase(f"p{n}", (), 1) for n in range(6))),)), "more than 5000"),
        (lambda: Scenario("x", (Phase("a"),), evidence="rumour"), "evidence: 'rumour' is not one of"),
        (lambda: Scenario("x", (Phase("a"),), date="soon"), "date: 'soon' is not a date"),
    ],
)
def test_a_scenario_that_cannot_be_is_refused(make, says):
    """With the key that is wrong."""
    with pytest.raises(ParameterError, match=says):
        make()


def test_a_repetition_goes_on_with_numbered_names():
    """The first time has the names as written, so that tests can enter them."""
    scenario = Scenario("x", (Repeat(3, (Phase("down", OUTAGE, 2), Phase("up", (), 5))), Phase("end")))
    assert [each.name for each in scenario.flat] == ["down", "up", "down 2", "up 2", "down 3", "up 3", "end"]
    assert scenario.starts() == (0, 2, 7, 9, 14, 16, 21)
    assert scenario.phase("up 2") == 3
    with pytest.raises(UsageProblem, match="has no phase 'up 4'; did you mean 'up"):
        scenario.phase("up 4")


@given(st.integers(1, 99), st.floats(0.001, 1e6), st.text(max_size=5))
def test_jitter_keeps_within_its_share(percent, lasts, chance):
    """The length is drawn once, from the seed, and nothing else of the phase changes."""
    scenario = Scenario("x", (Repeat(2, (Phase("a", OUTAGE, lasts, percent / 100),)), Phase("b", OUTAGE)))
    settled = scenario.settled(chance)
    assert settled == scenario.settled(chance)
    assert [each.name for each in settled.flat] == ["a", "a 2", "b"]
    assert all(abs(each.seconds - lasts) <= lasts * percent / 100 * 1.000001 for each in settled.flat[:2])
    assert all(each.jitter is None and each.inject == OUTAGE for each in settled.flat)


def test_each_repetition_has_a_length_of_its_own():
    """Flapping that kept time would be no flapping."""
    settled = Scenario("x", (Repeat(5, (Phase("a", OUTAGE, 10, 0.5),)),)).settled("seed")
    assert len({each.lasts for each in settled.flat}) == 5
    assert Scenario("x", (Repeat(5, (Phase("a", OUTAGE, 10, 0.5),)),)).settled("other") != settled


def test_a_scenario_without_jitter_stays_as_it_is():
    """Nothing is drawn where nothing varies."""
    scenario = Scenario("x", (Phase("a", OUTAGE, 10),))
    assert scenario.settled("seed") is scenario


# --- dates ---


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("2024-01-04", datetime(2024, 1, 4, tzinfo=UTC)),
        (" 2024-01-04T09:30:00Z ", datetime(2024, 1, 4, 9, 30, tzinfo=UTC)),
        (date(2024, 1, 4), datetime(2024, 1, 4, tzinfo=UTC)),
        (datetime(2024, 1, 4, 9), datetime(2024, 1, 4, 9, tzinfo=UTC)),
        ("2024-01-04T09:30:00+05:00", datetime(2024, 1, 4, 9, 30, tzinfo=timezone(timedelta(hours=5)))),
    ],
)
def test_a_date_is_in_utc_unless_it_says_otherwise(typed, expected):
    """A day, or a time of one."""
    assert read_date(typed) == expected
    assert read_date(typed).utcoffset() == expected.utcoffset()


@pytest.mark.parametrize("typed", ["soon", "", "1970-12-31", "9001-01-01", "2024-13-01", 2024, None, True])
def test_what_is_no_date_is_refused(typed):
    """Clocks must be able to tell it."""
    with pytest.raises(ValueError, match="is not a date"):
        read_date(typed)


def windowed(start, end):
    """An outage in a window."""
    return (faults.outage(between=(start, end)),)


@pytest.mark.parametrize(
    ("parts", "dead"),
    [
        ([Phase("", windowed("0s", "1s"))], False),
        ([Phase("a", (), 60), Phase("b", windowed("59s", "61s"), 60)], False),
        ([Phase("a", (), 60), Phase("b", windowed("0s", "60s"), 60)], True),
        ([Phase("a", (), 60), Phase("b", windowed("120s", "130s"), 60)], True),
        ([Phase("a", (), 60, "50%"), Phase("b", windowed("30s", "31s"), 60)], False),
        ([Phase("a", (), 60, "50%"), Phase("b", windowed("149s", "150s"), 60)], False),
        ([Phase("a", (), 60, "50%"), Phase("b", windowed("150s", "151s"), 60)], True),
        ([Phase("a", (), 60, "50%"), Phase("b", windowed("0s", "30s"), 60)], True),
        ([Repeat(3, (Phase("a", (), 60), Phase("b", windowed("310s", "320s"), 60)))], False),
        ([Repeat(3, (Phase("a", (), 60), Phase("b", windowed("250s", "260s"), 60)))], True),
        ([Repeat(3, (Phase("a", (), 60), Phase("b", windowed("360s", "400s"), 60)))], True),
        ([Phase("a"), Phase("b", windowed("0s", "1s"))], False),  # `enter` leads there, at any time
    ],
)
def test_a_window_is_dead_where_its_phase_never_meets_it(parts, dead):
    """Jitter may move the phase, a repetition brings it again."""
    assert bool(list(dead_windows(parts))) is dead
