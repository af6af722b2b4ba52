"""Nothing is left open, and nothing goes on after the app has given up."""

from __future__ import annotations

import asyncio

import httpx2
import pytest

from pytest_llmchaos import faults
from pytest_llmchaos.checks import find

from .apps import async_gpt, said, under, verdict
from .journals import journal

URL = "https://api.openai.com/v1/chat/completions"
BODY = {"model": "gpt-5", "messages": said(), "stream": True}


def leaky(client, kept):
    """Look at the status and forget the answer."""
    answer = client.send(client.build_request("POST", URL, json=BODY), stream=True)
    kept.append(answer)
    return answer.status_code


def tidy(client, kept):
    """Look at the status and close the answer."""
    with client.stream("POST", URL, json=BODY) as answer:
        return answer.status_code


@pytest.mark.parametrize(("app", "outcome"), [(leaky, "violated"), (tidy, "held")])
@pytest.mark.parametrize("fault", [faults.rate_limit(), faults.latency("1s")])
def test_answers_are_released(app, outcome, fault):
    """An answer that nobody reads keeps its connection, whatever its status."""
    kept = []
    with under(fault) as chaos, httpx2.Client() as client:
        app(client, kept)
        found = verdict(chaos, "answers_released")
        for each in kept:
            each.close()
    assert found.outcome == outcome
    if outcome == "violated":
        assert "stayed open: openai/gpt-5:chat" in found.reason


def test_nothing_answered_is_no_evidence():
    """Calls that got no answer show nothing."""
    made = journal("1 openai connection_refused")
    assert find("answers_released").build((), {}).judge(made).outcome == "inconclusive"


async def shielded(client):
    """Give up waiting, while the call goes on and is tried again."""
    asking = asyncio.create_task(client.chat.completions.create(model="gpt-5", messages=said()))
    await asyncio.wait_for(asyncio.shield(asking), 3)


async def cancelled(client):
    """Give up the call itself."""
    await asyncio.wait_for(client.chat.completions.create(model="gpt-5", messages=said()), 3)


@pytest.mark.parametrize(("app", "outcome"), [(shielded, "violated"), (cancelled, "held")])
@pytest.mark.parametrize("retries", [0, 1])
def test_cancel_propagates(app, outcome, retries):
    """A call that is shielded from its own deadline goes on behind the app's back."""

    async def use():
        with chaos.request("checkout"):
            await app(client)

    async def both():
        with pytest.raises(TimeoutError):
            await use()
        await asyncio.sleep(60)

    with under(faults.latency("20s")) as chaos:
        client = async_gpt(retries, timeout=8 if retries else 60)
        asyncio.run(both())
        assert verdict(chaos, "cancel_propagates").outcome == outcome


def test_no_request_given_up_is_no_evidence():
    """A run in which nothing was cancelled shows nothing."""
    with under(faults.latency("2s")) as chaos:
        with chaos.request("checkout"):
            httpx2.post(URL, json={**BODY, "stream": False})
        assert verdict(chaos, "cancel_propagates").outcome == "inconclusive"
