"""aiohttp: the healthy answers beneath it (routes, servers, mocks, cassettes) and the SDKs on top of it."""

from __future__ import annotations

import asyncio
import json
import sys
from unittest.mock import Mock

import aiohttp
import httpx
import pytest
from aiohttp import web

from pytest_llmchaos import ChaosError, ChaosFailed, faults, inject

from ..timing import about
from .over_aiohttp import BODY, EVENTS, STREAM, URL, post, served

OTHER = "https://api.groq.com/openai/v1/chat/completions"


def test_the_runs_own_router():
    """`chaos.upstream` answers and raises here too, with async side effects, beneath the faults."""

    async def route(request):
        return httpx.Response(200, json=json.loads(request.content)["model"])

    with inject(faults.outage(calls=1)) as chaos:
        chaos.upstream.post(URL).mock(side_effect=route)
        assert b"error" in asyncio.run(post())
        assert asyncio.run(post()) == b'"gpt-5"'
    assert [(call.status, call.error) for call in chaos.calls] == [(503, None), (200, None)]
    with inject() as chaos:
        chaos.upstream.post(URL).mock(side_effect=httpx.ConnectError)
        with pytest.raises(aiohttp.ClientConnectorError):
            asyncio.run(post())
    assert chaos.calls[0].error == "connection_refused"


def test_the_tests_own_routes_for_what_is_not_simulated():
    """They answer files and batches too; what no route matches is stopped."""
    files = "https://api.openai.com/v1/files"

    async def call(method):
        async with aiohttp.ClientSession() as session, session.request(method, files, data={"a": "b"}) as response:
            return await response.json()

    with inject() as chaos:
        chaos.upstream.post(files).respond(json={"id": "file-1"})
        assert asyncio.run(call("POST")) == {"id": "file-1"}
    with pytest.raises(ChaosFailed, match="is not simulated"), inject() as chaos:
        chaos.upstream.post(files).respond(json={})
        with pytest.raises(ChaosError):
            asyncio.run(call("GET"))


def test_a_server_in_this_process_is_the_healthy_upstream():
    """With `upstream="passthrough"` real loopback answers, compressed and cut as they come, stand under the faults."""
    seen = []

    async def handler(request):
        seen.append(await request.json())
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        response.enable_chunked_encoding()
        if not seen[-1]["stream"]:
            response = web.json_response({"mine": True})
            response.enable_compression(web.ContentCoding.gzip)
            return response
        await response.prepare(request)
        for event in EVENTS:
            await response.write(event)
        return response

    async def use(url):
        target = url.partition("//")[2].partition("/")[0]
        with inject(faults.latency("2s", target=target), upstream="passthrough") as chaos:
            assert await post({**BODY, "stream": False}, url) == b'{"mine": true}'
            assert await post(STREAM, url) == b"".join(EVENTS)
        assert chaos.now == about(4, 0.4)
        assert [call.status for call in chaos.calls] == [200, 200]
        with inject(faults.stream_cut(after=2, target=target), upstream="passthrough") as chaos:
            got = []
            async with aiohttp.ClientSession() as session, session.post(url, json=STREAM) as response:
                with pytest.raises(aiohttp.ClientPayloadError):
                    async for data in response.content.iter_any():
                        got.append(data)  # noqa: PERF401 # what came before the failure counts
        return got

    assert b"".join(served(handler, use)) == b"".join(EVENTS[:2])
    assert len(seen) == 3


def test_an_error_in_a_stream_of_known_length_is_whole():
    """A server that says how long its stream is does not cut short what a fault puts in."""

    async def handler(request):
        return web.Response(body=b"".join(EVENTS), content_type="text/event-stream")

    async def use(url):
        with inject(faults.stream_error(after=1), upstream="passthrough"):
            return await post(STREAM, url)

    got = served(handler, use)
    assert got.startswith(EVENTS[0])
    assert json.loads(got.removeprefix(EVENTS[0]).removeprefix(b"data: "))["error"]


def test_what_passthrough_meets_is_the_networks():
    """A refused connection beneath is told as without us."""
    with inject(upstream="passthrough") as chaos, pytest.raises(aiohttp.ClientConnectorError) as caught:
        asyncio.run(post(url="http://127.0.0.1:9/v1/chat/completions"))
    assert caught.value.port == 9
    assert chaos.calls[0].error == "ClientConnectorError"


def test_aioresponses_beneath_is_the_healthy_upstream():
    """A mock that was there first keeps answering, below the faults.

    What it does not know the simulated provider answers; with passthrough that is the mock's own refusal.
    """
    mocking = pytest.importorskip("aioresponses")

    class Answer(aiohttp.ClientResponse):
        def __init__(self, *args, **options):  # aioresponses 0.7.9 knows only what aiohttp before 3.14 asked for
            try:
                super().__init__(*args, **options)
            except TypeError:
                super().__init__(*args, stream_writer=Mock(output_size=0), **options)

    with mocking.aioresponses() as mock, inject(faults.outage(calls=1)) as chaos:
        mock.post(URL, payload={"mine": True}, response_class=Answer, repeat=True)
        assert b"error" in asyncio.run(post())
        assert mock.requests == {}
        assert json.loads(asyncio.run(post())) == {"mine": True}
        assert len(mock.requests) == 1
        assert b"choices" in asyncio.run(post(url=OTHER))
    assert [call.status for call in chaos.calls] == [503, 200, 200]
    with mocking.aioresponses() as mock, inject(upstream="passthrough") as chaos:
        mock.post(URL, payload={"mine": True})
        with pytest.raises(aiohttp.ClientConnectionError, match="Connection refused: POST"):
            asyncio.run(post(url=OTHER))
    assert [call.status for call in chaos.calls] == [None]


def test_a_cassette_beneath_is_the_healthy_upstream(tmp_path):
    """What VCR.py has recorded is played below the faults, though its body is no longer compressed as it says."""
    vcr = pytest.importorskip("vcr")

    async def handler(request):
        response = web.json_response({"mine": "x" * 999})
        response.enable_compression(web.ContentCoding.gzip)
        return response

    async def use(url):
        with vcr.use_cassette(str(tmp_path / "one.yaml")):
            await post(url=url)
        return url

    url = served(handler, use)
    host = url.partition("//")[2].partition("/")[0]
    with (
        vcr.use_cassette(str(tmp_path / "one.yaml"), record_mode="none", allow_playback_repeats=True),
        inject(faults.latency("2s", target=host), faults.outage(calls=1, target=host)) as chaos,
    ):
        assert b"error" in asyncio.run(post(url=url))
        assert json.loads(asyncio.run(post(url=url))) == {"mine": "x" * 999}
    assert [call.status for call in chaos.calls] == [503, 200]
    assert chaos.now == about(4, 0.3)


@pytest.mark.filterwarnings("ignore")  # of litellm itself, about its types
def test_litellm_async(monkeypatch):
    """litellm's own transport over aiohttp: one call each, and its one more try after a reset."""
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")  # else its import asks GitHub
    litellm = pytest.importorskip("litellm")
    ask = {"model": "anthropic/claude-sonnet-4-5", "messages": BODY["messages"], "api_key": "k"}
    with inject() as chaos:
        assert asyncio.run(litellm.acompletion(**ask)).choices[0].message.content
    assert [(call.via, call.status) for call in chaos.calls] == [("aiohttp", 200)]
    with inject(faults.connection_reset()) as chaos, pytest.raises(litellm.InternalServerError, match="reset by peer"):
        asyncio.run(litellm.acompletion(**ask))
    assert len(chaos.calls) == 2


def test_an_httpx_client_built_on_it_is_one_call():
    """The SDKs' aiohttp extra passes two stacks: one call in the journal, and no escape told by the outer one."""
    openai = pytest.importorskip("openai", minversion="3")
    client = openai.AsyncOpenAI(api_key="k", http_client=openai.DefaultAioHttpClient(), max_retries=1)

    async def ask(**options):
        return await client.chat.completions.create(model="gpt-5", messages=BODY["messages"], **options)

    async def call():
        assert (await ask()).choices[0].message.content
        words = [chunk async for chunk in await ask(stream=True)]
        assert len(words) > 3
        with pytest.raises(openai.APITimeoutError):
            await ask(timeout=5)
        await client.close()

    with inject(faults.outage(calls=1), faults.latency("20s", calls="4-")) as chaos:
        asyncio.run(call())
    assert {call.via for call in chaos.calls} == {"aiohttp"}
    assert [call.status or call.error for call in chaos.calls] == [503, 200, 200, "read_timeout", "read_timeout"]


def test_a_library_that_must_not_be_imported_is_none(monkeypatch):
    """None in its place in `sys.modules` is how a test plays a dependency that is missing."""
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    with inject(faults.outage()):
        assert httpx.post(URL, json=BODY).status_code == 503
