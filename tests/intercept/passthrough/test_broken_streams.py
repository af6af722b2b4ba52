"""A stream from beneath that told an error, or broke off, is a failed call: on every stack, whoever closes it."""

from __future__ import annotations

import asyncio
import gc
from contextlib import suppress

import aiohttp
import httpx
import httpx2
import pytest
import requests
import urllib3

from pytest_llmchaos import inject
from pytest_llmchaos.core.draw import Draw
from pytest_llmchaos.core.replies import Reply

from ...run.test_answer_reader import STREAMS, WALL, streamed

URL = "https://api.openai.com/v1/chat/completions"
ASK = {"model": "gpt-5", "messages": [{"role": "user", "content": "hi"}], "stream": True}
WORD = b'data: {"choices":[{"index":0,"delta":{"content":"half"},"finish_reason":null}]}\n\n'
ERROR = b'data: {"error": {"message": "The engine died.", "type": "InternalServerError", "code": 500}}\n\n'
STOP = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
ABORT = STOP.replace(b"stop", b"abort")
END = b"data: [DONE]\n\n"
BODIES = {
    "error": WORD + ERROR,
    "error and end": WORD + ERROR + END,
    "truncated": WORD,
    "empty": b"",
    "abort": WORD + ABORT + END,
    "whole": WORD + STOP + END,
    "whole without an end": WORD + STOP,
    "whole without a reason": WORD + END,
}


class Told(Exception):
    """What a client raises at an error event."""


def noted(data: bytes) -> None:
    """Raise at an error, as SDKs do."""
    if b'"error"' in data:
        raise Told


def with_httpx(library, keep):
    """Read a stream with httpx or httpx2."""
    client = library.Client()
    response = client.send(client.build_request("POST", URL, json=ASK), stream=True)
    keep.append(response)
    for data in response.iter_bytes():
        noted(data)


def with_requests(keep):
    """Read it with requests."""
    response = requests.post(URL, json=ASK, stream=True, timeout=9)
    keep.append(response)
    for data in response.iter_content(16):
        noted(data)


def with_urllib3(keep):
    """Read it with urllib3."""
    response = urllib3.PoolManager().request("POST", URL, json=ASK, preload_content=False)
    keep.append(response)
    for data in response.stream(16):
        noted(data)


async def async_httpx(library, keep, leave):
    """Read it with the async client; `leave` closes it."""
    client = library.AsyncClient()
    response = await client.send(client.build_request("POST", URL, json=ASK), stream=True)
    keep.append(response)
    try:
        async for data in response.aiter_bytes():
            noted(data)
    finally:
        if leave:
            await response.aclose()


async def async_aiohttp(keep, leave):
    """Read it with aiohttp."""
    async with aiohttp.ClientSession() as session:
        response = await session.post(URL, json=ASK)
        keep.append(response)
        try:
            async for data in response.content.iter_any():
                noted(data)
        finally:
            if leave:
                response.close()


STACKS = {
    "httpx": lambda keep, leave: with_httpx(httpx, keep),
    "httpx2": lambda keep, leave: with_httpx(httpx2, keep),
    "requests": lambda keep, leave: with_requests(keep),
    "urllib3": lambda keep, leave: with_urllib3(keep),
    "httpx async": lambda keep, leave: asyncio.run(async_httpx(httpx, keep, leave)),
    "httpx2 async": lambda keep, leave: asyncio.run(async_httpx(httpx2, keep, leave)),
    "aiohttp": lambda keep, leave: asyncio.run(async_aiohttp(keep, leave)),
}


@pytest.mark.parametrize("how", ["closed", "collected", "left open"])
@pytest.mark.parametrize("stack", STACKS)
def test_how_a_stream_ended_is_told(stack, how):
    """Not by who closed it or when, but by what came."""
    for name, body in BODIES.items():
        keep: list = []
        with inject(upstream="passthrough", checks=[]) as chaos:
            chaos.upstream.post(URL).respond(headers={"content-type": "text/event-stream"}, content=body)
            with suppress(Told):
                STACKS[stack](keep, how == "closed")
            if how == "closed":
                for each in keep:
                    with suppress(RuntimeError):
                        each.close()
            elif how == "collected":
                keep.clear()
                gc.collect()
            (call,) = chaos.calls
            good = name.startswith("whole")
            assert (call.ok, call.failed) == (good, not good), (name, call.outcome)


@pytest.mark.parametrize("name", STREAMS)
def test_every_dialect(name):
    """A whole stream of one's own upstream is ok, half of one failed, and so is one that tells an error."""
    call = streamed(name)
    answer = call.speaks.answer(call, Reply(text="one two three four " * 20), Draw("read", WALL))
    pieces = list(answer.chunks)
    told = [*pieces[:2], call.speaks.stream_error(call, Draw("read", WALL))]
    for content, good in ((pieces, True), (pieces[: len(pieces) // 2], False), (told, False)):
        with inject(upstream="passthrough", checks=[]) as chaos:
            chaos.upstream.route().respond(headers=list(answer.headers), content=b"".join(content))
            url = f"https://{call.host}{call.path}"
            httpx.request(call.method, url, json=dict(call.body) if call.method == "POST" else None)
            (seen,) = chaos.calls
            assert (seen.ok, seen.failed) == (good, not good), seen.outcome
