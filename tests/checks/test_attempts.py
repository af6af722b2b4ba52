"""attempts, in real apps: what is one request, and what is one call."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import httpx
import openai
import pytest

from pytest_llmchaos import checks, faults
from pytest_llmchaos.checks._calls import MARKING

from .apps import MODEL, ask, async_gpt, gpt, said, under, verdict
from .journals import journal, sdk


def persistent(tries: int, retries: int) -> None:
    """Ask as often as told, around an SDK that asks as often as told itself."""
    for _ in range(tries):
        with suppress(openai.APIError):
            ask(gpt(retries))
            return


@pytest.mark.parametrize(("retries", "outcome"), [(2, "violated"), (0, "held")])
@pytest.mark.parametrize("per", ["request", "provider", "call"])
def test_the_app_whose_retries_multiply(per, retries, outcome):
    """Three tries around an SDK of three are nine calls; the reason says whose they are."""
    with under(faults.outage()) as chaos, chaos.request("checkout"):
        persistent(3, retries)
        found = verdict(chaos, "attempts", 4, per=per)
        assert found.outcome == outcome
        if outcome == "violated":
            assert "(3 by the app, 6 SDK retries)" in found.reason
            assert found.evidence == tuple(chaos.calls[4:])


class Stubborn(httpx.HTTPTransport):
    """Tries each request of the SDK again on its own."""

    def handle_request(self, request):
        """Send it up to four times."""
        for _ in range(3):
            answer = super().handle_request(request)
            if answer.status_code < 500:
                return answer
            answer.read()
        return super().handle_request(request)


@pytest.mark.parametrize(("transport", "outcome"), [(Stubborn, "violated"), (httpx.HTTPTransport, "held")])
@pytest.mark.parametrize("per", ["request", "call"])
def test_retries_beneath_the_sdk(transport, outcome, per):
    """A transport that tries again multiplies what the SDK does, and the SDK's count does not know of it."""
    with under(faults.outage()) as chaos, chaos.request("checkout"):
        client = httpx.Client(transport=transport())
        with suppress(openai.APIError):
            ask(openai.OpenAI(api_key="test-key", max_retries=2, http_client=client))
        found = verdict(chaos, "attempts", 3, per=per)
        assert found.outcome == outcome
        if outcome == "violated":
            assert "12 calls" in found.reason
            assert "6 retries of them beneath the SDK" in found.reason


def test_requests_of_one_name():
    """Each time a request is marked it is one of its own, one after the other and side by side."""

    async def one(chaos, number):
        with suppress(openai.APIError), chaos.request("chat"):
            await async_gpt(1).chat.completions.create(model=MODEL, messages=said(f"Where is order {number}?"))

    async def users(chaos):
        await asyncio.gather(*(one(chaos, number) for number in range(3)))

    with under(faults.outage()) as chaos:
        for _ in range(2):
            with suppress(openai.APIError), chaos.request("chat"):
                ask(gpt(1))
        asyncio.run(users(chaos))
        assert verdict(chaos, "attempts", 2).outcome == "held"
        assert verdict(chaos, "attempts", 1).outcome == "violated"


@pytest.mark.parametrize(("tries", "outcome"), [(5, "violated"), (2, "held")])
def test_the_agent_of_many_steps(tries, outcome):
    """Different calls of one request are steps; only the same one again, after it failed, is another try."""
    with under(faults.outage(calls="3-6")) as chaos, chaos.request("agent"):
        for step in range(4):
            for _ in range(tries):
                with suppress(openai.APIError):
                    ask(gpt(), f"Step {step}.")
                    break
        assert verdict(chaos, "attempts", 3, per="request").outcome == "violated"
        assert verdict(chaos, "attempts", 3, per="call").outcome == outcome


def test_the_same_side_by_side():
    """Several answers to one question, asked for at once, are no retries of each other."""
    made = journal("0 openai 200 +1s", "0 openai 503 +1s", "0 openai 200 +1s")
    assert checks.find("attempts").build((1,), {"per": "call"}).judge(made).outcome == "held"


def test_the_words_of_a_call_that_was_tried_too_often():
    """It is named, with its tries told apart."""
    found = checks.find("attempts").build((2,), {"per": "call"}).judge(journal(*sdk(0, "openai", "503")))
    assert found.reason.startswith(
        "expected at most 2 tries of one call, but the test sent the same in 3 calls to openai/gpt-5:chat "
        "(1 by the app, 2 SDK retries)"
    )


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        ("Where is my order?", "Who are you?", "held"),
        ("Where is my order?", "Where is my order?", "violated"),
        ("Where is my order?", "The user asks: Where is my order? Be brief.", "violated"),
        ("", "Who are you?", "violated"),
    ],
)
def test_asks_without_marks(first, second, outcome):
    """Different questions are different requests; the same again, or with more words around it, may be a retry."""
    with under(faults.outage()) as chaos:
        for text in (first, second):
            with suppress(openai.APIError):
                ask(gpt(2), text)
        found = verdict(chaos, "attempts", 3)
        assert found.outcome == outcome
        assert (MARKING in found.reason) == (outcome == "violated")


def test_steps_of_an_agent_without_marks():
    """An agent's further steps ask nothing new: they are one request."""
    with under() as chaos:
        for step in range(3):
            history = [{"role": "assistant", "content": f"step {each}"} for each in range(step)]
            gpt().chat.completions.create(model=MODEL, messages=[*said(), *history])
        assert verdict(chaos, "attempts", 2).outcome == "violated"
        assert verdict(chaos, "attempts", 3).outcome == "held"
