"""Ways that are intercepted: whatever lies between, faults strike the call."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import aiohttp
import httpx
import requests
import urllib3

from .way import Stand, Way

BODY: dict[str, Any] = {"model": "any", "messages": [{"role": "user", "content": "hello"}]}
NOWHERE = "http://127.0.0.1:9"


@contextmanager
def proxies(url: str) -> Iterator[None]:
    """Set the variables by which most clients find their proxy."""
    before = dict(os.environ)
    os.environ.pop("NO_PROXY", None)
    os.environ.pop("no_proxy", None)
    os.environ |= {"HTTP_PROXY": url, "HTTPS_PROXY": url, "http_proxy": url, "https_proxy": url}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ |= before


def by_httpx(stand: Stand) -> None:
    """A plain call."""
    httpx.post(stand.url, json=BODY)


def by_httpx_proxy(_: Stand) -> None:
    """TLS through a proxy."""
    with httpx.Client(proxy=NOWHERE) as client:
        client.post("https://api.openai.com/v1/chat/completions", json=BODY)


def by_httpx_variables(_: Stand) -> None:
    """The same, as the environment says."""
    with proxies(NOWHERE):
        httpx.post("https://api.openai.com/v1/chat/completions", json=BODY)


def by_httpx_kept(stand: Stand) -> Iterator[None]:
    """A pooled connection of before."""
    with httpx.Client() as client:
        client.post(stand.url, json=BODY)
        yield
        client.post(stand.url, json=BODY)


def by_httpx_dot(_: Stand) -> None:
    """The full name of the host."""
    httpx.post("https://API.OpenAI.com./v1/chat/completions", json=BODY)


def by_httpx_socket(stand: Stand) -> None:
    """A socket of this machine instead of an address."""
    with httpx.Client(transport=httpx.HTTPTransport(uds="/nowhere/llm.sock")) as client:
        client.post(stand.url, json=BODY)


def by_httpx2_proxy(_: Stand) -> None:
    """TLS through a proxy."""
    import httpx2

    with httpx2.Client(proxy=NOWHERE) as client:
        client.post("https://api.openai.com/v1/chat/completions", json=BODY)


def by_requests(stand: Stand) -> None:
    """A plain call."""
    requests.post(stand.url, json=BODY, timeout=5)


def by_requests_proxy(_: Stand) -> None:
    """TLS through a proxy."""
    requests.post("https://api.openai.com/v1/chat/completions", json=BODY, timeout=5, proxies={"https": NOWHERE})


def by_requests_variables(stand: Stand) -> None:
    """In the clear through a proxy, as the environment says."""
    with proxies(NOWHERE):
        requests.post(stand.url, json=BODY, timeout=5)


def by_requests_kept(stand: Stand) -> Iterator[None]:
    """A pooled connection of before."""
    with requests.Session() as session:
        session.trust_env = False
        session.post(stand.url, json=BODY, timeout=5)
        yield
        session.post(stand.url, json=BODY, timeout=5)


def by_requests_futures(stand: Stand) -> None:
    """A session whose calls are made by a pool of threads."""
    from requests_futures.sessions import FuturesSession

    with FuturesSession() as session:
        session.post(stand.url, json=BODY, timeout=5).result()


def by_urllib3(stand: Stand) -> None:
    """The pool that the library keeps for all."""
    urllib3.request("POST", stand.url, json=BODY, retries=False)


def by_urllib3_pool(stand: Stand) -> None:
    """A pool without a manager."""
    urllib3.HTTPConnectionPool("localhost", stand.port).request(
        "POST", "/v1/chat/completions", json=BODY, retries=False
    )


def by_urllib3_proxy(stand: Stand) -> None:
    """In the clear through a proxy."""
    urllib3.ProxyManager(NOWHERE).request("POST", stand.url, json=BODY, retries=False)


def by_urllib3_tunnel(_: Stand) -> None:
    """TLS through a proxy."""
    url = "https://api.openai.com/v1/chat/completions"
    urllib3.ProxyManager(NOWHERE).request("POST", url, json=BODY, retries=False)


async def by_aiohttp(stand: Stand) -> None:
    """A plain call."""
    async with aiohttp.ClientSession() as session, session.post(stand.url, json=BODY):
        pass


async def by_aiohttp_proxy(_: Stand) -> None:
    """TLS through a proxy."""
    async with aiohttp.ClientSession() as session:
        (await session.post("https://api.openai.com/v1/chat/completions", json=BODY, proxy=NOWHERE)).close()


async def by_aiohttp_socket(stand: Stand) -> None:
    """A socket of this machine instead of an address."""
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector("/nowhere/llm.sock")) as session:
        (await session.post(stand.url, json=BODY)).close()


async def by_httpx_aiohttp(stand: Stand) -> None:
    """A client of httpx on a transport of aiohttp."""
    from httpx_aiohttp import HttpxAiohttpClient

    async with HttpxAiohttpClient() as client:
        await client.post(stand.url, json=BODY)


async def by_openai_aiohttp(stand: Stand) -> None:
    """The client that its SDK has for aiohttp."""
    import openai

    base = stand.url.removesuffix("/chat/completions")
    http = openai.DefaultAioHttpClient()
    async with openai.AsyncOpenAI(api_key="k", base_url=base, http_client=http, max_retries=0) as client:
        await client.chat.completions.create(**BODY)


WAYS = [
    Way("a request", "httpx", "broken", by_httpx),
    Way("TLS through an HTTP proxy", "httpx", "broken", by_httpx_proxy),
    Way("a proxy named by HTTPS_PROXY", "httpx", "broken", by_httpx_variables),
    Way("a pooled connection opened before the run", "httpx", "broken", by_httpx_kept),
    Way("a host in capitals, with the dot that ends a full name", "httpx", "broken", by_httpx_dot),
    Way("a unix socket to a gateway", "httpx", "broken", by_httpx_socket),
    Way("TLS through an HTTP proxy", "httpx2", "broken", by_httpx2_proxy, needs="httpx2"),
    Way("a request", "requests", "broken", by_requests),
    Way("TLS through an HTTP proxy", "requests", "broken", by_requests_proxy),
    Way("a proxy named by HTTP_PROXY", "requests", "broken", by_requests_variables),
    Way("a pooled connection opened before the run", "requests", "broken", by_requests_kept),
    Way("a session in threads", "requests-futures", "broken", by_requests_futures, needs="requests_futures"),
    Way("a request", "urllib3", "broken", by_urllib3),
    Way("a pool without a manager", "urllib3", "broken", by_urllib3_pool),
    Way("in the clear through an HTTP proxy", "urllib3", "broken", by_urllib3_proxy),
    Way("TLS through an HTTP proxy", "urllib3", "broken", by_urllib3_tunnel),
    Way("a request", "aiohttp", "broken", by_aiohttp),
    Way("TLS through an HTTP proxy", "aiohttp", "broken", by_aiohttp_proxy),
    Way("a unix socket to a gateway", "aiohttp", "broken", by_aiohttp_socket),
    Way("a request", "httpx-aiohttp", "broken", by_httpx_aiohttp, needs="httpx_aiohttp"),
    Way("DefaultAioHttpClient", "openai[aiohttp]", "broken", by_openai_aiohttp, needs="httpx_aiohttp"),
]
