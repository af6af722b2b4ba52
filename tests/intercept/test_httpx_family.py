"""httpx and httpx2, sync and async: every way in which an app can hold its client."""

from __future__ import annotations

import asyncio
import gc
import json
import re
import threading
import warnings

import httpx
import httpx2
import openai
import pytest
import respx

from pytest_llmchaos import ChaosError, ChaosFailed, faults, inject
from pytest_llmchaos.clock import AppHung
from pytest_llmchaos.intercept.active_runs import active
from pytest_llmchaos.intercept.stacks import _patches, stacks

from ..timing import about

URL = "https://api.openai.com/v1/chat/completions"
FILES = "https://api.openai.com/v1/files"
BODY = {"model": "gpt-5", "messages": [{"role": "user", "content": "hi"}]}
STREAM = {**BODY, "stream": True}
both = pytest.mark.parametrize("lib", [httpx, httpx2], ids=["httpx", "httpx2"])

early = {lib: lib.Client() for lib in (httpx, httpx2)}


@both
def test_clients_made_before_the_run(lib):
    """A client made at import time is intercepted like any other."""
    with inject(faults.outage()) as chaos:
        assert early[lib].post(URL, json=BODY).status_code == 503
    assert chaos.calls[0].via == lib.__name__


@both
def test_other_traffic_is_untouched(lib):
    """What is no LLM call goes its own way: it is not journaled, and its streamed upload is not read."""
    read = []

    def upload():
        read.append(1)
        yield b"x"

    seen = []

    def handler(request):
        seen.append((str(request.url), len(read)))
        return lib.Response(204)

    with inject() as chaos:
        client = lib.Client(transport=lib.MockTransport(handler))
        assert client.post("https://example.com/v1/upload", content=upload()).status_code == 204
        assert client.get("https://api.openai.com/healthz").status_code == 204
    assert len(chaos.calls) == 0
    assert [url for url, _ in seen] == ["https://example.com/v1/upload", "https://api.openai.com/healthz"]


@both
@pytest.mark.parametrize(
    ("fault", "name", "seconds"),
    [
        (faults.latency("20s"), "ReadTimeout", 5),
        (faults.no_response(), "ReadTimeout", 5),
        (faults.connect_timeout(), "ConnectTimeout", 3),
        (faults.connection_refused(), "ConnectError", 0),
        (faults.dns_failure(), "ConnectError", 0),
        (faults.certificate_expired(), "ConnectError", 0),
        (faults.wrong_host("certificate"), "ConnectError", 0),
    ],
    ids=lambda value: getattr(getattr(value, "fault", None), "name", str(value)),
)
def test_genuine_exceptions(lib, fault, name, seconds):
    """The client's own limits decide, the exception is the library's own with its request set, sync and async."""
    limits = lib.Timeout(5, connect=3)

    with inject(fault) as chaos, pytest.raises(getattr(lib, name)) as caught:
        lib.Client(timeout=limits).post(URL, json=BODY)
    assert type(caught.value) is getattr(lib, name)
    assert str(caught.value.request.url) == URL
    assert chaos.now == about(seconds, 0.5)

    async def call():
        async with lib.AsyncClient(timeout=limits) as client:
            await client.post(URL, json=BODY)

    with inject(fault) as chaos, pytest.raises(getattr(lib, name)) as caught:
        asyncio.run(call())
    assert str(caught.value.request.url) == URL
    assert chaos.now == about(seconds, 0.5)


@both
def test_the_errors_behind_are_the_systems(lib):
    """Apps that look at the cause find the operating system's error there."""
    with inject(faults.connection_refused()), pytest.raises(lib.ConnectError, match="refused") as caught:
        lib.Client().post(URL, json=BODY)
    assert isinstance(caught.value.__cause__, ConnectionRefusedError)
    assert caught.value.__cause__.errno == 111


@both
def test_retries_inside_a_custom_transport_stay_alive(lib):
    """A transport that subclasses the library's own and retries within sees every attempt of its own."""

    class Retrying(lib.HTTPTransport):
        def handle_request(self, request):
            for _ in range(2):
                response = super().handle_request(request)
                if response.status_code < 500:
                    return response
                response.close()
            return super().handle_request(request)

    with inject(faults.outage(calls="1-2")) as chaos:
        assert lib.Client(transport=Retrying()).post(URL, json=BODY).status_code == 200
    assert [call.status for call in chaos.calls] == [503, 503, 200]


@both
def test_a_mock_transport_of_the_app_stays_the_healthy_answer(lib):
    """Faults come before it; without a fault its answer is what the app gets."""
    seen = []

    def handler(request):
        seen.append(json.loads(request.content))
        return lib.Response(200, json={"mine": True})

    client = lib.Client(transport=lib.MockTransport(handler))
    with inject(faults.outage(calls=1), faults.latency("2s")) as chaos:
        assert client.post(URL, json=BODY).status_code == 503
        assert seen == []
        assert client.post(URL, json=BODY).json() == {"mine": True}
    assert seen == [BODY]
    assert chaos.now == about(4, 0.5)


@both
def test_upstream_simulated_overrides_a_mock(lib):
    """`upstream="simulated"` asks for simulated answers even there."""
    client = lib.Client(transport=lib.MockTransport(lambda request: lib.Response(200, json={"mine": True})))
    with inject(upstream="simulated"):
        assert client.post(URL, json=BODY).json()["object"] == "chat.completion"


@both
def test_asgi_and_wsgi_apps(lib):
    """An app in this process that speaks a dialect answers for itself, under its own host's name."""

    def wsgi(environ, start_response):
        start_response("200 OK", [("content-type", "application/json")])
        return [b'{"mine": true}']

    async def asgi(scope, receive, send):
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": b'{"mine": true}'})

    async def call():
        transport = lib.ASGITransport(app=asgi)
        async with lib.AsyncClient(transport=transport, base_url="http://gateway") as client:
            return (await client.post("/v1/chat/completions", json=BODY)).json()

    with inject(faults.latency("1s")) as chaos:
        client = lib.Client(transport=lib.WSGITransport(app=wsgi), base_url="http://gateway")
        assert client.post("/v1/chat/completions", json=BODY).json() == {"mine": True}
        assert asyncio.run(call()) == {"mine": True}
    assert [call.provider for call in chaos.calls] == ["gateway", "gateway"]


def test_respx_beneath_is_the_healthy_upstream():
    """A respx mock in the test keeps answering, below the faults."""
    with respx.mock, inject(faults.outage(calls=1)) as chaos:
        route = respx.post(URL).respond(json={"mine": True})
        assert httpx.Client().post(URL, json=BODY).status_code == 503
        assert not route.called
        assert httpx.Client().post(URL, json=BODY).json() == {"mine": True}
    assert [call.status for call in chaos.calls] == [503, 200]


@both
def test_the_runs_own_router_wins_over_simulated_answers(lib):
    """`chaos.upstream` takes routes for both libraries; what no route matches is simulated."""
    with inject() as chaos:
        chaos.upstream.post(URL).respond(json={"routed": True})
        assert lib.Client().post(URL, json=BODY).json() == {"routed": True}
        assert lib.Client().get("https://api.openai.com/v1/models").json()["object"] == "list"

    async def call():
        async with lib.AsyncClient() as client:
            return (await client.post(URL, json=BODY)).json()

    async def route(request):
        return httpx.Response(200, json={"routed": "async"})

    with inject() as chaos:
        chaos.upstream.post(URL).mock(side_effect=route)
        assert asyncio.run(call()) == {"routed": "async"}


@both
def test_the_runs_own_router_answers_what_is_not_simulated(lib):
    """A route answers files and batches too, beside the faults; what no route matches is stopped as ever."""

    async def call(url):
        async with lib.AsyncClient() as client:
            return (await client.post(url, files={"file": b"{}"})).json()

    with inject(faults.outage(calls=1)) as chaos:
        chaos.upstream.post(FILES).respond(json={"id": "file-1"})
        assert lib.Client().post(FILES, files={"file": b"{}"}).json() == {"id": "file-1"}
        assert asyncio.run(call(FILES)) == {"id": "file-1"}
        assert lib.Client().post(URL, json=BODY).status_code == 503
    assert len(chaos.calls) == 1
    with pytest.raises(ChaosFailed, match="is not simulated") as failed, inject() as chaos:
        chaos.upstream.post(FILES).respond(json={})
        with pytest.raises(ChaosError, match=r"a route of llmchaos\.upstream"):
            lib.Client().post(f"{FILES}/f/parts")
        with pytest.raises(ChaosError, match="is not simulated"):
            asyncio.run(call(f"{FILES}/f/parts"))
    assert "no LLM call" in str(failed.value)


@both
def test_a_routes_exception_is_the_librarys_own(lib):
    """`side_effect=httpx.ConnectError`, as respx users write it, is each library's own, sync and async."""

    async def call():
        async with lib.AsyncClient() as client:
            await client.post(URL, json=BODY)

    with inject() as chaos:
        chaos.upstream.post(URL).mock(side_effect=httpx.ConnectError)
        with pytest.raises(lib.ConnectError):
            lib.Client().post(URL, json=BODY)
        with pytest.raises(lib.ConnectError) as caught:
            asyncio.run(call())
    assert str(caught.value.request.url) == URL


@both
def test_stream_faults_work_on_answers_from_beneath(lib):
    """A mock's event stream, however its bytes are cut, is broken after whole events; plain bytes pass untouched."""
    events = [f"data: {number}\n\n".encode() for number in range(5)]
    ragged = [b"".join(events)[at : at + 7] for at in range(0, 50, 7)]

    def handler(request):
        return lib.Response(200, headers={"content-type": "text/event-stream"}, content=iter(ragged))

    client = lib.Client(transport=lib.MockTransport(handler))
    got = []
    with (
        inject(faults.stream_cut(after=2)) as chaos,
        client.stream("POST", URL, json=STREAM) as response,
        pytest.raises(lib.RemoteProtocolError),
    ):
        for chunk in response.iter_raw():
            got.append(chunk)  # noqa: PERF402 - what came before the cut counts
    assert b"".join(got) == b"".join(events[:2])
    assert chaos.calls[0].outcome == "200 stream_cut"
    with inject():
        assert client.post(URL, json=STREAM).content == b"".join(events)


@both
def test_a_client_without_timeouts_hangs_where_the_app_called(lib):
    """The text of a hang names the app's line and the library's call, never one of ours, sync and async."""

    async def call():
        async with lib.AsyncClient(timeout=None) as client:
            await client.post(URL, json=BODY)

    def blocked():
        lib.Client(timeout=None).post(URL, json=BODY)

    for hang in (blocked, lambda: asyncio.run(call())):
        with pytest.raises((AppHung, ChaosFailed)) as caught, inject(faults.no_response()):
            hang()
        text = str(caught.value)
        assert re.search(r"test_httpx_family\.py:\d+ \S*(blocked|call)\(\), in \S*post\(\)", text), text


@both
def test_redirects(lib):
    """A route that redirects is followed by the client as in production; both requests are calls."""
    with inject() as chaos:
        chaos.upstream.post(URL, params={"again": "1"}).respond(json={"routed": True})
        chaos.upstream.post(URL).respond(307, headers={"location": URL + "?again=1"})
        answer = lib.Client(follow_redirects=True).post(URL, json=BODY)
        assert answer.json() == {"routed": True}
        assert len(answer.history) == 1
    assert [call.status for call in chaos.calls] == [307, 200]


def test_a_legacy_httpx_client_inside_openai_3():
    """The wire is httpx although the SDK lives on httpx2; errors are the SDK's own."""
    client = openai.OpenAI(api_key="k", http_client=httpx.Client(), max_retries=0)
    with inject(faults.latency("20s")) as chaos, pytest.raises(openai.APITimeoutError):
        client.chat.completions.create(model="gpt-5", messages=BODY["messages"], timeout=5)
    assert chaos.calls[0].via == "httpx"
    assert chaos.now == about(5, 0.5)


@both
def test_early_closed_streams_leave_nothing_behind(lib):
    """A stream closed after its first line ends its exchange and its source; the next call works."""
    with inject() as chaos:
        client = lib.Client()
        with client.stream("POST", URL, json=STREAM) as response:
            first = next(response.iter_lines())
        assert first.startswith("data: ")
        assert client.post(URL, json=BODY).status_code == 200
    assert [call.outcome for call in chaos.calls] == ["200 closed", "200"]
    assert chaos.calls[0].ok


@both
def test_cancelled_tasks_leave_nothing_behind(lib):
    """A cancelled call ends as `cancelled`, at the moment of the cancellation."""

    async def call():
        async with lib.AsyncClient(timeout=None) as client:
            task = asyncio.create_task(client.post(URL, json=BODY))
            await asyncio.sleep(3)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return asyncio.all_tasks() - {asyncio.current_task()}

    with inject(faults.no_response()) as chaos:
        assert asyncio.run(call()) == set()
    assert chaos.calls[0].error == "cancelled"
    assert chaos.calls[0].ended == about(3, 0.5)


@both
def test_an_unread_async_stream_warns_about_nothing(lib):
    """A response dropped without being read leaves no coroutine or generator behind that complains."""

    async def call():
        async with lib.AsyncClient() as client:
            request = client.build_request("POST", URL, json=STREAM)
            response = await client.send(request, stream=True)
            del response

    with warnings.catch_warnings(), inject():
        warnings.simplefilter("error")
        asyncio.run(call())
        gc.collect()


def test_concurrent_calls_share_nothing():
    """Fifty threads and fifty tasks at once: each gets its own answer, waits overlap in virtual time."""
    answers = []
    client = httpx2.Client(timeout=None)

    def ask(number):
        body = {**BODY, "messages": [{"role": "user", "content": str(number)}]}
        answers.append(client.post(URL, json=body).json()["id"])

    with inject(faults.latency("20s")) as chaos:
        threads = [threading.Thread(target=ask, args=(number,)) for number in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert chaos.now == about(20, 2)
    assert len(set(answers)) == 50

    async def many():
        async with httpx2.AsyncClient(timeout=None) as client:
            return await asyncio.gather(*(client.post(URL, json={**BODY, "user": str(n)}) for n in range(50)))

    with inject(faults.latency("20s")) as chaos:
        assert len({each.json()["id"] for each in asyncio.run(many())}) == 50
        assert chaos.now == about(20, 2)


def test_a_sync_client_called_in_an_executor_belongs_to_the_run():
    """Threads of a pool, which context variables do not reach, are under chaos too."""

    async def call():
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, lambda: httpx2.Client().post(URL, json=BODY).status_code)

    with inject(faults.outage()) as chaos:
        assert asyncio.run(call()) == 503
    assert len(chaos.calls) == 1


@both
def test_streams_come_chunk_by_chunk(lib):
    """A reader sees the first event before the second one's delay has passed."""
    at = []
    with (
        inject(faults.latency("1s", first_token="2s", between_tokens="500ms")) as chaos,
        lib.Client().stream("POST", URL, json=STREAM) as response,
    ):
        at.append(chaos.now)
        for line in response.iter_lines():
            if line.startswith("data:"):
                at.append(chaos.now)  # noqa: PERF401 - each at its own time
    assert at[0] == about(1, 0.3)
    assert at[1] == about(3, 0.3)
    assert at[2] == about(3.5, 0.3)
    assert at[-1] > 4


def test_a_nested_run_hides_the_outer_one():
    """The innermost run decides; after it the outer one goes on."""
    with inject(faults.outage()) as outer:
        with inject(faults.rate_limit()) as inner:
            assert httpx2.Client().post(URL, json=BODY).status_code == 429
        assert httpx2.Client().post(URL, json=BODY).status_code == 503
    assert (len(outer.calls), len(inner.calls)) == (1, 1)


@both
def test_an_escape_is_noticed_sync_and_async(lib):
    """A transport that answers without the library's own end points is an escape, and fails the run."""

    class Elsewhere(lib.BaseTransport, lib.AsyncBaseTransport):
        def handle_request(self, request):
            return lib.Response(200, json={})

        async def handle_async_request(self, request):
            return lib.Response(200, json={})

    async def call():
        async with lib.AsyncClient(transport=Elsewhere()) as client:
            await client.post(URL, json=BODY)

    with pytest.raises(ChaosFailed, match="passed no interception point"), inject():
        lib.Client(transport=Elsewhere()).post(URL, json=BODY)
    with pytest.raises(ChaosFailed, match="passed no interception point"), inject():
        asyncio.run(call())
    with inject(allow_escapes=True):
        lib.Client(transport=Elsewhere()).post(URL, json=BODY)


def test_what_is_not_simulated_does_not_leave_the_machine():
    """A request to a provider's host that we have no answer for is stopped, and fails the run even if swallowed."""

    async def call():
        async with httpx2.AsyncClient() as client:
            await client.get("https://api.openai.com/v1/files")

    for attempt in (lambda: httpx2.get("https://api.openai.com/v1/files"), lambda: asyncio.run(call())):
        with (
            pytest.raises(ChaosFailed, match=r"GET /v1/files at api\.openai\.com"),
            inject(),
            pytest.raises(ChaosError, match="not simulated"),
        ):
            attempt()
    mock = httpx2.MockTransport(lambda request: httpx2.Response(200, json={"data": []}))
    with inject():
        assert httpx2.Client(transport=mock).get("https://api.openai.com/v1/files").json() == {"data": []}


def test_a_vanished_private_name_is_told(monkeypatch):
    """A library that lost a method we rely on gives a clear error, and everything is restored."""
    original = httpx2.Client.send
    monkeypatch.setattr(stacks()["httpx2"], "_patches", _patches.Patches("httpx2"))
    monkeypatch.delattr(httpx2.MockTransport, "handle_request")
    with pytest.raises(Exception, match=r"httpx2: .*MockTransport.handle_request is gone"), inject():
        pass
    assert httpx2.Client.send is original
    assert active() is None


@both
def test_a_call_belongs_to_the_run_that_is_on_when_it_goes_out(lib):
    """A run that begins while a client's hook waits has the call, though the client began to send it before."""

    async def ask(inner):
        async def wait(request):
            await asyncio.sleep(1)

        async with lib.AsyncClient(event_hooks={"request": [wait]}) as client:
            call = asyncio.create_task(client.post(URL, json=BODY))
            await asyncio.sleep(0.5)
            with inner as chaos:
                answer = await call
            return answer.status_code, len(chaos.calls)

    with inject(allow_unused=True, checks=[]) as outer:
        assert asyncio.run(ask(inject(faults.outage(), checks=[]))) == (503, 1)
    assert len(outer.calls) == 0
