"""survives_a_blip."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import openai
import pytest

from pytest_llmchaos import checks, faults

from .apps import MODEL, ask, ask_claude, async_gpt, claude, first_of, gpt, said, under, verdict
from .journals import journal

CHECK = checks.find("survives_a_blip").build()


@pytest.mark.parametrize(
    ("lines", "outcome"),
    [
        (["0 openai 503 +1s", "2 openai 200"], "held"),
        (["0 openai read_timeout +1s", "2 anthropic 200"], "held"),
        (["0 openai 503 +3s", "1 anthropic 200 +9s"], "held"),
        (["0 openai 503 +1s"], "violated"),
        (["0 openai 429 +1s request=a", "2 openai 200 request=b"], "violated"),
        (["0 openai 503 +1s", "2 openai:embeddings 200"], "violated"),
        (["0 openai 503 +1s", "2 openai open"], "inconclusive"),
        (["0 openai 503 +1s", "2 openai 503"], "inconclusive"),
        (["0 openai 401 +1s"], "inconclusive"),
        (["0 openai cancelled +1s"], "inconclusive"),
        (["0 openai 200:policy_refusal +1s"], "inconclusive"),
        (["0 openai 200"], "inconclusive"),
    ],
)
def test_a_single_failure(lines, outcome):
    """One passing failure must be followed by a good answer of the same kind in the same ask."""
    assert CHECK.judge(journal(*lines)).outcome == outcome


@pytest.mark.parametrize(
    "fault",
    [faults.outage(calls=1), faults.connection_reset(calls=1), faults.rate_limit(retry_after="2s", calls=1)],
    ids=str,
)
@pytest.mark.parametrize(("retries", "outcome"), [(0, "violated"), (2, "held")])
def test_the_app_that_gives_up_at_once(retries, outcome, fault):
    """An app that switched the SDK's retries off does not survive a blip."""
    with under(fault) as chaos:
        with suppress(openai.APIError):
            ask(gpt(retries))
        assert verdict(chaos, "survives_a_blip").outcome == outcome


async def summaries(attempts: int) -> list[str]:
    """Ask for three summaries at once; one that fails ends them all."""
    client = async_gpt(attempts - 1)

    async def one(number: int) -> str:
        answer = await client.chat.completions.create(model=MODEL, messages=said(f"Summarise chapter {number}."))
        return answer.choices[0].message.content or ""

    return await asyncio.gather(*(one(number) for number in range(3)))


@pytest.mark.parametrize(("attempts", "outcome"), [(1, "violated"), (3, "held")])
def test_one_of_several_at_once(attempts, outcome):
    """One failure ends the request and cancels its siblings: these are no failures of their own."""
    with under(faults.outage(calls=1), faults.latency("2s", calls="2-")) as chaos:
        with suppress(openai.APIError), chaos.request("book"):
            asyncio.run(summaries(attempts))
        assert verdict(chaos, "survives_a_blip").outcome == outcome


def test_a_request_that_raised_over_good_calls():
    """Good answers beside the failure are no survival where the request raised, unless the same was asked again."""
    around = ["0 !request a", "0 openai 503 +1s request=a", "0 openai 200 +3s request=a"]
    assert CHECK.judge(journal(*around, "4 !answered a")).outcome == "held"
    assert CHECK.judge(journal(*around, "4 !raised a")).outcome == "violated"
    assert CHECK.judge(journal(*around, "2 openai 200 request=a", "4 !raised a")).outcome == "held"


def test_another_question_is_no_answer():
    """In an unmarked test the next ask may be good while this one was lost; the fallback asks the same."""
    with under(faults.outage(calls=1)) as chaos:
        with suppress(openai.APIError):
            ask(gpt(), "Where is order 7?")
        ask(gpt(), "Where is order 8?")
        found = verdict(chaos, "survives_a_blip")
        assert found.outcome == "inconclusive"
        assert "mark each with" in found.reason
    with under(faults.outage(target="openai", calls=1)) as chaos:
        first_of(lambda: ask(gpt()), lambda: ask_claude(claude()))
        assert verdict(chaos, "survives_a_blip").outcome == "held"
