"""What an intercepted call costs beside the libraries that people would mock with instead, each with the same bytes.

    pip install -e '.[test]' && python benchmarks/peers.py

In processor time of this process, servers in threads included, so that what else the machine does counts little; all of
one library in turns, and of each the least. The first column of ratios is to the library's own bare mock, the shortest
place at which it can be answered. What is not installed is left out and said; llmock needs an environment without
newer versions of what it pins, and is found where PYTHONPATH has it.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import aiohttp
import anthropic
import botocore.session
import httpx
import httpx2
import openai
import requests
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer
from botocore.awsrequest import AWSResponse

from pytest_llmchaos import inject

URL = "https://api.openai.com/v1/chat/completions"
MESSAGES = [{"role": "user", "content": "Where is my order?"}]
BODY = {"model": "gpt-5", "messages": MESSAGES}
CALLS, ROUNDS = 40, 15
MANY = {"runaway_retries": "a benchmark"}

Call = Callable[[], object]
Contender = tuple[str, Callable[[], AbstractContextManager[Call]]]


def measured(contenders: list[Contender]) -> dict[str, float]:
    """Return the least processor time of a call in milliseconds, of each contender."""
    least: dict[str, float] = {}
    for name, started in list(contenders):
        try:
            with started() as call:
                call()
        except Exception as error:  # a peer that does not know this version of the library
            print(f"{name} gives no answer: {type(error).__name__}: {str(error).splitlines()[0]}")
            contenders = [each for each in contenders if each[0] != name]
    for _ in range(ROUNDS):
        for name, started in contenders:
            with started() as call:
                call()
                gc.collect(0)
                began = time.process_time()
                for _ in range(CALLS):
                    call()
                took = (time.process_time() - began) * 1000 / CALLS
            least[name] = min(least.get(name, took), took)
    return least


def table(library: str, contenders: list[Contender]) -> None:
    """Measure the ways to answer one library and print a line for each; the first is its bare mock."""
    found = measured(contenders)
    bare = next(iter(found.values()))
    for name, took in found.items():
        print(f"{library:<24}{name:<34}{took:8.3f} ms {took / bare:7.2f} x {took - bare:+8.3f} ms", flush=True)


@contextmanager
def chaos(call: Call) -> Iterator[Call]:
    """Our own: the clock is real, as what is measured is interception."""
    with inject(clock="real", suppress=MANY, allow_unused=True):
        yield call


def always(call: Call) -> Callable[[], AbstractContextManager[Call]]:
    """Return what needs no start of its own."""
    return lambda: contextlib.nullcontext(call)


def ours(call: Call) -> Contender:
    """Return ourselves as a contender."""
    return f"pytest-llmchaos {version('pytest-llmchaos')}", lambda: chaos(call)


def canned() -> tuple[list[tuple[str, str]], bytes]:
    """Return the head and body that all of them answer with."""
    with inject(clock="real"):
        answer = httpx.post(URL, json=BODY)
    return answer.headers.multi_items(), answer.content


def named(package: str) -> str:
    """Return a package with its version."""
    return f"{package} {version(package)}"


# --- the libraries -------------------------------------------------------------------------------------------------


def of_httpx(head: list[tuple[str, str]], content: bytes) -> list[Contender]:
    """httpx: its MockTransport, respx, pytest-httpx, vcrpy."""
    bare = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=content, headers=head)))
    client = httpx.Client()

    def post() -> object:
        return client.post(URL, json=BODY)

    @contextmanager
    def with_respx() -> Iterator[Call]:
        import respx

        with respx.mock as router:
            router.post(URL).mock(return_value=httpx.Response(200, content=content, headers=head))
            yield post

    @contextmanager
    def with_pytest_httpx() -> Iterator[Call]:
        from pytest_httpx import HTTPXMock
        from pytest_httpx._options import _HTTPXMockOptions

        mock = HTTPXMock(_HTTPXMockOptions(can_send_already_matched_responses=True))
        mock.add_response(url=URL, content=content, headers=head)
        original = httpx.HTTPTransport.handle_request
        httpx.HTTPTransport.handle_request = lambda transport, request: mock._handle_request(transport, request)
        try:
            yield post
        finally:
            httpx.HTTPTransport.handle_request = original

    return [
        ("MockTransport", always(lambda: bare.post(URL, json=BODY))),
        ours(post),
        (named("respx"), with_respx),
        (named("pytest-httpx"), with_pytest_httpx),
        (named("vcrpy"), lambda: cassette(post, head, content)),
    ]


def of_httpx2(head: list[tuple[str, str]], content: bytes) -> list[Contender]:
    """httpx2: its MockTransport; respx, pytest-httpx and vcrpy do not know it."""
    bare = httpx2.Client(transport=httpx2.MockTransport(lambda _: httpx2.Response(200, content=content, headers=head)))
    client = httpx2.Client()
    return [
        ("MockTransport", always(lambda: bare.post(URL, json=BODY))),
        ours(lambda: client.post(URL, json=BODY)),
    ]


def of_openai(head: list[tuple[str, str]], content: bytes) -> list[Contender]:
    """The SDK of OpenAI: MockTransport, and llmock's server."""
    mock = httpx2.MockTransport(lambda _: httpx2.Response(200, content=content, headers=head))
    bare = openai.OpenAI(api_key="no-key", http_client=httpx2.Client(transport=mock))
    client = openai.OpenAI(api_key="no-key")

    def ask(of: openai.OpenAI) -> Call:
        return lambda: of.chat.completions.create(model="gpt-5", messages=MESSAGES)

    contenders: list[Contender] = [("MockTransport", always(ask(bare))), ours(ask(client))]
    with contextlib.suppress(ImportError):
        server = import_module("llmock.testing").LLMockServer().__enter__()
        there = openai.OpenAI(api_key="no-key", base_url=server.base_url("openai"))
        contenders.append((f"{named('llmock')}, its server", always(ask(there))))
    return contenders


def of_anthropic(_: object, __: object) -> list[Contender]:
    """The SDK of Anthropic: MockTransport."""
    lib: Any = httpx2 if issubclass(anthropic.DefaultHttpxClient, httpx2.Client) else httpx
    url, body = "https://api.anthropic.com/v1/messages", {**BODY, "model": "claude-sonnet-5", "max_tokens": 99}
    with inject(clock="real"):
        answer = lib.post(url, json=body)
    mock = lib.MockTransport(lambda _: lib.Response(200, content=answer.content, headers=answer.headers.multi_items()))
    bare = anthropic.Anthropic(api_key="no-key", http_client=lib.Client(transport=mock))
    client = anthropic.Anthropic(api_key="no-key")
    return [
        ("MockTransport", always(lambda: bare.messages.create(**body))),
        ours(lambda: client.messages.create(**body)),
    ]


def of_requests(head: list[tuple[str, str]], content: bytes) -> list[Contender]:
    """requests: an adapter of its own, responses, requests-mock, vcrpy."""
    session, bare = requests.Session(), requests.Session()
    bare.mount("https://", Adapter(head, content))
    rest = {name: value for name, value in head if name != "content-type"}
    kind = dict(head)["content-type"]

    def post() -> object:
        return session.post(URL, json=BODY)

    @contextmanager
    def with_responses() -> Iterator[Call]:
        import responses

        with responses.RequestsMock() as mock:
            mock.post(URL, body=content, headers=rest, content_type=kind)
            yield post

    @contextmanager
    def with_requests_mock() -> Iterator[Call]:
        import requests_mock

        with requests_mock.Mocker() as mock:
            mock.post(URL, content=content, headers=dict(head))
            yield post

    return [
        ("an adapter", always(lambda: bare.post(URL, json=BODY))),
        ours(post),
        (named("responses"), with_responses),
        (named("requests-mock"), with_requests_mock),
        (named("vcrpy"), lambda: cassette(post, head, content)),
    ]


class Adapter(requests.adapters.BaseAdapter):
    """The shortest answer for requests."""

    def __init__(self, head: list[tuple[str, str]], content: bytes) -> None:
        super().__init__()
        self._head, self._content = dict(head), content

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:
        """Answer."""
        response = requests.Response()
        response.status_code, response.request, response.url = 200, request, str(request.url)
        response.headers.update(self._head)
        response._content = self._content
        return response

    def close(self) -> None:
        """Nothing to close."""


def of_botocore(_: object, __: object) -> list[Contender]:
    """botocore: its own event before a request is sent; vcrpy is asked for requests, which takes the same way."""
    talk = {"modelId": "amazon.nova-pro-v1:0", "messages": [{"role": "user", "content": [{"text": "hello"}]}]}
    options = {"region_name": "us-east-1", "aws_access_key_id": "none", "aws_secret_access_key": "none"}
    client, bare = (botocore.session.Session().create_client("bedrock-runtime", **options) for _ in range(2))
    kept: list[dict[str, Any]] = []
    client.meta.events.register("response-received", lambda response_dict, **_: kept.append(response_dict), "kept")
    with inject(clock="real"):
        client.converse(**talk)
    client.meta.events.unregister("response-received", unique_id="kept")
    bare.meta.events.register("before-send", lambda request, **_: Canned(request.url, kept[0]))
    return [("before-send", always(lambda: bare.converse(**talk))), ours(lambda: client.converse(**talk))]


class Canned(AWSResponse):
    """An answer for botocore that no HTTP library has seen."""

    def __init__(self, url: str, kept: dict[str, Any]) -> None:
        super().__init__(url, kept["status_code"], kept["headers"], None)
        self._content = kept["body"]


def of_aiohttp(head: list[tuple[str, str]], content: bytes) -> list[Contender]:
    """aiohttp: a loopback server, as it has no mock of its own, and aioresponses."""
    runner, stack = asyncio.Runner(), ExitStack()
    stack.enter_context(runner)
    kept: list[aiohttp.ClientSession] = []

    async def answered(_: web.Request) -> web.Response:
        return web.Response(body=content, headers=[each for each in head if each[0] != "date"])

    async def post(url: str) -> None:
        if not kept:
            kept.append(aiohttp.ClientSession())
        async with kept[0].post(url, json=BODY) as response:
            await response.read()

    async def serve() -> str:
        app = web.Application()
        app.router.add_post("/v1/chat/completions", answered)
        server = TestServer(app)
        await server.start_server()
        return str(server.make_url("/v1/chat/completions"))

    local = runner.run(serve())

    @contextmanager
    def with_aioresponses() -> Iterator[Call]:
        from aioresponses import aioresponses

        with aioresponses() as mock:
            mock.post(URL, body=content, headers=dict(head), repeat=True)
            yield lambda: runner.run(post(URL))

    return [
        ("a loopback server", always(lambda: runner.run(post(local)))),
        ours(lambda: runner.run(post(URL))),
        (named("aioresponses"), with_aioresponses),
    ]


@contextmanager
def cassette(call: Call, head: list[tuple[str, str]], content: bytes) -> Iterator[Call]:
    """Replay the answer with vcrpy, as a suite does that has recorded it once."""
    import vcr

    request = {"method": "POST", "uri": URL, "body": None, "headers": {}}
    answer = {
        "status": {"code": 200, "message": "OK"},
        "headers": {name: [value] for name, value in head},
        "body": {"string": content.decode()},
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cassette.yaml"
        path.write_text(yaml.safe_dump({"version": 1, "interactions": [{"request": request, "response": answer}]}))
        with vcr.use_cassette(str(path), record_mode="none", allow_playback_repeats=True):
            yield call


LIBRARIES = {
    "openai": of_openai,
    "anthropic": of_anthropic,
    "httpx": of_httpx,
    "httpx2": of_httpx2,
    "requests": of_requests,
    "botocore": of_botocore,
    "aiohttp": of_aiohttp,
}

if __name__ == "__main__":
    head, content = canned()
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} processors; a plain call, {len(content)} bytes answered")
    for library in sys.argv[1:] or LIBRARIES:
        try:
            contenders = LIBRARIES[library](head, content)
        except (ImportError, PackageNotFoundError) as missing:
            print(f"{library}: left out, {missing}")
            continue
        table(named(library), contenders)
