"""aiohttp: its own exceptions, timeouts, streams, responses and sessions."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import warnings
from itertools import pairwise

import aiohttp
import httpx
import pytest
from aiohttp import ClientTimeout, client_proto, web

from pytest_llmchaos import ChaosError, ChaosFailed, faults, inject
from pytest_llmchaos.intercept.stacks import _patches, stacks

from ..timing import about
from .over_aiohttp import BODY, EVENTS, STREAM, URL, post, served


@pytest.mark.parametrize(
    ("fault", "limits", "name", "seconds"),
    [
        (faults.latency("20s"), {"sock_read": 5}, "SocketTimeoutError", 5),
        (faults.latency("20s"), {"total": 7.5}, "TimeoutError", 7.5),
        (faults.latency("20s"), {"total": 3, "sock_read": 5}, "TimeoutError", 3),
        (faults.no_response(), {"total": 300, "sock_connect": 30}, "TimeoutError", 300),
        (faults.connect_timeout(), {"sock_connect": 3}, "ConnectionTimeoutError", 3),
        (faults.connect_timeout(), {"connect": 4, "sock_connect": 30}, "ConnectionTimeoutError", 4),
        (faults.connect_timeout(), {"total": 2}, "TimeoutError", 2),
        (faults.connect_timeout(), {"total": 8}, "TimeoutError", 8),
        (faults.connect_timeout(), {}, "ClientConnectorError", 127),
        (faults.connection_refused(), {}, "ClientConnectorError", 0),
        (faults.dns_failure(), {}, "ClientConnectorDNSError", 0),
        (faults.certificate_expired(), {}, "ClientConnectorCertificateError", 0),
        (faults.wrong_host("certificate"), {}, "ClientConnectorCertificateError", 0),
        (faults.connection_reset(), {}, "ClientOSError", 0),
    ],
    ids=lambda value: getattr(getattr(value, "fault", None), "name", str(value)),
)
def test_genuine_exceptions(fault, limits, name, seconds):
    """The client's own limits decide, of the session and of one request alike; the class is exactly aiohttp's."""
    wanted = getattr(aiohttp, name, TimeoutError)
    total = name == "TimeoutError"
    for options in ({"session": {"timeout": ClientTimeout(**limits)}}, {"timeout": ClientTimeout(**limits)}):
        with inject(fault) as chaos, pytest.raises(wanted) as caught:
            asyncio.run(post(**options))
        assert type(caught.value) is wanted
        assert chaos.now == about(seconds, 0.2)
        assert (chaos.calls[0].error == "total_timeout") == total
    if isinstance(caught.value, aiohttp.ClientConnectorError):
        assert (caught.value.host, caught.value.port) == ("api.openai.com", 443)
        assert caught.value.__cause__ is caught.value.os_error
        verified = "True" if isinstance(caught.value, aiohttp.ClientConnectorCertificateError) else "default"
        assert str(caught.value).startswith(f"Cannot connect to host api.openai.com:443 ssl:{verified} [")
    if name == "ConnectionTimeoutError":
        assert str(caught.value) == f"Connection timeout to host {URL}"


@pytest.mark.parametrize(
    ("fault", "limits", "error", "text"),
    [
        (faults.stream_cut(after=2), {}, aiohttp.ClientPayloadError, "Response payload is not completed: <Transfer"),
        (faults.stream_stall(after=2), {"sock_read": 4}, aiohttp.SocketTimeoutError, "Timeout on reading data from"),
        (faults.stream_stall(after=2), {"total": 6}, TimeoutError, "^$"),
    ],
    ids=["cut", "sock_read", "total"],
)
def test_failures_within_a_stream(fault, limits, error, text):
    """The events before it are the app's; then comes the library's own exception, and comes again when asked again."""
    got = []

    async def call():
        async with (
            aiohttp.ClientSession(timeout=ClientTimeout(**limits)) as session,
            session.post(URL, json=STREAM) as response,
        ):
            with pytest.raises(error, match=text) as caught:
                async for data in response.content.iter_any():
                    got.append(data)  # noqa: PERF401 # what came before the failure counts
            assert type(caught.value) is error
            with pytest.raises(error):
                await response.content.readany()

    with inject(fault) as chaos:
        asyncio.run(call())
    assert len(got) == 2
    assert chaos.calls[0].status == 200
    assert chaos.now == pytest.approx(sum(limits.values()), abs=0.2)


def test_the_real_library_raises_the_same():
    """What a real connection raises when it breaks is what a fault raises: class, text and cause."""

    async def broken(request):
        response = web.StreamResponse()
        response.enable_chunked_encoding()
        if request.headers.get("when") == "body":
            await response.prepare(request)
            await response.write(EVENTS[0])
        request.transport.close()
        return response

    def told(error):
        return type(error), str(error), type(error.__cause__)

    async def real(url):
        errors = []
        for when in ("head", "body"):
            with pytest.raises(aiohttp.ClientError) as caught:
                await post(url=url, headers={"when": when})
            errors.append(told(caught.value))
        return errors

    head, body = served(broken, real)
    with inject(faults.stream_cut(after=1)), pytest.raises(aiohttp.ClientError) as caught:
        asyncio.run(post(STREAM))
    assert told(caught.value) == body
    with inject() as chaos, pytest.raises(aiohttp.ClientError) as caught:
        chaos.upstream.post(URL).mock(side_effect=httpx.RemoteProtocolError("gone"))
        asyncio.run(post())
    assert told(caught.value) == head


def test_a_real_response():
    """Status, headers, addresses and every way of reading the body are the library's own."""

    async def call():
        async with aiohttp.ClientSession(base_url="https://api.openai.com") as session:
            async with session.post("/v1/chat/completions", json=BODY) as response:
                assert (response.status, response.reason, response.ok, response.method) == (200, "OK", True, "POST")
                assert str(response.url) == str(response.real_url) == str(response.request_info.url) == URL
                assert response.history == ()
                assert response.headers["CONTENT-type"] == response.content_type == "application/json"
                assert response.connection is not None
                whole = await response.read()
                assert json.loads(await response.text()) == await response.json() == json.loads(whole)
                assert response.connection is None
                assert response.closed
            streamed = []
            for how in ("iter_any", "iter_chunks", "lines", "iter_chunked", "read"):
                async with session.post("/v1/chat/completions", json=STREAM) as response:
                    content = response.content
                    if how == "iter_any":
                        pieces = [data async for data in content.iter_any()]
                        assert all(data.startswith(b"data: ") and data.endswith(b"\n\n") for data in pieces)
                    elif how == "iter_chunks":
                        pieces = [data async for data, end in content.iter_chunks() if data]
                        assert all(data.startswith(b"data: ") for data in pieces)
                    elif how == "lines":
                        pieces = []
                        while not content.at_eof():
                            pieces.append(await content.readline())
                    elif how == "iter_chunked":
                        pieces = [data async for data in content.iter_chunked(100)]
                        assert max(map(len, pieces)) <= 100
                    else:
                        pieces = [await content.read(10), await content.readexactly(10), await content.read()]
                    streamed.append(b"".join(pieces))
            return streamed

    with inject() as chaos:
        streamed = asyncio.run(call())
    assert all(each.endswith(b"data: [DONE]\n\n") for each in streamed)
    assert [(call.status, call.error) for call in chaos.calls] == [(200, None)] * 6
    assert {call.via for call in chaos.calls} == {"aiohttp"}


def test_chunks_come_one_by_one_in_virtual_time():
    """Each event of a slow stream arrives at its own second, and a read timeout counts anew after each."""
    arrived = []

    async def call():
        now = asyncio.get_running_loop().time
        async with (
            aiohttp.ClientSession(timeout=ClientTimeout(sock_read=3)) as session,
            session.post(URL, json=STREAM) as response,
        ):
            arrived.extend([now() async for _ in response.content.iter_any()])

    with inject(faults.latency("1s", between_tokens="2s")) as chaos:
        asyncio.run(call())
    gaps = [later - sooner for sooner, later in pairwise(arrived[1:-2])]
    assert len(gaps) > 5
    assert gaps == about([2.0] * len(gaps), 0.2)
    assert chaos.calls[0].error is None


def test_a_read_that_was_cancelled_goes_on_later():
    """An app that gives up one read, not the stream, finds the next event there, as on a real connection."""

    async def call():
        async with aiohttp.ClientSession() as session, session.post(URL, json=STREAM) as response:
            first = await response.content.readany()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(response.content.readany(), 5)
            return first + await response.content.read()

    with inject(faults.stream_stall(after=1, delay="8s")) as chaos:
        assert asyncio.run(call()).endswith(b"data: [DONE]\n\n")
    assert chaos.now == about(8, 0.2)
    assert chaos.calls[0].error is None


def test_retries_and_middlewares_stay_on_top():
    """A client middleware that retries sees each attempt, within one total timeout; raise_for_status is theirs."""

    async def retrying(request, handler):
        for _ in range(2):
            response = await handler(request)
            if response.status < 500:
                return response
            response.close()
        return await handler(request)

    async def call(**options):
        async with (
            aiohttp.ClientSession(middlewares=[retrying], raise_for_status=True) as session,
            session.post(URL, json=BODY, **options) as response,
        ):
            return response.status

    with inject(faults.outage(calls="1-2")) as chaos:
        assert asyncio.run(call()) == 200
    assert [call.status for call in chaos.calls] == [503, 503, 200]
    with inject(faults.outage()), pytest.raises(aiohttp.ClientResponseError) as caught:
        asyncio.run(call())
    assert (caught.value.status, str(caught.value.request_info.url)) == (503, URL)
    with inject(faults.latency("4s"), faults.outage()) as chaos, pytest.raises(TimeoutError):
        asyncio.run(call(timeout=ClientTimeout(total=10)))
    assert chaos.now == about(10, 0.2)
    assert [(call.status, call.error) for call in chaos.calls] == [(503, None)] * 2 + [(None, "total_timeout")]


def test_every_kind_of_body_is_recognised():
    """JSON, text, bytes, an open file, an async generator: what is asked for is read, whatever holds it."""
    text = json.dumps(STREAM)

    async def generated():
        for at in range(0, len(text), 10):
            yield text[at : at + 10].encode()

    async def call(tmp):
        bodies = [{"json": STREAM}, {"data": text}, {"data": text.encode()}, {"data": generated()}, {"data": tmp}]
        async with aiohttp.ClientSession(headers={"content-type": "application/json"}) as session:
            for body in bodies:
                async with session.post(URL, **body) as response:
                    assert (await response.read()).endswith(b"data: [DONE]\n\n")

    with inject() as chaos:
        asyncio.run(call(io.BytesIO(text.encode())))
    assert [(call.model, call.stream) for call in chaos.calls] == [("gpt-5", True)] * 5


def test_other_traffic_is_untouched():
    """What is no LLM call goes its own way, its upload unread by us and its redirects followed; unknown ones stop."""
    read = []

    async def upload():
        read.append(1)
        yield b"x"

    async def handler(request):
        if request.path == "/there":
            return web.Response(body=await request.read())
        raise web.HTTPTemporaryRedirect("/there") if request.path == "/here" else web.HTTPTeapot()

    async def use(url):
        with inject() as chaos:
            async with aiohttp.ClientSession() as session:
                async with session.post(url.replace("/v1/chat/completions", "/there"), data=upload()) as response:
                    assert await response.read() == b"x"
                async with session.post(url.replace("/v1/chat/completions", "/here"), data=b"y") as response:
                    assert await response.read() == b"y"
                    assert len(response.history) == 1
        return chaos

    assert len(served(handler, use).calls) == 0
    assert read == [1]
    with pytest.raises(ChaosFailed, match="is not simulated"), inject(), pytest.raises(ChaosError):
        asyncio.run(post(url="https://api.openai.com/v1/realtime/sessions"))

    async def realtime():
        async with aiohttp.ClientSession() as session:
            await session.ws_connect("wss://api.openai.com/v1/realtime?model=gpt-realtime")

    with pytest.raises(ChaosFailed, match="is not simulated"), inject(), pytest.raises(ChaosError):
        asyncio.run(realtime())


def test_sessions_made_earlier_and_what_they_leave_behind():
    """A session from before the run is intercepted; early closes and cancelled requests leave no task, no warning."""

    async def call():
        session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1, limit_per_host=1))
        loop = asyncio.get_running_loop()
        noise = []
        loop.set_exception_handler(lambda _, context: noise.append(context))
        with inject(faults.latency("9s", first_token="9s")) as chaos:
            response = await session.post(URL, json=STREAM)
            await response.content.readany()
            response.close()
            async with session.post(URL, json=STREAM) as response:
                response.release()
            task = asyncio.create_task(session.post(URL, json=BODY)._coro)
            await asyncio.sleep(1)
            with pytest.raises(aiohttp.ConnectionTimeoutError):  # the one place is taken
                await session.post(URL, json=BODY, timeout=ClientTimeout(connect=2))
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(session.post(URL, json=BODY)._coro, 3)
            await asyncio.sleep(0)
            assert asyncio.all_tasks() == {asyncio.current_task()}
            assert not session.connector._acquired
            response = await session.post(URL, json=STREAM)
            await session.close()  # waits for its connections to be gone
            with pytest.raises(RuntimeError, match="Connection closed"):
                await response.read()
            await asyncio.sleep(0)
            assert asyncio.all_tasks() == {asyncio.current_task()}
        gc.collect()
        assert noise == []
        return chaos

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chaos = asyncio.run(call(), debug=True)
    assert [call.error for call in chaos.calls] == ["closed", "closed", "cancelled", "cancelled", "closed"]


def test_tracing_stays_the_librarys():
    """Trace hooks see one whole request."""
    seen = []
    config = aiohttp.TraceConfig()
    for name in ("request_start", "connection_create_start", "connection_create_end", "request_headers_sent",
                 "response_chunk_received", "request_end"):  # fmt: skip

        async def hook(session, context, params, name=name):
            seen.append(name)

        getattr(config, f"on_{name}").append(hook)

    with inject():
        asyncio.run(post(session={"trace_configs": [config]}))
    assert seen == [
        "request_start",
        "connection_create_start",
        "connection_create_end",
        "request_headers_sent",
        "request_end",
        "response_chunk_received",
    ]


def test_a_call_that_passes_no_connector_is_an_escape():
    """A middleware that asks somebody else for the answer hides the call from every fault; that is told."""

    async def handler(request):
        return web.json_response({"cached": True})

    async def use(url):
        async def cached(request, handler):
            return await request.session.get(url.replace("/v1/chat/completions", "/cache"), middlewares=())

        return await post(session={"middlewares": [cached]})

    with pytest.raises(ChaosFailed, match="escape violated"), inject():
        assert served(handler, use) == b'{"cached": true}'


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        (aiohttp.BaseConnector, "connect"),
        (aiohttp.BaseConnector, "_available_connections"),
        (aiohttp.ClientSession, "_request"),
        (client_proto.ResponseHandler, "_on_read_timeout"),
    ],
)
def test_a_vanished_method_is_a_clear_error(monkeypatch, owner, name):
    """A library whose inside has changed is named, with what is missing."""
    stack = stacks()["aiohttp"]
    monkeypatch.setattr(stack, "_patches", _patches.Patches("aiohttp"))
    monkeypatch.delattr(owner, name)
    with pytest.raises(ChaosError, match=rf"aiohttp: .*{owner.__name__}\.{name} is gone"):
        stack.install()
    stack.uninstall()


def test_a_vanished_attribute_is_a_clear_error():
    """What only objects have is looked for when a call comes."""

    class Connector(aiohttp.TCPConnector):
        def __init__(self):
            super().__init__()
            self.kept = self._acquired_per_host
            del self._acquired_per_host

        async def close(self):
            self._acquired_per_host = self.kept
            await super().close()

    async def call():
        connector = Connector()
        try:
            await post(session={"connector": connector, "connector_owner": False})
        finally:
            await connector.close()

    with inject(), pytest.raises(ChaosError, match=r"Connector\._acquired_per_host is gone"):
        asyncio.run(call())
