"""What users type for durations, rates, ranges and delays."""

from __future__ import annotations

import math
from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos.core import units
from pytest_llmchaos.core.units import CallRange, Delay, Window

SECONDS = st.floats(0, 1e9, allow_nan=False)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.integers() | st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [
        ("20s", 20),
        ("1m30s", 90),
        ("250ms", 0.25),
        ("1.5h", 5400),
        ("1d", 86400),
        (" 1 m 30 s ", 90),
        (7, 7),
        (0.5, 0.5),
        (0, 0),
        (timedelta(minutes=2), 120),
    ],
)
def test_a_duration_is_read_in_seconds(typed, seconds):
    """Every form that the documentation names gives its number of seconds."""
    assert units.duration(typed) == seconds


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "  ",
        "20",
        "s",
        "1m30",
        "-5s",
        "5 apples",
        "1e3s",
        None,
        True,
        [],
        {},
        -1,
        math.inf,
        math.nan,
        10**400,
        "9" * 400 + "s",
        timedelta(seconds=-1),
    ],
)
def test_what_is_no_duration_is_refused_with_its_value(typed):
    """A wrong duration is a ValueError that says what was expected, whatever was typed."""
    with pytest.raises(ValueError, match="duration"):
        units.duration(typed)


def test_a_number_in_quotes_gets_a_hint():
    """The most likely slip, a number in quotes, is named."""
    with pytest.raises(ValueError, match=r"'20' is not a duration .*needs its unit"):
        units.duration("20")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0s"),
        (0.25, "250ms"),
        (0.9996, "1s"),
        (1, "1s"),
        (7.5, "7.5s"),
        (59.9999, "1m"),
        (60, "1m"),
        (90, "1m30s"),
        (7200, "2h"),
        (90061, "1d1h1m1s"),
        (-90, "-1m30s"),
        (math.inf, "for ever"),
        (0.0001, "0.1ms"),
        (10, "10s"),
        (0.0004, "0.4ms"),
    ],
)
def test_a_duration_is_shown_as_users_write_it(seconds, shown):
    """Durations come out in the form in which they are typed."""
    assert units.show_duration(seconds) == shown


@given(SECONDS)
def test_a_shown_duration_reads_back_close(seconds):
    """Showing rounds, but never by more than a millisecond below a minute and half a second above."""
    shown = units.duration(units.show_duration(seconds))
    assert shown == pytest.approx(seconds, abs=0.001 if seconds < 59.9 else 0.501)


@given(SECONDS)
def test_a_raw_duration_reads_back_exactly(seconds):
    """What is written to a file is not rounded."""
    assert units.duration(units.raw_duration(seconds)) == seconds


@pytest.mark.parametrize(("typed", "share"), [(0.3, 0.3), ("30%", 0.3), ("100%", 1.0), (1, 1.0), (" 5 % ", 0.05)])
def test_a_rate_is_a_share(typed, share):
    """Rates are numbers or percentages."""
    assert units.rate(typed) == share


@pytest.mark.parametrize("typed", [0, "0%", 1.01, "101%", -0.5, "0.3", "x", None, True, math.nan, 10**400])
def test_a_rate_outside_its_range_is_refused(typed):
    """Nothing, more than all, and what is no number are refused."""
    with pytest.raises(ValueError, match="rate"):
        units.rate(typed)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [(1, CallRange(1, 1)), ("1-2", CallRange(1, 2)), ("3-", CallRange(3, None)), ("4", CallRange(4, 4))],
)
def test_calls_are_a_number_or_a_range(typed, expected):
    """All three forms are read, and what was read is taken as it is."""
    assert units.calls(typed) == units.calls(expected) == expected


@pytest.mark.parametrize("typed", [0, "0", "2-1", "-2", "", "x", 1.5, True, None, "1-2-3", -1, [1, 2]])
def test_an_impossible_range_of_calls_is_refused(typed):
    """Calls count from 1, smaller number first."""
    with pytest.raises(ValueError, match=r"call number|empty range"):
        units.calls(typed)


def test_an_absurdly_long_call_number_is_refused():
    """Python's own limit on digits is not what the user gets to read."""
    with pytest.raises(ValueError, match="is not a call number"):
        units.calls("9" * 5000)


def test_a_range_of_calls_holds_its_ends():
    """Both ends belong to the range, and an open end has none."""
    assert [n for n in range(1, 6) if n in CallRange(2, 4)] == [2, 3, 4]
    assert 10**9 in CallRange(3, None)


@given(st.integers(1, 99), st.none() | st.integers(0, 99))
def test_calls_survive_writing(first, more):
    """A range written to a file reads back equal."""
    wanted = CallRange(first, None if more is None else first + more)
    assert units.calls(wanted.raw()) == units.calls(str(wanted)) == wanted


def test_a_window_excludes_its_end():
    """The first moment belongs to a window, its end to the next one."""
    window = units.between(["10s", "2m"])
    assert window == Window(10, 120)
    assert (9.99 in window, 10 in window, 119.9 in window, 120 in window) == (False, True, True, False)


@pytest.mark.parametrize(
    "typed",
    [
        "10s",
        ["10s"],
        ["10s", "10s"],
        ["2m", "10s"],
        5,
        None,
        {"a": "1s", "b": "2s"},
        {"1s", "2s"},
        ["1s", "x"],
    ],
)
def test_what_is_no_pair_of_durations_is_refused(typed):
    """A window needs two durations, the larger one last."""
    with pytest.raises(ValueError, match=r"pair of durations|empty window|duration"):
        units.between(typed)


@given(SECONDS, st.floats(1e-3, 1e6))
def test_a_window_survives_writing(start, length):
    """A window written to a file reads back equal."""
    window = Window(start, start + length)
    if window.end > window.start:
        assert units.between(window.raw()) == window


def test_a_fixed_delay_is_always_the_same():
    """A plain duration is a fixed delay."""
    assert units.delay("20s").sample(Random(1)) == 20


def test_a_uniform_delay_stays_between_its_ends():
    """No draw leaves the range."""
    rng = Random(1)
    drawn = [units.uniform("1s", "3s").sample(rng) for _ in range(500)]
    assert 1 <= min(drawn) < 1.2
    assert 2.8 < max(drawn) <= 3


def test_a_lognormal_delay_has_its_median_and_its_99th_percentile():
    """The two numbers that users give are those of the sample."""
    rng = Random(1)
    drawn = sorted(units.lognormal(median="6s", p99="20s").sample(rng) for _ in range(20000))
    assert drawn[10000] == pytest.approx(6, rel=0.03)
    assert drawn[19800] == pytest.approx(20, rel=0.06)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"distribution": "lognorml", "median": 1, "p99": 2}, "did you mean 'lognormal'"),
        ({"median": 1, "p99": 2}, "distribution None"),
        ({"distribution": ["uniform"]}, "is not one of empirical, fixed, lognormal, pareto, ramp, uniform"),
        ({"distribution": "uniform", "min": 1}, "'max' is missing"),
        ({"distribution": "uniform", "min": 1, "maxx": 2}, "did you mean 'max'"),
        ({"distribution": "uniform", "min": 1, "max": 2, 3: 4}, "3 does not belong to uniform"),
        ({"distribution": "uniform", "min": 3, "max": 2}, "min <= max"),
        ({"distribution": "lognormal", "median": 0, "p99": 2}, "median <= p99"),
        ({"distribution": "lognormal", "median": "x", "p99": 2}, "'x' is not a duration"),
        ({"distribution": "pareto", "min": "1s", "p99": "1s"}, "min <= p99"),
        ({"distribution": "pareto", "min": "1s", "p99": "101s"}, "within 100 times the min"),
        ({"distribution": "empirical", "values": []}, "needs a list of durations"),
        ({"distribution": "empirical", "values": "1s"}, "needs a list of durations"),
        ({"distribution": "empirical", "values": ["x"]}, "'x' is not a duration"),
        ({"distribution": "ramp", "from": "1s", "to": "1s"}, "two different ends"),
        ({"distribution": "ramp", "from": "1s", "to": "2s", "over": 0}, "two different ends"),
        ({"distribution": "ramp", "from": "1s", "to": "2s", "ovr": "1m"}, "did you mean 'over'"),
        ({"distribution": "fixed", "value": "1s", "jitter": 2}, "2 is not a rate"),
        ("soon", "'soon' is not a duration"),
    ],
)
def test_a_delay_that_cannot_be_is_refused(typed, says):
    """Each slip in a distribution is told in its own words."""
    with pytest.raises(ValueError, match=says):
        units.delay(typed)


@given(st.sampled_from(["fixed", "uniform", "lognormal", "pareto"]), st.floats(0.1, 1e4), st.floats(0.001, 50))
def test_a_delay_survives_writing(kind, low, more):
    """A delay written to a file reads back equal."""
    delay = Delay(kind, low, low if kind == "fixed" else low * (1 + more))
    assert units.delay(delay.raw()) == delay


@given(st.lists(SECONDS, min_size=1, max_size=5), st.none() | st.floats(0.001, 1e6))
def test_lists_and_ramps_survive_writing(values, over):
    """Every value of a list and the length of a ramp are kept."""
    empirical = units.delay({"distribution": "empirical", "values": values})
    assert units.delay(empirical.raw()) == empirical
    ramp = units.delay({"distribution": "ramp", "from": values[0], "to": values[0] + 1, "over": over})
    assert units.delay(ramp.raw()) == ramp


def test_a_pareto_delay_has_its_smallest_value_and_its_99th_percentile():
    """The two numbers that users give are those of the sample."""
    rng = Random(1)
    pareto = units.delay({"distribution": "pareto", "min": "1s", "p99": "20s"})
    drawn = sorted(pareto.sample(rng) for _ in range(20000))
    assert drawn[0] == pytest.approx(1, rel=0.01)
    assert drawn[19800] == pytest.approx(20, rel=0.1)


def test_an_empirical_delay_is_one_of_its_values():
    """Each of them comes up."""
    rng = Random(1)
    empirical = units.delay({"distribution": "empirical", "values": ["1s", "1s", "7s"]})
    drawn = [empirical.sample(rng) for _ in range(600)]
    assert set(drawn) == {1.0, 7.0}
    assert drawn.count(1.0) > drawn.count(7.0)


@pytest.mark.parametrize(
    ("over", "lasts", "into", "expected"),
    [
        ("1m", math.inf, 0, 2),
        ("1m", math.inf, 30, 6),
        ("1m", math.inf, 60, 10),
        ("1m", math.inf, 600, 10),
        (None, 120, 60, 6),
        (None, 120, 120, 10),
        ("1m", 120, 60, 10),
        (None, math.inf, 60, 2),
    ],
)
def test_a_ramp_goes_from_its_first_value_to_its_last(over, lasts, into, expected):
    """Over its own time, or as long as its phase lasts; then it stays."""
    ramp = units.delay({"distribution": "ramp", "from": "2s", "to": "10s", "over": over})
    assert ramp.sample(Random(1), into, lasts) == pytest.approx(expected)


@given(st.floats(0.001, 1e4), st.integers(1, 100), st.integers())
def test_a_fixed_delay_with_jitter_stays_near_its_value(value, percent, seed):
    """No further than the share either way, and never below nothing."""
    delay = units.delay({"distribution": "fixed", "value": value, "jitter": f"{percent}%"})
    drawn = delay.sample(Random(seed))
    assert drawn >= 0
    assert abs(drawn - value) <= value * percent / 100 * 1.000001


@pytest.mark.parametrize("typed", ["1" * 200_000, "1s" * 100_000 + "x", "1-" + " " * 200_000 + "x"])
def test_a_long_text_is_refused_in_no_time(typed):
    """No reader goes over it again and again, and the message does not repeat all of it."""
    for read in (units.duration, units.calls, units.rate):
        with pytest.raises(ValueError, match="is not a") as caught:
            read(typed)
        assert len(str(caught.value)) < 1000


@given(st.floats(0, 1e7), st.floats(0, 1e7), st.integers())
def test_no_delay_is_negative_or_endless(low, more, seed):
    """Whatever is drawn is a time that one can wait."""
    delays = [units.uniform(low, low + more)]
    if low and (low + more) / low < 1e6:
        delays.append(units.lognormal(low, low + more))
    assert all(0 <= each.sample(Random(seed)) < math.inf for each in delays)


def test_a_tail_without_end_is_refused():
    """A lognormal delay whose 99th percentile is out of all proportion is a slip of the units."""
    with pytest.raises(ValueError, match=r"within 1e.06 times the median"):
        units.lognormal("1ms", "1d")


@given(st.sampled_from([units.duration, units.rate, units.calls, units.between, units.delay]), ANYTHING)
def test_readers_raise_nothing_but_value_errors(read, value):
    """Whatever stands in a file, a reader gives its value or a sentence."""
    told = "no error"
    try:
        read(value)
    except ValueError as problem:
        told = str(problem)
    assert told


def test_an_unknown_unit_is_told_the_known_ones():
    """Who types `7 min` or `2w` sees what there is."""
    for typed in ("7 min", "2w", "5h55"):
        with pytest.raises(ValueError, match=r"\(units: ms, s, m, h, d\)$"):
            units.duration(typed)
