"""An app that logs the whole chain of causes sees in it what the library would have shown, and nothing of ours."""

from __future__ import annotations

import asyncio

import aiohttp
import httpx
import httpx2
import pytest
import requests
import urllib3

from pytest_llmchaos import faults, inject

from .scripted import STREAM, URL


def by_httpx(library):
    """Read a stream with a client of that family."""

    def ask():
        with library.Client(timeout=5).stream("POST", URL, json=STREAM) as response:
            list(response.iter_lines())

    return ask


def by_async(library):
    """Read a stream with an async client of that family."""

    async def ask():
        async with library.AsyncClient(timeout=5) as client, client.stream("POST", URL, json=STREAM) as response:
            async for _ in response.aiter_lines():
                pass

    return lambda: asyncio.run(ask())


async def _by_aiohttp():
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=60, sock_read=5, connect=5)) as session,
        session.post(URL, json=STREAM) as response,
    ):
        await response.read()


STACKS = {
    "httpx": by_httpx(httpx),
    "httpx2": by_httpx(httpx2),
    "httpx async": by_async(httpx),
    "httpx2 async": by_async(httpx2),
    "aiohttp": lambda: asyncio.run(_by_aiohttp()),
    "requests": lambda: requests.post(URL, json=STREAM, timeout=5),
    "urllib3": lambda: urllib3.PoolManager(retries=False).request("POST", URL, json=STREAM, timeout=5),
}
FAULTS = [
    faults.stream_cut(3),
    faults.stream_stall(2),
    faults.connection_reset(),
    faults.connection_refused(),
    faults.dns_failure(),
    faults.certificate_expired(),
    faults.wrong_host("certificate"),
    faults.connect_timeout(),
    faults.no_response(),
    faults.latency("2m"),
]


def chain(error):
    """Return the error with all that stand behind it."""
    found = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("fault", FAULTS, ids=lambda each: each.fault.name)
def test_nothing_of_ours_stands_behind_an_error(stack, fault):
    """Each exception in the chain is Python's or the library's."""
    with inject(fault, checks=[]), pytest.raises(Exception) as caught:
        STACKS[stack]()
    names = [f"{type(each).__module__}.{type(each).__qualname__}" for each in chain(caught.value)]
    assert not [name for name in names if name.startswith("pytest_llmchaos")]
