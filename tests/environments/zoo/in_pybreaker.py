"""pybreaker: a breaker around a coroutine function."""

from __future__ import annotations

import openai
from pybreaker import CircuitBreaker


async def _ask(question: str) -> str:
    async with openai.AsyncOpenAI(api_key="zoo-key", max_retries=0) as client:
        answer = await client.chat.completions.create(model="gpt-5", messages=[{"role": "user", "content": question}])
        return answer.choices[0].message.content or ""


class BuggyCoroutine:
    """Decorate a coroutine function: to make a coroutine always succeeds, so the breaker counts no failure."""

    def __init__(self) -> None:
        self.breaker = CircuitBreaker(fail_max=2, reset_timeout=30)

    async def __call__(self, question: str) -> str:
        """Ask."""
        return str(await self.breaker(_ask)(question))


class FixedCoroutine(BuggyCoroutine):
    """Wait for the answer in the breaker's `with` block."""

    async def __call__(self, question: str) -> str:
        """Ask."""
        with self.breaker.calling():
            return await _ask(question)
