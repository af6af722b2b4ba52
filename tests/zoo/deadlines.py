"""Apps that wait for ever, or much longer than they mean to."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import aiohttp
import openai

from pytest_llmchaos import faults

from .clients import GPT, ask_claude, ask_gpt, async_gpt, gpt, gpt_stream, said, words
from .row import Bug, github

URL = "https://api.openai.com/v1/chat/completions"
HEADERS = {"authorization": "Bearer zoo-key"}


async def buggy_no_timeout(question: str) -> str:
    """Read a stream with no limit at all; the retry beside it needs an error that never comes."""
    return await _read(question, aiohttp.ClientTimeout(total=None))


async def fixed_no_timeout(question: str) -> str:
    """Limit the silence between two pieces."""
    try:
        return await _read(question, aiohttp.ClientTimeout(total=None, sock_read=20))
    except TimeoutError:
        return "The answer took too long."


async def buggy_reads_behind_done(question: str) -> str:
    """Read on behind `[DONE]` until the server closes the connection, which it does not."""
    return await _read(question, aiohttp.ClientTimeout(total=None))


async def fixed_reads_behind_done(question: str) -> str:
    """Stop at `[DONE]`."""
    return await _read(question, aiohttp.ClientTimeout(total=None, sock_read=20), stop=True)


async def _read(question: str, timeout: aiohttp.ClientTimeout, *, stop: bool = False) -> str:
    body: Any = {"model": GPT, "messages": said(question), "stream": True}
    text = ""
    async with (
        aiohttp.ClientSession(timeout=timeout, headers=HEADERS) as session,
        session.post(URL, json=body) as response,
    ):
        async for line in response.content:
            data = line.removeprefix(b"data: ").strip()
            if data == b"[DONE]" and stop:
                break
            if data.startswith(b"{"):
                for choice in json.loads(data).get("choices", ()):
                    text += choice["delta"].get("content") or ""
    return text


def buggy_timeout_times_retries(question: str) -> str:
    """Set a timeout of 20 s, for each of the SDK's three tries."""
    return ask_gpt(question, gpt(retries=2, timeout=20))


def fixed_timeout_times_retries(question: str) -> str:
    """Share the time out between the tries."""
    return ask_gpt(question, gpt(retries=2, timeout=6))


def buggy_retries_forget_the_deadline(question: str) -> str:
    """Time out after half a second, then back off for minutes."""
    for attempt in range(7):
        try:
            return ask_gpt(question, gpt(timeout=0.5))
        except openai.APITimeoutError:
            time.sleep(2**attempt)
    return "The answer took too long."


def fixed_retries_forget_the_deadline(question: str) -> str:
    """Start no try that cannot end in time; ask somebody else instead."""
    deadline = time.monotonic() + 4
    while time.monotonic() + 0.5 < deadline:
        try:
            return ask_gpt(question, gpt(timeout=0.5))
        except openai.APITimeoutError:
            time.sleep(0.1)
    return ask_claude(question)


def buggy_heartbeats(question: str) -> str:
    """Trust a read timeout, which every heartbeat starts again."""
    return "".join(words(gpt_stream(question, gpt(timeout=10))))


async def fixed_heartbeats(question: str) -> str:
    """Limit the time between two words."""
    text = ""
    async with async_gpt(timeout=10) as client:
        stream = await client.chat.completions.create(model=GPT, messages=said(question), stream=True)
        chunks = aiter(stream)
        while True:
            try:
                async with asyncio.timeout(10):
                    chunk = await anext(chunks)
            except StopAsyncIteration:
                return text
            text += chunk.choices[0].delta.content or "" if chunk.choices else ""


def buggy_first_word(question: str) -> str:
    """Keep the SDK's ten minutes for the first word."""
    return "".join(words(gpt_stream(question)))


def fixed_first_word(question: str) -> str:
    """Wait for eight seconds, then ask again."""
    try:
        return "".join(words(gpt_stream(question, gpt(timeout=8))))
    except openai.APITimeoutError:
        return "".join(words(gpt_stream(question, gpt(timeout=8))))


async def buggy_retry_without_timeout(question: str) -> str:
    """Try again after a 503, and wait for the second answer for ever."""
    return await _twice(question, aiohttp.ClientTimeout(total=None))


async def fixed_retry_without_timeout(question: str) -> str:
    """Have a limit for it."""
    return await _twice(question, aiohttp.ClientTimeout(total=30))


async def _twice(question: str, timeout: aiohttp.ClientTimeout) -> str:
    body = {"model": GPT, "messages": said(question)}
    async with aiohttp.ClientSession(timeout=timeout, headers=HEADERS) as session:
        for _ in range(2):
            async with session.post(URL, json=body) as response:
                if response.status == 200:
                    return str((await response.json())["choices"][0]["message"]["content"])
    return "no answer"


BUGS = (
    Bug(
        "A stream has no timeout, and the retry needs an error that never comes",
        github("agent0ai/agent-zero/issues/1882", "octos-org/octos/issues/29"),
        buggy_no_timeout, fixed_no_timeout, "hung", {},
        (faults.stream_stall(after=3, target="openai"),),
    ),
    Bug(
        "The reader hangs behind `[DONE]` while the connection stays open",
        github("ltmoerdani/opencode-copilot-chat/pull/170"),
        buggy_reads_behind_done, fixed_reads_behind_done, "hung", {},
        (faults.stream_held_open(target="openai"),),
    ),
    Bug(
        "One 503, then silence: the second try waits for ever",
        github("OpenHands/software-agent-sdk/issues/4997"),
        buggy_retry_without_timeout, fixed_retry_without_timeout, "hung", {},
        (faults.outage(target="openai", calls=1), faults.no_response(target="openai", calls="2-")),
    ),
    Bug(
        "A timeout of 20 s lasts far longer, because each retry has it anew",
        github("BerriAI/litellm/issues/7303"),
        buggy_timeout_times_retries, fixed_timeout_times_retries, "answered_within",
        {"within": "25s"}, (faults.no_response(target="openai", calls="1-2"),),
    ),
    Bug(
        "A timeout of half a second fails after two minutes of backing off",
        github("langchain-ai/langchain/issues/32439", "stanfordnlp/dspy/issues/207"),
        buggy_retries_forget_the_deadline, fixed_retries_forget_the_deadline, "answered_within",
        {"within": "10s"}, (faults.latency("20s", target="openai"),),
    ),
    Bug(
        "No limit between two words: heartbeats start the read timeout again and again",
        github("anomalyco/opencode/pull/16366", "Mirrowel/LLM-API-Key-Proxy/pull/39"),
        buggy_heartbeats, fixed_heartbeats, "idle_gap_within", {"within": "15s"},
        (faults.stream_heartbeats(after=3, delay="10m", every="5s", target="openai"),),
    ),
    Bug(
        "The first word may take as long as it likes",
        github("agent0ai/agent-zero/issues/1882"),
        buggy_first_word, fixed_first_word, "first_token_within", {"within": "10s"},
        (faults.stream_stall(after=0, delay="2m", target="openai", calls=1),),
    ),
)  # fmt: skip
