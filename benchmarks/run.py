"""What chaos costs, as ratios against a peer measured in the same run.

    pip install -e '.[test]' && python benchmarks/run.py

Figures of one machine say little; the ratios are what to compare. The peer of a stack answers with the same bytes from
the shortest place at which that library can be mocked, so it does less than any real answer costs.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable
from functools import partial

import aiohttp
import botocore.session
import httpx
import httpx2
import openai
import requests
import responses
from aiohttp import web
from aiohttp.test_utils import TestServer
from botocore.awsrequest import AWSResponse

from pytest_llmchaos import inject

URL = "https://api.openai.com/v1/chat/completions"
MESSAGES = [{"role": "user", "content": "Where is my order?"}]
BODY = {"model": "gpt-5", "messages": MESSAGES}
CALLS = 100  # in one measurement
real_time = time.perf_counter


def compare(
    subject: Callable[[], object], peer: Callable[[], object], rounds: int = 30, block: int = 1
) -> tuple[float, float]:
    """Return the median times of both in milliseconds, measured in turns so that a busy machine slows both alike."""
    took: dict[Callable[[], object], list[float]] = {subject: [], peer: []}
    for number in range(rounds + 3):
        for each in (subject, peer):
            gc.collect(0)
            began = real_time()
            for _ in range(block):
                each()
            if number >= 3:
                took[each].append((real_time() - began) * 1000 / block)
    return statistics.median(took[subject]), statistics.median(took[peer])


def ask(client: openai.OpenAI) -> object:
    """Make one plain call."""
    return client.chat.completions.create(model="gpt-5", messages=MESSAGES)


def call_overhead() -> None:
    """An intercepted healthy call against the same call on the library's own MockTransport."""
    with inject():
        answer = httpx2.post(URL, json=BODY)
    # The peer gives the very same answer, headers included: reading those costs the SDK time too.
    mock = httpx2.MockTransport(
        lambda request: httpx2.Response(200, content=answer.content, headers=answer.headers.multi_items())
    )
    peer = openai.OpenAI(api_key="no-key", http_client=httpx2.Client(transport=mock))
    client = openai.OpenAI(api_key="no-key")
    stack("healthy plain call of openai", repeated(partial(ask, client)), repeated(partial(ask, peer)), "at most 0.2")


def stacks() -> None:
    """A healthy call over each stack, intercepted, against the same call on that library's bare mock."""
    with inject():
        answer = httpx.post(URL, json=BODY)
    head, content = dict(answer.headers), answer.content
    for lib in (httpx, httpx2):
        mock = lib.MockTransport(lambda _, lib=lib: lib.Response(200, content=content, headers=head))
        bare, client = lib.Client(transport=mock), lib.Client()
        ours, theirs = partial(client.post, URL, json=BODY), partial(bare.post, URL, json=BODY)
        stack(f"{lib.__name__}, MockTransport", repeated(ours), repeated(theirs))

    session = requests.Session()
    rest = {name: value for name, value in head.items() if name != "content-type"}
    kind = head["content-type"]
    once_more = repeated(partial(session.post, URL, json=BODY))

    def with_responses() -> None:
        with responses.RequestsMock() as mock:
            mock.post(URL, body=content, headers=rest, content_type=kind)
            once_more()

    stack("requests on urllib3, responses", once_more, with_responses)

    talk = {"modelId": "amazon.nova-pro-v1:0", "messages": [{"role": "user", "content": [{"text": "hello"}]}]}
    options = {"region_name": "us-east-1", "aws_access_key_id": "none", "aws_secret_access_key": "none"}
    client, bare = (botocore.session.Session().create_client("bedrock-runtime", **options) for _ in range(2))
    kept = []
    client.meta.events.register("response-received", lambda response_dict, **_: kept.append(response_dict))
    with inject():
        client.converse(**talk)
    client.meta.events.unregister("response-received")
    bare.meta.events.register("before-send", lambda request, **_: Canned(request.url, kept[0]))
    stack("botocore, before-send", repeated(partial(client.converse, **talk)), repeated(partial(bare.converse, **talk)))

    async def answered(request: web.Request) -> web.Response:
        return web.Response(body=content, content_type="application/json")

    async def post(url: str) -> None:
        async with aiohttp.ClientSession() as session:
            for _ in range(CALLS):
                async with session.post(url, json=BODY) as response:
                    await response.read()

    app = web.Application()
    app.router.add_post("/v1/chat/completions", answered)
    with asyncio.Runner() as runner:
        server = TestServer(app)
        runner.run(server.start_server())
        local = str(server.make_url("/v1/chat/completions"))
        stack("aiohttp, its test server", lambda: runner.run(post(URL)), lambda: runner.run(post(local)))
        runner.run(server.close())


class Canned(AWSResponse):
    """An answer for botocore that no HTTP library has seen."""

    def __init__(self, url: str, kept: dict) -> None:
        super().__init__(url, kept["status_code"], kept["headers"], None)
        self._content = kept["body"]


def repeated(call: Callable[[], object]) -> Callable[[], None]:
    """Return what makes the call as often as one measurement does."""

    def calls() -> None:
        for _ in range(CALLS):
            call()

    return calls


def stack(name: str, calls: Callable[[], object], bare: Callable[[], object], bound: str = "") -> None:
    """Measure one stack and print its line."""

    # The clock is real here: what is measured is interception, and virtual time is measured by itself.
    def under_chaos() -> None:
        with inject(clock="real"):
            calls()

    ours, theirs = (each / CALLS for each in compare(under_chaos, bare, rounds=12))
    row(name, ours, theirs, f"{ours - theirs:+.3f} ms a call{f' ({bound})' if bound else ''}")


def idle_hook(before: float) -> None:
    """An import with the audit hook that a run leaves behind, against the same `before` the first run."""
    with inject(allow_unused=True, clock="real"):
        pass
    row("import with the idle hook", imports(), before, "about 1")


def imports() -> float:
    """Return the milliseconds of importing a small package anew; a file that is imported is most of all events."""
    import json

    def again() -> None:
        for name in [each for each in sys.modules if each.partition(".")[0] == "json"]:
            del sys.modules[name]
        importlib.import_module("json")

    try:
        return compare(again, again, rounds=200)[0]
    finally:
        sys.modules["json"] = json


def stream_memory() -> None:
    """A stream of 100,000 events against one of 1,000: peak memory must not grow with it."""

    def peak(words: int) -> float:
        text = "word " * words
        with inject() as chaos:
            chaos.replies(text)
            client = httpx2.Client()
            tracemalloc.start()
            events = 0
            body = {"model": "gpt-5", "stream": True, "messages": MESSAGES}
            with client.stream("POST", "https://api.openai.com/v1/chat/completions", json=body) as response:
                for chunk in response.iter_raw():
                    events += chunk.count(b"data:")
            size = tracemalloc.get_traced_memory()[1] / 1024
            tracemalloc.stop()
        assert events >= words, (events, words)
        return size

    peak(100)
    small, large = peak(1_000), peak(100_000)
    name = "peak of a 100,000-event stream"
    print(f"{name:<32}{large:9.0f} KiB{small:9.0f} KiB{large / small:8.2f} x   against 1,000 events")


def row(name: str, subject: float, peer: float, note: str) -> None:
    """Print one line."""
    print(f"{name:<32}{subject:9.3f} ms {peer:9.3f} ms {subject / peer:8.2f} x   {note}")


if __name__ == "__main__":
    print(f"{'':<32}{'llmchaos':>12}{'peer':>13}{'ratio':>11}")
    idle_hook(imports())
    call_overhead()
    stacks()
    stream_memory()
