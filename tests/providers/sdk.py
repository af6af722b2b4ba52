"""The real SDKs over the providers' answers, without a network: what a client sends comes back answered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import anthropic
import httpx2
import openai
from hypothesis import settings

from pytest_llmchaos.core.call import Call, HttpRequest
from pytest_llmchaos.core.draw import Draw
from pytest_llmchaos.core.plan import Answer
from pytest_llmchaos.core.replies import Reply
from pytest_llmchaos.providers import Providers

WALL = 1_795_342_800.0  # 22 November 2026, 09:00 UTC
KEY = "sk-canary-0123456789abcdefghij"

UNHURRIED = settings(deadline=None)
"""For property tests: the first example loads Faker, which takes longer than Hypothesis allows one."""

Responder = Callable[[Call, Draw], Answer]


def recognised(request: HttpRequest, providers: Providers | None = None) -> Call | None:
    """Return the call that the request makes, as the engine would see it."""
    providers = providers or Providers()
    found = providers.route(request.method, request.url)
    return providers.recognise(found, request) if found else None


def post(url: str, body: bytes) -> HttpRequest:
    """Return a JSON request."""
    return HttpRequest("POST", url, (("content-type", "application/json"),), body)


class _Body(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    def __init__(self, answer: Answer) -> None:
        self._chunks = answer.chunks

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self._chunks:
            yield chunk


class Wire:
    """Stands for the network: answers each request and remembers the calls."""

    def __init__(self, respond: Responder | None = None, *, reply: Reply | None = None, seed: str = "seed") -> None:
        self._respond = respond or (lambda call, draw: call.speaks.answer(call, reply, draw))
        self._seed = seed
        self.calls: list[Call] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        seen = HttpRequest(request.method, str(request.url), tuple(request.headers.items()), request.content)
        call = recognised(seen)
        assert call is not None, f"{request.method} {request.url} was not recognised"
        self.calls.append(call)
        answer = self._respond(call, Draw(f"{self._seed}|{len(self.calls)}", WALL))
        return httpx2.Response(answer.status, headers=list(answer.headers), stream=_Body(answer))


def openai_client(wire: Wire, **options: Any) -> openai.OpenAI:
    """Return a real client that talks to the wire."""
    options = {"api_key": KEY, "max_retries": 0, **options}
    return openai.OpenAI(http_client=httpx2.Client(transport=httpx2.MockTransport(wire)), **options)


def anthropic_client(wire: Wire, **options: Any) -> anthropic.Anthropic:
    """Return a real client that talks to the wire."""
    options = {"api_key": KEY, "max_retries": 0, **options}
    return anthropic.Anthropic(http_client=httpx2.Client(transport=httpx2.MockTransport(wire)), **options)
