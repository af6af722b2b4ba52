"""retries_spread."""

from __future__ import annotations

import asyncio

import openai
import pytest

from pytest_llmchaos import checks, faults
from pytest_llmchaos.core.errors import ParameterError

from .apps import async_gpt, said, under, verdict
from .journals import journal

CHECK = checks.find("retries_spread").build(("100ms",))


def failures(*waits: float, outcome: str = "503") -> list[str]:
    """Return one failed call at 1 s for each wait, in a request of its own, and its retry so much later."""
    first = [f"0 openai {outcome} +1s request=r{number}" for number in range(len(waits))]
    return first + [f"{1 + wait} openai 200 request=r{number}" for number, wait in enumerate(waits)]


@pytest.mark.parametrize(
    ("waits", "outcome"),
    [
        ((1.0, 1.0, 1.0), "violated"),
        ((1.0, 1.05, 1.1, 3.0), "violated"),
        ((1.0, 1.05, 2.0, 3.0), "held"),
        ((0.5, 1.0, 1.5), "held"),
        ((1.0, 1.0), "inconclusive"),
        ((), "inconclusive"),
    ],
)
def test_more_than_half_together(waits, outcome):
    """Three or more retries after one failure, more than half of them in one window, are lockstep."""
    assert CHECK.judge(journal(*failures(*waits))).outcome == outcome


def test_failures_at_other_times_do_not_add_up():
    """Calls that failed one after the other may be tried again at one time."""
    lines = [f"{start} openai 503 +1s request=r{start}" for start in range(4)]
    lines += [f"9 openai 200 request=r{start}" for start in range(4)]
    assert CHECK.judge(journal(*lines)).outcome == "inconclusive"
    assert CHECK.judge(journal(*failures(1, 1, 1, outcome="200"))).outcome == "inconclusive"


def test_a_window_of_nothing_is_refused():
    """It could not be violated."""
    with pytest.raises(ParameterError, match="tenth of the usual wait"):
        checks.find("retries_spread").build((0,))


async def persistent(client: openai.AsyncOpenAI, number: int, wait: float) -> None:
    """Ask twice, with a wait between."""
    messages = said(f"Where is order {number}?")
    try:
        await client.chat.completions.create(model="gpt-5", messages=messages)
    except openai.APIError:
        await asyncio.sleep(wait)
        await client.chat.completions.create(model="gpt-5", messages=messages)


async def crowd(spread: float) -> None:
    """Ask six things at once; each has a wait of its own where they are spread."""
    async with async_gpt() as client:
        await asyncio.gather(*(persistent(client, number, 1 + number * spread) for number in range(6)))


@pytest.mark.parametrize(("spread", "outcome"), [(0.0, "violated"), (0.3, "held")])
def test_the_app_without_jitter(spread, outcome):
    """Six asks that wait one second each come back at once; with jitter they do not."""
    with under(faults.outage(target="openai", calls="1-6")) as chaos:
        asyncio.run(crowd(spread))
        assert verdict(chaos, "retries_spread", "100ms").outcome == outcome
