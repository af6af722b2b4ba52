"""Instructor failing over: clients of two providers asked in order, as its guide catches `InstructorRetryException`."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, Field

from pytest_llmchaos import faults, llmchaos

from ..needs import needs

SESSION = "frameworks_older"
instructor = needs("instructor", SESSION)
exceptions = needs("instructor.core.exceptions", SESSION)
needs("anthropic", SESSION)

QUESTION = [{"role": "user", "content": "Where is order 17?"}]
MODELS = ("openai/gpt-4.1", "anthropic/claude-sonnet-4-5")
DOWN = faults.outage(target="openai")


class Order(BaseModel):
    """Where an order is."""

    number: int = Field(ge=1)
    city: str


def clients(**options):
    """Return the app's clients, the first choice first."""
    return [instructor.from_provider(model, api_key="no-key", **options) for model in MODELS]


def ask(**options):
    """Return the order as the first client that answers has it."""
    for client in clients():
        try:
            return client.chat.completions.create(response_model=Order, messages=QUESTION, max_tokens=200, **options)
        except exceptions.InstructorRetryException as error:
            failed = error
    raise failed


@llmchaos(DOWN)
def test_structured_result(llmchaos):
    """The SDK's tries, then the other provider; the result is validated."""
    assert isinstance(ask(), Order)
    assert [call.provider for call in llmchaos.calls] == ["openai"] * 3 + ["anthropic"]
    llmchaos.expect.failed_over(to="anthropic", within="15s")


@pytest.mark.asyncio
@llmchaos(DOWN)
async def test_structured_result_in_async(llmchaos):
    """The same with async clients."""
    order = None
    for client in clients(async_client=True):
        try:
            order = await client.chat.completions.create(response_model=Order, messages=QUESTION, max_tokens=200)
            break
        except exceptions.InstructorRetryException:
            continue
    assert isinstance(order, Order)
    llmchaos.expect.failed_over(to="anthropic", within="15s")


def test_an_answer_that_does_not_validate_is_asked_for_again(llmchaos):
    """What Instructor is for: the model is told what was wrong, and its second answer passes."""
    llmchaos.replies({"number": 0, "city": "Oslo"}, {"number": 17, "city": "Oslo"})
    assert ask(max_retries=2).model_dump() == {"number": 17, "city": "Oslo"}
    assert [call.provider for call in llmchaos.calls] == ["openai"] * 2
