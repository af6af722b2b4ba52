"""The timeline: what a line tells, what is collapsed, and what is never shown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos.core.terminal_text import cells
from pytest_llmchaos.journal.entries import Journal
from pytest_llmchaos.journal.timeline import timeline

from ..checks.journals import journal, journals, sdk


def test_one_line_per_call_and_event():
    """A call's line has time, sign in its lane, label, attempt, bar, outcome, faults and call site."""
    made = journal(
        "0 !phase gone",
        "0 openai 503 +2s by=outage,latency retry=0 site=bot.py:12",
        "2.5 openai 429 +500ms by=rate_limit after=7s retry=1 site=bot.py:12",
        "3 !advance advance 10m +10m",
        "603 anthropic/claude-x:chat 200 +4s stream=1 site=bot.py:17",
        "700 openai open",
    )
    assert timeline(made, width=120).splitlines() == [
        "4 LLM calls: openai 0 of 3 ok, anthropic 1 of 1 ok",
        "── 0s  gone " + "─" * 108,
        "    0.000s  ✗ ┊  openai/gpt-5               #1            ━━━        2s  503 ← outage, latency      bot.py:12",
        "    2.500s  ✗ ┊  openai/gpt-5               #2 SDK retry  ━       500ms  429, wait 7s ← rate_limit  bot.py:12",
        "    3.000s  » advance 10m",
        "  10m03.0s  ┊ ✓  anthropic/claude-x stream  #1            ━━━━━━     4s  200                        bot.py:17",
        "  11m40.0s  … ┊  openai/gpt-5               #3            …              under way",
    ]


def test_marked_calls():
    """The evidence of a verdict gets a `>`."""
    made = journal("0 openai 503", "1 openai 200")
    lines = timeline(made, mark=made.exchanges[:1]).splitlines()
    assert lines[0].endswith("(> evidence)")
    assert [line[:1] for line in lines[2:]] == [">", " "]


def test_a_busy_lane_shows():
    """While a call elsewhere is under way, its lane is drawn through."""
    drawn = timeline(journal("0 openai 200 +20s", "5 anthropic 200 +1s", "30 anthropic 200"))
    assert "┃ ✓" in drawn.splitlines()[3]
    assert "┊ ✓" in drawn.splitlines()[4]


def test_order_is_by_start():
    """A phase written down late still stands where it began."""
    drawn = timeline(journal("0 openai 200", "900 openai 200", "600 !phase back"))
    assert drawn.index("back") < drawn.index("15m00.0s")


def test_phases_that_only_calls_tell_of():
    """Without events, the phase that a call fell in makes the heading, once."""
    drawn = timeline(journal("0 openai 503 phase=gone", "1 openai 503 phase=gone", "9 openai 200 phase=back"))
    assert [line.split()[2] for line in drawn.splitlines() if line.startswith("──")] == ["gone", "back"]


def test_requests_are_named_where_they_mix():
    """The request stands on each line only where the lines alone do not show it."""
    apart = journal("0 !request a", "0 openai 200 request=a", "1 !answered a", "1 !request b", "2 !raised b")
    assert "request 'b' raised" in timeline(apart)
    assert "a  openai" not in timeline(apart)
    mixed = journal("0 !request a", "0 !request b", "0 openai 200 request=a", "1 openai 200 request=b")
    assert re.search(r"✓  b  openai", timeline(mixed))


def test_long_runs_collapse():
    """More than 12 lines alike become three and a count; a repeated pattern is shown once."""
    alike = journal(*(f"{at} openai 503" for at in range(40)))
    lines = timeline(alike).splitlines()
    assert len(lines) == 2 + 4
    assert lines[-1].strip() == "… 37 more like this until 39.00s"
    asks = [[*sdk(at, "openai", "503"), f"{at + 2} ollama/x 200"] for at in range(0, 200, 10)]
    lines = timeline(journal(*(line for ask in asks for line in ask))).splitlines()
    assert len(lines) == 2 + 4 + 1
    assert lines[-1].strip() == "… these 4 lines 19 times more until 3m12.0s"
    started = journal(*(line for ask in asks for line in ask), "300 openai 503 retry=0", "301 openai 503 retry=1")
    lines = timeline(started).splitlines()
    assert lines[6].strip() == "… these 4 lines 19 times more until 3m12.0s"
    assert len(lines) == 2 + 4 + 1 + 2
    assert len(timeline(journal(*(f"{at} openai 503" for at in range(12)))).splitlines()) == 2 + 12


def test_ten_thousand_calls_stay_readable():
    """Head, tail and marked lines are kept, the rest is counted."""
    made = journal(*(f"{at} openai/m{at * 7919 % 97} {200 if at % 3 else 503}" for at in range(10_000)))
    drawn = timeline(made, mark=[made.exchanges[5000]])
    lines = drawn.splitlines()
    assert 80 < len(lines) < 130
    assert sum(line.startswith(">") for line in lines) == 1
    assert "lines left out" in drawn
    assert "openai/m0 " in lines[2]
    assert "2h46m39s" in lines[-1]


def test_everything_marked_stays_bounded():
    """Evidence of thousands of calls does not make the timeline endless."""
    made = journal(*(f"{at} openai/m{at * 7919 % 97} 503" for at in range(2000)))
    assert len(timeline(made, mark=made.exchanges).splitlines()) < 150


def test_wire_text_is_escaped():
    """Control characters, line ends and direction marks in a model's name cannot break or fake lines."""
    made = journal("0 openai/x 200")
    made.exchanges[0].model = "a\x1b[2Jb\nfake\r\u202ec\u2028d\ud800"
    drawn = timeline(made)
    assert r"a\x1b[2Jb\nfake\r\u202ec\u2028d\ud800" in drawn
    assert len(drawn.splitlines()) == 3
    drawn.encode()


def test_no_secret_is_shown():
    """Bodies are not shown at all; keys and URLs' credentials and queries are cut from events and names."""
    made = journal(
        "0 openai 200",
        "1 !escape call to https://user:hunter2@api.x.ai/v1/chat?key=abc#frag failed",
        "2 !inject sk-abcdefghijklmnopqrstuvwxyz012345",
    )
    made.exchanges[0].body = {"messages": "my prompt"}
    drawn = timeline(made)
    for secret in ("hunter2", "abc", "frag", "my prompt", "sk-"):
        assert secret not in drawn
    assert "! escape: call to https://api.x.ai/v1/chat failed" in drawn


def test_an_empty_journal():
    """Nothing seen is said in words; events alone are shown."""
    assert timeline(Journal()) == "no LLM call was seen"
    assert "» clear" in timeline(journal("0 !clear clear all faults"))


def test_colour_is_only_paint():
    """Without its colours, a coloured timeline is the plain one."""
    made = journal("0 !phase gone", "0 openai 503", "1 anthropic 200", "2 openai open", "3 !hung here")
    coloured = timeline(made, colour=True, mark=made.exchanges[:1])
    assert "\x1b[31m" in coloured
    assert "\x1b[32m" in coloured
    plain = timeline(made, mark=made.exchanges[:1])
    stripped = re.sub(r"\x1b\[\d*m", "", coloured)
    assert [line.rstrip() for line in stripped.splitlines()] == plain.splitlines()


@pytest.mark.parametrize("providers", [1, 9])
def test_many_providers(providers):
    """With more lanes than fit, there is one."""
    drawn = timeline(journal(*(f"{at} p{at}/m 200" for at in range(providers))), width=120)
    assert all(cells(line) <= 120 for line in drawn.splitlines())
    assert ("more providers" in drawn) == (providers > 6)


@given(made=journals(max_size=40), width=st.integers(20, 160), ascii=st.booleans(), lines=st.integers(0, 40))
def test_any_journal_can_be_drawn(made, width, ascii, lines):  # noqa: A002
    """It never raises, keeps to its width and length, and is printable; ASCII when asked."""
    drawn = timeline(made, width=width, ascii=ascii, lines=lines, mark=made.exchanges[::2])
    assert all(line.isprintable() for line in drawn.split("\n"))
    assert len(drawn.split("\n")) <= 2 + 2 * max(lines, 12)
    assert max(map(cells, drawn.split("\n"))) <= max(width, 80)
    if ascii:
        assert drawn.isascii()
