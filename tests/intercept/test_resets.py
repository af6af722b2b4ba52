"""A connection that is reset, over TLS and plain: each client sees what it sees of a real server that does so.

`SEEN` was measured with CPython 3.11.7, 3.12.1 and 3.13.0 (OpenSSL 3.0, Linux), httpx 0.28.1, httpx2 2.16.2, aiohttp
3.14.5, urllib3 2.8.0, requests 2.34.2 and botocore 1.44.8. Before 3.13 the `ssl` module takes a reset for the end of
the connection (cpython#115627), and its blocking clients with it.
"""

from __future__ import annotations

import asyncio
import gc
import json
import ssl
import sys
import threading

import aiohttp
import botocore.session
import httpx
import httpx2
import pytest
import requests
import urllib3
from botocore.config import Config

from pytest_llmchaos import faults, inject
from pytest_llmchaos.core.plan import Fail
from pytest_llmchaos.faults._stream import StreamFault

from . import scripted
from .scripted import BODY, CERTIFICATE, EVENTS, STREAM, STREAMED, chunk, serving

# By stack: the exception and what its text names, over TLS before 3.13 and from there on. Plain, all see the latter.
SEEN = {
    "httpx": (("RemoteProtocolError", ""), ("ReadError", "")),
    "httpx2": (("RemoteProtocolError", ""), ("ReadError", "")),
    "httpx async": (("ReadError", ""), ("ReadError", "")),
    "httpx2 async": (("ReadError", ""), ("ReadError", "")),
    "aiohttp": (("ClientOSError", ""), ("ClientOSError", "")),
    "urllib3": (("ProtocolError", "RemoteDisconnected"), ("ProtocolError", "ConnectionResetError")),
    "requests": (("ConnectionError", "RemoteDisconnected"), ("ConnectionError", "ConnectionResetError")),
    "botocore": (("ConnectionClosedError", ""), ("ConnectionClosedError", "")),
}
HIDDEN = sys.version_info < (3, 13)


def trusting():
    """Return a context that trusts the scripted server."""
    return ssl.create_default_context(cafile=str(CERTIFICATE))


def by_httpx(lib):
    """Return a call by its blocking client."""

    def post(url):
        with lib.Client(verify=trusting(), trust_env=False) as client:
            client.post(url, json=BODY)

    return post


def by_httpx_async(lib):
    """Return a call by its async client."""

    async def post(url):
        async with lib.AsyncClient(verify=trusting(), trust_env=False) as client:
            await client.post(url, json=BODY)

    return lambda url: asyncio.run(post(url))


async def _by_aiohttp(url):
    async with aiohttp.ClientSession() as session, session.post(url, json=BODY, ssl=trusting()):
        pass


def by_urllib3(url):
    """Send the call without a retry."""
    with urllib3.PoolManager(ca_certs=str(CERTIFICATE), retries=False) as manager:
        manager.request("POST", url, body=json.dumps(BODY).encode())


def by_botocore(url):
    """Send the call as InvokeModel, diverted to that address."""
    session = botocore.session.Session()
    session.set_credentials("access", "secret")
    config = Config(retries={"total_max_attempts": 1})
    client = session.create_client("bedrock-runtime", region_name="eu-west-1", verify=str(CERTIFICATE), config=config)

    def divert(request, **_):
        request.url = url

    client.meta.events.register_last("request-created.bedrock-runtime.InvokeModel", divert)
    client.invoke_model(modelId="any", body=json.dumps(BODY))


STACKS = {
    "httpx": by_httpx(httpx),
    "httpx2": by_httpx(httpx2),
    "httpx async": by_httpx_async(httpx),
    "httpx2 async": by_httpx_async(httpx2),
    "aiohttp": lambda url: asyncio.run(_by_aiohttp(url)),
    "urllib3": by_urllib3,
    "requests": lambda url: requests.post(url, json=BODY, verify=str(CERTIFICATE), timeout=30),
    "botocore": by_botocore,
}


def told(call, url):
    """Return what the call raises: class and text."""
    with pytest.raises(Exception) as caught:
        call(url)
    return type(caught.value).__name__, str(caught.value)


@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
@pytest.mark.parametrize("stack", STACKS)
def test_before_the_head(stack, tls):
    """The real thing is as measured, and the fault shows the same."""
    with serving(scripted.reset, tls=tls) as server:
        real = told(STACKS[stack], server.url)
        with inject(faults.connection_reset()) as chaos:
            played = told(STACKS[stack], server.url)
    assert played == real
    name, within = SEEN[stack][not (tls and HIDDEN)]
    assert real[0] == name
    assert within in real[1]
    assert chaos.calls[0].error == "connection_reset"


# --- within the body --------------------------------------------------------------------------------------------------


class ResetWithin(StreamFault):
    """A reset after one event, which no fault of the product is."""

    name = "reset_within"
    kind = "stream"

    def strike(self, call, draw):
        return (Fail("connection_reset"),)


def read_httpx(lib):
    """Return a streamed call that tells of its first piece."""

    def read(url, arrived):
        with (
            lib.Client(verify=trusting(), trust_env=False) as client,
            client.stream("POST", url, json=STREAM) as response,
        ):
            for _ in response.iter_raw():
                arrived.set()

    return read


def read_urllib3(url, arrived):
    """Read a streamed call and tell of its first piece."""
    with urllib3.PoolManager(ca_certs=str(CERTIFICATE), retries=False) as manager:
        response = manager.request("POST", url, body=json.dumps(STREAM).encode(), preload_content=False)
        for _ in response.stream():
            arrived.set()


@pytest.mark.parametrize("tls", [True, False], ids=["tls", "plain"])
@pytest.mark.parametrize(
    "read", [read_httpx(httpx), read_httpx(httpx2), read_urllib3], ids=["httpx", "httpx2", "urllib3"]
)
def test_within_the_body(read, tls):
    """Blocking clients see an early end where their Python shows no reset."""
    arrived = threading.Event()

    def break_off(connection, nth):
        connection.sendall(STREAMED + chunk(EVENTS[0]))
        arrived.wait(30)  # a reset would throw away what is unread
        scripted.reset(connection, nth)

    with serving(break_off, tls=tls) as server:
        real = told(lambda url: read(url, arrived), server.url)
    fault = faults.Injection(ResetWithin(after=1))
    with serving(scripted.streamed, tls=tls) as server, inject(fault, upstream="passthrough", checks=[]):
        played = told(lambda url: read(url, arrived), server.url)
        gc.collect()  # the connection that the error's traceback holds
    assert played == real
