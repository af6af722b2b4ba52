"""Too many calls at a time, calls that nobody waits for any longer, answers that nobody closes."""

from __future__ import annotations

import asyncio

import httpx2

from pytest_llmchaos import faults

from .clients import GPT, async_gpt, said
from .drives import leaves
from .row import Bug, github

URL = "https://api.openai.com/v1/chat/completions"
HEADERS = {"authorization": "Bearer zoo-key"}
LIMIT = 2


async def buggy_limit_per_part(question: str) -> str:
    """Keep to the limit in each of three parts that run side by side, so that three times as many calls meet."""
    return " ".join(await asyncio.gather(*(_part(question, asyncio.Semaphore(LIMIT)) for _ in range(3))))


async def fixed_limit_per_part(question: str) -> str:
    """Share one limit."""
    limit = asyncio.Semaphore(LIMIT)
    return " ".join(await asyncio.gather(*(_part(question, limit) for _ in range(3))))


async def _part(question: str, limit: asyncio.Semaphore) -> str:
    async def one() -> str:
        async with limit:
            return await _asked(question)

    return " ".join(await asyncio.gather(*(one() for _ in range(3))))


async def buggy_goes_on_alone(question: str) -> str:
    """Ask in a task of its own, which does not end with the one that waits for it."""
    task, pieces = _begun(question)
    await pieces.get()
    return await task


async def fixed_goes_on_alone(question: str) -> str:
    """Cancel it on the way out."""
    task, pieces = _begun(question)
    try:
        await pieces.get()
        return await task
    finally:
        task.cancel()


def _begun(question: str) -> tuple[asyncio.Task[str], asyncio.Queue[str]]:
    pieces: asyncio.Queue[str] = asyncio.Queue()

    async def fill() -> str:
        answer = await _asked(question)
        await pieces.put(answer)
        return answer

    return asyncio.create_task(fill()), pieces


async def _asked(question: str) -> str:
    async with async_gpt() as client:
        answer = await client.chat.completions.create(model=GPT, messages=said(question))
        return answer.choices[0].message.content or ""


class BuggyUnreadError:
    """Raise for a bad status of a stream, and leave the answer as it is."""

    def __init__(self) -> None:
        self.open: list[httpx2.Response] = []

    def __call__(self, question: str) -> str:
        """Ask once."""
        answer = self._begun(question)
        answer.raise_for_status()
        return answer.read().decode()

    def _begun(self, question: str) -> httpx2.Response:
        client = httpx2.Client()
        body = {"model": GPT, "messages": said(question), "stream": True}
        answer = client.send(client.build_request("POST", URL, json=body, headers=HEADERS), stream=True)
        self.open.append(answer)
        return answer


class FixedUnreadError(BuggyUnreadError):
    """Close it first."""

    def __call__(self, question: str) -> str:
        """Ask once."""
        answer = self._begun(question)
        try:
            answer.raise_for_status()
            return answer.read().decode()
        finally:
            answer.close()


BUGS = (
    Bug(
        "The limit on calls at a time holds in each part, and the parts run side by side",
        github("NVIDIA/SkillSpector/issues/387"),
        buggy_limit_per_part, fixed_limit_per_part, "in_flight_at_most", {"count": LIMIT},
        (faults.latency("5s", target="openai"),),
    ),
    Bug(
        "The user has left, and the task that asks the provider goes on",
        github("Nayjest/lm-proxy/issues/88"),
        buggy_goes_on_alone, fixed_goes_on_alone, "cancel_propagates", {},
        (faults.latency("20s", target="openai"),), drive=leaves(5),
    ),
    Bug(
        "A streamed request with an error status is never closed, and the pool runs dry after twenty",
        ("https://github.com/mistralai/client-python/issues/532",),
        BuggyUnreadError, FixedUnreadError, "answers_released", {},
        (faults.rate_limit(target="openai"),),
    ),
)  # fmt: skip
