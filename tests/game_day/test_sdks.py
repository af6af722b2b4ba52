"""Real SDKs meet through the proxy what they meet in process: the same exception, as many attempts, as many pieces."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import anthropic
import httpx
import openai
import pytest
import requests

from pytest_llmchaos import faults, inject

from ..models import CLAUDE

SAID = [{"role": "user", "content": "Where is my order?"}]


def _openai(base: str | None, stream: bool) -> Any:
    with openai.OpenAI(api_key="no-key", base_url=base and f"{base}/openai/v1", max_retries=1, timeout=60) as client:
        answer = client.chat.completions.create(model="gpt-5", messages=SAID, stream=stream)
        return len(list(answer)) if stream else bool(answer.choices[0].message.content)


def _openai_async(base: str | None, stream: bool) -> Any:
    async def ask() -> Any:
        address = base and f"{base}/openai/v1"
        async with openai.AsyncOpenAI(api_key="no-key", base_url=address, max_retries=1, timeout=60) as client:
            answer = await client.chat.completions.create(model="gpt-5", messages=SAID, stream=stream)
            return len([each async for each in answer]) if stream else bool(answer.choices[0].message.content)

    return asyncio.run(ask())


def _anthropic(base: str | None, stream: bool) -> Any:
    with anthropic.Anthropic(
        api_key="no-key", base_url=base and f"{base}/anthropic", max_retries=1, timeout=60
    ) as client:
        answer = client.messages.create(model=CLAUDE, max_tokens=50, messages=SAID, stream=stream)
        return len(list(answer)) if stream else bool(answer.content[0].text)


def _body(stream: bool) -> dict[str, Any]:
    return {"model": "gpt-5", "messages": SAID, "stream": stream}


def _url(base: str | None) -> str:
    # Over TLS a blocking client on an older Python sees a reset as an end; the proxy is asked over plain HTTP.
    return f"{base}/openai/v1/chat/completions" if base else "http://api.openai.com/v1/chat/completions"


def _httpx(base: str | None, stream: bool) -> Any:
    with httpx.Client(timeout=60) as client, client.stream("POST", _url(base), json=_body(stream)) as answer:
        return answer.status_code, sum(bool(line) for line in answer.iter_lines())


def _requests(base: str | None, stream: bool) -> Any:
    with requests.post(_url(base), json=_body(stream), timeout=60, stream=True) as answer:
        return answer.status_code, sum(bool(line) for line in answer.iter_lines())


def _aiohttp(base: str | None, stream: bool) -> Any:
    async def ask() -> Any:
        async with aiohttp.ClientSession() as session, session.post(_url(base), json=_body(stream)) as answer:
            return answer.status, len([line async for line in answer.content if line.strip()])

    return asyncio.run(ask())


CLIENTS = {
    "openai": _openai,
    "openai-async": _openai_async,
    "anthropic": _anthropic,
    "httpx": _httpx,
    "requests": _requests,
    "aiohttp": _aiohttp,
}
PLAIN = {
    "healthy": [],
    "outage": [faults.outage()],
    "outage once": [faults.outage(calls=1)],
    "bad gateway page": [faults.outage(502, page="html")],
    "rate limit": [faults.rate_limit(retry_after="10ms")],
    "overloaded": [faults.overloaded()],
    "model retired": [faults.model_retired()],
    "key revoked": [faults.auth_revoked()],
    "region blocked": [faults.region_blocked()],
    "quota": [faults.quota_exhausted()],
    "reset": [faults.connection_reset()],
    "latency": [faults.latency("50ms")],
    "malformed": [faults.malformed()],
}
STREAMED = {
    "healthy stream": [],
    "stream outage": [faults.outage()],
    "stream cut": [faults.stream_cut(after=3)],
    "stream truncated": [faults.stream_truncated(after=3)],
    "stream error": [faults.stream_error(after=3)],
    "stream drip": [faults.stream_drip(every="2ms")],
    "stream split": [faults.stream_split()],
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("fault", [*PLAIN, *STREAMED])
def test_the_same_as_in_process(serve, client, fault, monkeypatch):
    """The backoff of SDKs is passed over in both."""
    stream = fault in STREAMED
    broken = (STREAMED if stream else PLAIN)[fault]
    with inject(*broken, checks=[], allow_unused=True) as chaos:
        inside = _outcome(CLIENTS[client], None, stream)
    _no_backoff(monkeypatch)
    served = serve(*broken)
    through = _outcome(CLIENTS[client], served.url, stream)
    assert through == inside
    assert len(served.run.calls) == len(chaos.calls)
    assert [each.faults for each in served.run.calls] == [each.faults for each in chaos.calls]


def _outcome(ask: Any, base: str | None, stream: bool) -> Any:
    try:
        return ask(base, stream)
    except Exception as error:
        return type(error)


def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    for client in (openai._base_client, anthropic._base_client):
        monkeypatch.setattr(client.BaseClient, "_calculate_retry_timeout", lambda *args, **kwargs: 0.0)
