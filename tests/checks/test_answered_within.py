"""answered_within: deadlines of marked and unmarked requests."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress

import openai
import pytest

from pytest_llmchaos import checks, faults

from .apps import MODEL, ask, async_gpt, gpt, said, under, verdict
from .journals import journal, sdk


def judge(made, within="8s", **given):
    """Return the verdict of answered_within."""
    return checks.find("answered_within").build((within,), given).judge(made)


@pytest.mark.parametrize(
    ("lines", "outcome", "word"),
    [
        (["0 openai 503 +1s", "2 anthropic 200 +6s"], "held", "answered after 8s"),
        (["0 openai 503 +1s", "2 anthropic 200 +7s"], "violated", "1s too late"),
        (
            ["0 openai 503"],
            "violated",
            "got no answer: the last of 1 call (openai/gpt-5:chat) ended at 0s with 503",
        ),
        (["0 openai 200", "1 openai 503"], "violated", "ended badly"),
        (["0 openai cancelled +5s", "3 anthropic 200 +2s"], "held", "after 5s"),
        (["0 openai read_timeout +20s", "3 anthropic 200 +2s"], "held", "after 5s"),
        (["0 anthropic 200 +5s", "3 openai cancelled +2s"], "held", "after 5s"),
        (["0 openai 200:stream_cut +1s"], "violated", "200 stream_cut"),
        (["0 openai 503", "1 anthropic open"], "inconclusive", "judge when it has ended"),
        (["0 openai 503", "1 anthropic open", "30 !phase back"], "violated", "still under way, 30s after"),
        (["0 openai open", "1 anthropic 200 +1s"], "held", "after 2s"),
        ([], "inconclusive", "let the app ask something"),
        (["0 !phase gone"], "inconclusive", "let the app ask something"),
    ],
)
def test_unmarked(lines, outcome, word):
    """The time of the whole test runs from the first call to the last good one."""
    verdict = judge(journal(*lines))
    assert verdict.outcome == outcome
    assert word in verdict.reason


def test_what_the_test_skipped_does_not_count():
    """`advance` inside the span of the whole test is subtracted, outside of it is not."""
    inside = ["0 openai 200 +1s", "1 !advance advance 30m +30m", "1801 openai 200 +1s"]
    assert "after 2s" in judge(journal(*inside)).reason
    entered = [line.replace("!advance", "!enter") for line in inside]
    assert judge(journal(*entered)).outcome == "held"
    outside = ["0 !advance advance 5s +5s", "5 openai 200 +9s", "14 !advance advance 1h +1h"]
    assert judge(journal(*outside)).outcome == "violated"


def test_several_unmarked_asks():
    """When the whole test took too long, the reason says how to mark its asks."""
    assert "llmchaos.request" in judge(journal("0 openai 200", "20 openai 200")).reason
    assert "llmchaos.request" not in judge(journal("0 openai 200 +20s")).reason


def test_each_request_by_itself():
    """Concurrent requests are judged apart; the late one is named."""
    made = journal("0 openai 200 +3s request=a", "1 openai 200 +9s request=b")
    verdict = judge(made)
    assert verdict.outcome == "violated"
    assert "request 'b' was answered after 9s" in verdict.reason
    assert "slowest of 2 requests" in judge(made, "10s").reason


@pytest.mark.parametrize(
    ("lines", "outcome", "word"),
    [
        (["0 !request a", "0 openai 200 +1s request=a", "9 !answered a"], "violated", "answered after 9s"),
        (["0 !request a", "0 openai 200 +1s request=a", "2 !raised a"], "violated", "raised after 2s"),
        (["0 !request a", "0 !answered a"], "held", "without an LLM call"),
        (
            ["0 !request a", *sdk(0, "openai", "503", request="a"), "2 !answered a"],
            "violated",
            "without an answer",
        ),
        (["0 !request a", "1 openai open request=a"], "inconclusive", "still under way"),
        (["0 !request a", "20 openai open request=a"], "violated", "still under way"),
        (
            ["0 !request a", "3 !request a", "5 !answered a", "9 !answered a"],
            "inconclusive",
            "a name of its own",
        ),
        (["0 !request a", "3 !answered a", "3 !request a", "5 !answered a"], "held", "slowest of 2"),
    ],
)
def test_marked(lines, outcome, word):
    """A marked request is timed by its block, and one that raised or got no good call was not answered."""
    verdict = judge(journal(*lines))
    assert verdict.outcome == outcome
    assert word in verdict.reason


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [
        (["0 !request a", "0 openai 503 +1s request=a", "2 !raised a"], "held"),
        (["0 !request a", "0 openai 503 +1s request=a", "9 !raised a"], "violated"),
        (["0 !request a", "0 openai 503 +1s request=a", "2 !answered a"], "held"),
        (["0 !request a", "0 openai 503 +1s request=a", "9 !answered a"], "violated"),
        (["0 openai 503 +1s"], "held"),
        (["0 openai 200 +1s", "2 openai 503 +1s"], "held"),
        (["0 openai 503 +1s", "9 openai 503"], "violated"),
        (["0 openai 503 +1s", "1 !advance advance 1h +1h", "3601 openai 503 +1s"], "held"),
        (["0 openai open", "3 openai 503"], "inconclusive"),
    ],
)
def test_an_error_in_time(lines, outcome):
    """If told so, a request keeps its deadline by failing in time."""
    assert judge(journal(*lines), or_failed=True).outcome == outcome


def patient(seconds: float) -> str:
    """Ask until these seconds are over, then let the error out."""
    until = time.monotonic() + seconds
    while True:
        try:
            return ask(gpt(timeout=1))
        except openai.APIError:
            if time.monotonic() + 1 > until:
                raise
            time.sleep(0.5)


@pytest.mark.parametrize(("seconds", "outcome"), [(20, "violated"), (5, "held")])
def test_the_app_that_tries_beyond_its_deadline(seconds, outcome):
    """Each try has its own timeout; only a deadline over all of them ends the request in time."""
    with under(faults.no_response()) as chaos:
        with suppress(openai.APIError), chaos.request("checkout"):
            patient(seconds)
        assert verdict(chaos, "answered_within", "6s", or_failed=True).outcome == outcome
        assert verdict(chaos, "answered_within", "6s").outcome == "violated"


def test_requests_of_one_name_side_by_side():
    """Each block is timed by itself, with its own calls."""

    async def one(chaos, number):
        with chaos.request("chat"):
            await async_gpt().chat.completions.create(model=MODEL, messages=said(f"Where is order {number}?"))

    async def users(chaos):
        await asyncio.gather(*(one(chaos, number) for number in range(3)))

    with under(faults.latency("6s", calls=2)) as chaos:
        asyncio.run(users(chaos))
        assert verdict(chaos, "answered_within", "8s").outcome == "held"
        found = verdict(chaos, "answered_within", "5s")
        assert found.outcome == "violated"
        assert found.evidence == (chaos.calls[1],)
