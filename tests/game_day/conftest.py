"""A proxy in a thread of its own, as if it were another process; nothing in this one is intercepted."""

from __future__ import annotations

import asyncio
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pytest_llmchaos.game_day.control import Control
from pytest_llmchaos.game_day.proxy import Proxy
from pytest_llmchaos.game_day.serving import Outside
from pytest_llmchaos.game_day.wire import Request
from pytest_llmchaos.journal.keeping import Keep
from pytest_llmchaos.run.chaos import Chaos
from pytest_llmchaos.scenarios.resolve import resolve

TOKEN = "made-up-token"


class Served:
    """A proxy that runs, and what a test does with it."""

    def __init__(self, url: str, run: Chaos, proxy: Proxy, do: Callable[..., Any]) -> None:
        self.url = url
        self.run = run
        self.proxy = proxy
        self.do = do

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def ask(self, action: str, method: str = "POST", headers: dict[str, str] | None = None, **given: Any) -> Any:
        """Ask the control API; return the status and what it told."""
        headers = {"authorization": f"Bearer {TOKEN}"} if headers is None else headers
        body = json.dumps(given).encode() if given else None
        request = urllib.request.Request(f"{self.url}/__llmchaos/{action}", body, headers, method=method)  # noqa: S310
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as problem:
            with problem:
                return problem.code, json.load(problem)


@contextmanager
def in_a_loop() -> Iterator[Callable[..., Any]]:
    """Give what runs a coroutine on a loop in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield lambda work: asyncio.run_coroutine_threadsafe(work, loop).result(60)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(60)
        loop.close()


@contextmanager
def serving(*what: Any, real: bool = False, origins: dict[str, str] | None = None, **options: Any) -> Iterator[Served]:
    """Play what is given behind a proxy on loopback."""
    run = Chaos(
        *resolve(what),
        clock="real",
        upstream="passthrough" if real else "simulated",
        allow_unused=True,
        suppress={"runaway_retries": "many ask"},
        **options,
    )
    stopped = asyncio.Event()

    async def begin() -> tuple[Proxy, int]:
        session = None
        if real:
            from pytest_llmchaos.game_day.upstream import new_session

            session = new_session()
        proxy = Proxy(run, origins=origins, session=session)
        proxy.control = Control(proxy, TOKEN, {"127.0.0.1"}, stopped)
        return proxy, await proxy.start("127.0.0.1", 0)

    async def end(proxy: Proxy) -> None:
        await proxy.stop()
        if proxy._session is not None:
            await proxy._session.close()

    with in_a_loop() as do:
        run.start()
        proxy, port = do(begin())
        try:
            yield Served(f"http://127.0.0.1:{port}", run, proxy, do)
        finally:
            do(end(proxy))
            run.stop()


class FakeReply:
    """Takes an answer in the place of a socket."""

    whole = True

    def __init__(self) -> None:
        self.begun = self.over = False
        self.status: int | None = None
        self.body = b""

    async def head(self, status: int, headers: Any) -> None:
        self.begun, self.status = True, status

    async def data(self, data: bytes) -> None:
        self.body += data

    async def end(self) -> None:
        self.over = True

    async def send(self, status: int, body: bytes, content_type: str, *more: Any) -> None:
        self.status, self.body, self.over = status, body, True

    def reset(self) -> None:
        self.over = True

    drop = reset


def asked(question: str, *, stream: bool = False, retry: int = 0) -> Request:
    """Return a chat as it comes to the proxy."""
    body = {"model": "gpt-5", "stream": stream, "messages": [{"role": "user", "content": question}]}
    headers = {"content-type": "application/json", "authorization": "Bearer x", "x-stainless-retry-count": str(retry)}
    return Request("POST", "/openai/v1/chat/completions", tuple(headers.items()), json.dumps(body).encode())


@contextmanager
def straight(*what: Any, keep: Keep | None = None) -> Iterator[tuple[Proxy, Callable[..., FakeReply]]]:
    """Play what is given behind a proxy without a socket; give it, and what asks it."""
    options: dict[str, Any] = {"allow_unused": True, "suppress": {"runaway_retries": "many ask"}}
    run = Chaos(*resolve(what), clock="real", upstream="simulated", keep=keep, **options)
    run.surroundings = Outside()
    run.start()
    proxy = Proxy(run)
    loop = asyncio.new_event_loop()

    def ask(*given: Any, **named: Any) -> FakeReply:
        reply: Any = FakeReply()
        loop.run_until_complete(proxy.answer(asked(*given, **named), reply))
        return reply

    try:
        yield proxy, ask
    finally:
        run.stop()
        loop.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Give what starts proxies that end with the test."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield lambda *what, **options: stack.enter_context(serving(*what, **options))
