"""in_flight_at_most."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext

import pytest

from pytest_llmchaos import checks, faults
from pytest_llmchaos.core.errors import ParameterError

from .apps import MODEL, async_gpt, said, under, verdict
from .journals import journal


def judge(count, *lines, **given):
    """Return the outcome of the check."""
    return checks.find("in_flight_at_most").build((count,), given).judge(journal(*lines)).outcome


def test_the_most_at_once():
    """Calls that only touch do not meet; a limit that was not tried is not proved."""
    lines = ["0 openai 200 +5s", "1 openai 200 +5s", "5 openai 200 +5s"]
    assert judge(2, *lines) == "held"
    assert judge(1, *lines) == "violated"
    assert judge(3, *lines) == "inconclusive"
    assert judge(1, "0 openai 200 +5s") == "inconclusive"
    assert judge(1, "0 openai 200 +5s", "5 openai 200 +5s") == "held"
    assert judge(1) == "inconclusive"


def test_per_provider_or_all():
    """Each provider's calls count apart unless all are counted."""
    lines = ["0 openai open", "1 anthropic open", "2 openai 200"]
    assert judge(1, *lines) == "held"
    assert judge(1, *lines, per="all") == "violated"
    with pytest.raises(ParameterError, match="not_called"):
        judge(0)


async def crowd(limit: int | None) -> None:
    """Ask eight things at once, behind a bulkhead or without."""
    gate = nullcontext() if limit is None else asyncio.Semaphore(limit)

    async def one(client) -> None:
        async with gate:
            await client.chat.completions.create(model=MODEL, messages=said())

    async with async_gpt() as client:
        await asyncio.gather(*(one(client) for _ in range(8)))


@pytest.mark.parametrize(("limit", "outcome"), [(None, "violated"), (3, "held")])
def test_the_app_without_a_bulkhead(limit, outcome):
    """When answers are slow, all asks are under way at once unless something holds them back."""
    with under(faults.latency("20s")) as chaos:
        asyncio.run(crowd(limit))
        assert verdict(chaos, "in_flight_at_most", 3).outcome == outcome
