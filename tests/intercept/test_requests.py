"""requests: its sessions, adapters, streams and exceptions on top of played answers."""

from __future__ import annotations

import gzip
import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
import requests
import requests_mock
import responses
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.exceptions import ChunkedEncodingError, ConnectTimeout, ReadTimeout
from urllib3.util import Retry

from pytest_llmchaos import ChaosError, ChaosFailed, faults, inject

from ..timing import about
from . import scripted
from .scripted import BODY, EVENTS, STREAM, URL, serving

early = requests.Session()


def post(url=URL, body=BODY, timeout=60, **options):
    """Make a chat call."""
    return requests.post(url, json=body, timeout=timeout, **options)


def test_sessions_made_before_the_run():
    """A session made at import time is intercepted like any other."""
    with inject(faults.outage()) as chaos:
        assert early.post(URL, json=BODY).status_code == 503
    assert chaos.calls[0].via == "urllib3"
    assert chaos.calls[0].call_site.startswith("tests/intercept/test_requests.py:")


@pytest.mark.parametrize(
    ("fault", "kind", "seconds"),
    [
        (faults.latency("20s"), ReadTimeout, 5),
        (faults.no_response(), ReadTimeout, 5),
        (faults.connect_timeout(), ConnectTimeout, 3),
        (faults.connection_refused(), requests.ConnectionError, 0),
        (faults.dns_failure(), requests.ConnectionError, 0),
        (faults.certificate_expired(), requests.exceptions.SSLError, 0),
        (faults.wrong_host("certificate"), requests.exceptions.SSLError, 0),
        (faults.connection_reset(), requests.ConnectionError, 0),
    ],
    ids=lambda value: getattr(getattr(value, "fault", None), "name", None),
)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_genuine_exceptions(fault, kind, seconds, stream):
    """The client's own limits decide, the exception is requests' own with its request set."""
    with inject(fault) as chaos, pytest.raises(kind) as caught:
        post(body={**BODY, "stream": stream}, timeout=(3, 5), stream=stream)
    assert type(caught.value) is kind
    assert caught.value.request.url == URL
    assert chaos.now == about(seconds, 0.5)


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        (None, faults.connection_refused()),
        (scripted.reset, faults.connection_reset()),
    ],
    ids=["refused", "reset"],
)
def test_the_same_as_the_real_thing(script, fault):
    """Class and words are those for a real server that fails so."""

    def told(address):
        with pytest.raises(requests.RequestException) as caught:
            post(address)
        words = re.sub("0x[0-9a-f]+", "", str(caught.value))  # 1.26 names the connection by its address
        return type(caught.value), words, caught.value.request.url

    with serving(script or scripted.whole) as server:
        address = server.url if script else scripted.refused()
        real = told(address)
        with inject(fault):
            assert told(address) == real


@pytest.mark.parametrize(
    "read",
    [
        lambda response: list(response.iter_lines()),
        lambda response: list(response.iter_content(None)),
        lambda response: list(response.iter_content(1)),
        lambda response: response.content,
    ],
    ids=["lines", "pieces", "bytes", "content"],
)
def test_a_cut_stream_is_the_same_as_the_real_thing(read):
    """A stream that is cut is a ChunkedEncodingError with the words for a server that hangs up."""

    def told(address):
        with (
            post(address, STREAM, stream=True) as response,
            pytest.raises(ChunkedEncodingError) as caught,
        ):
            read(response)
        return str(caught.value)

    with serving(scripted.cut) as server:
        real = told(server.url)
    with serving(scripted.streamed) as server, inject(faults.stream_cut(after=1), upstream="passthrough"):
        assert told(server.url) == real
    with inject(faults.stream_cut(after=1)):
        assert told(URL) == real


def test_a_stall_within_the_stream_is_requests_connection_error():
    """requests tells a read timeout within the body so, in urllib3's words."""
    with (
        inject(faults.stream_stall(after=1)) as chaos,
        post(body=STREAM, stream=True, timeout=5) as response,
        pytest.raises(requests.ConnectionError, match="Read timed out"),
    ):
        list(response.iter_lines())
    assert chaos.now == about(5, 0.3)


def test_a_streamed_answer():
    """Lines come as they are played, and the terminator ends the call."""
    at = []
    with inject(faults.latency("1s", first_token="2s", between_tokens="500ms")) as chaos:
        chaos.replies("It works.")
        with post(body=STREAM, stream=True) as response:
            at.append(chaos.now)
            text = ""
            for line in response.iter_lines():
                if line == b"data: [DONE]":
                    break
                if line:
                    at.append(chaos.now)
                    text += "".join(
                        each["delta"].get("content") or ""
                        for each in json.loads(line.removeprefix(b"data: "))["choices"]
                    )
    assert text == "It works."
    assert at[:3] == about([1, 3, 3.5], 0.3)
    assert chaos.calls[0].error is None


def test_the_raw_answer_reads_as_the_real_one():
    """`response.raw` is urllib3's answer: status, version, headers, and bytes in any portion."""
    with inject(), post(body=STREAM, stream=True) as response:
        raw = response.raw
        assert (raw.status, raw.reason, raw.version, raw.closed) == (200, "OK", 11, False)
        first = raw.read(6)
        assert first == b"data: "
        assert raw.tell() >= 6
        assert (first + raw.read()).endswith(b"data: [DONE]\n\n")
        assert raw.closed


def test_a_closed_stream_ends_the_call():
    """A reader that leaves in the middle is written down as such, and the session goes on."""
    with inject() as chaos, requests.Session() as session:
        with session.post(URL, json=STREAM, stream=True) as response:
            next(response.iter_lines())
        assert session.post(URL, json=BODY).ok
    assert [call.error for call in chaos.calls] == ["closed", None]


def test_an_adapters_retries_run_on_top():
    """urllib3's Retry in an adapter sees every attempt, in virtual time."""
    session = requests.Session()
    retry = Retry(total=3, backoff_factor=1, status_forcelist=[429, 503], allowed_methods=None)
    session.mount("https://", HTTPAdapter(max_retries=retry))
    with inject(faults.outage(calls=1), faults.rate_limit(retry_after="9s", calls=2)) as chaos:
        assert session.post(URL, json=BODY).status_code == 200
    assert [call.status for call in chaos.calls] == [503, 429, 200]
    assert chaos.now == about(9, 2.5)
    with inject(faults.outage()), pytest.raises(requests.exceptions.RetryError):
        session.post(URL, json=BODY)


def test_errors_of_the_provider():
    """`raise_for_status` tells the provider's status, with reason and body at hand."""
    with (
        inject(faults.outage()),
        pytest.raises(requests.HTTPError, match="503 Server Error: Service Unavailable") as got,
    ):
        post().raise_for_status()
    assert got.value.response.json()["error"]


def test_an_upload_by_pieces_is_recognised():
    """A body given as a generator is read for recognition and sent on."""
    sent = json.dumps(BODY).encode()
    headers = {"content-type": "application/json"}

    def pieces():
        yield sent[:10]
        yield sent[10:]

    with serving(scripted.whole) as server, inject(faults.latency("2s"), upstream="passthrough") as chaos:
        assert requests.post(server.url, data=pieces(), headers=headers, timeout=60).json() == {"mine": 1}
    assert chaos.calls[0].model == "gpt-5"
    assert server.requests[0][1] == sent


def test_other_traffic_is_untouched():
    """What is no LLM call goes its own way."""
    with serving(scripted.whole) as server, inject() as chaos:
        assert requests.get(f"http://{server.host}/health", timeout=60).json() == {"mine": 1}
    assert len(chaos.calls) == 0


def test_passing_through():
    """Stream faults lie on top of what a real server streams."""
    with (
        serving(scripted.streamed) as server,
        inject(faults.stream_error(after=1), upstream="passthrough"),
        post(server.url, STREAM, stream=True) as response,
    ):
        lines = [line for line in response.iter_lines() if line]
    assert lines[0] == EVENTS[0].strip()
    assert b"error" in lines[1]
    assert len(server.requests) == 1


def test_the_tests_own_routes():
    """`chaos.upstream` answers in the provider's place."""
    with inject(faults.rate_limit(calls=1)) as chaos:
        chaos.upstream.post(URL).respond(200, json={"mine": True})
        assert post().status_code == 429
        assert post().json() == {"mine": True}


def test_the_tests_own_routes_for_what_is_not_simulated():
    """They answer files and batches too; what no route matches is stopped."""
    files = "https://api.openai.com/v1/files"
    with inject() as chaos:
        chaos.upstream.post(files).respond(json={"id": "file-1"})
        assert requests.post(files, files={"file": b"{}"}, timeout=9).json() == {"id": "file-1"}
    with pytest.raises(ChaosFailed, match="is not simulated"), inject() as chaos:
        chaos.upstream.post(files).respond(json={})
        with pytest.raises(ChaosError):
            requests.get(files, timeout=9)


class Canned(BaseAdapter):
    """Answers in an adapter's place."""

    def send(self, request, **_):
        response = requests.Response()
        response.status_code, response._content, response.request = 200, b"{}", request
        return response

    def close(self):
        pass


def test_adapters_that_answer_themselves_are_escapes():
    """What stands in the place of an adapter answers above the interception point: the run fails and names it."""
    session = requests.Session()
    session.mount("https://", Canned())
    with pytest.raises(ChaosFailed, match=r"answered by\s+\S+\.Canned"), inject():
        session.post(URL, json=BODY)
    with inject(allow_escapes=True):
        assert session.post(URL, json=BODY).json() == {}


@pytest.mark.parametrize("early", [True, False], ids=["before the run", "in the run"])
@pytest.mark.parametrize(("mocking", "body"), [(responses.RequestsMock, "body"), (requests_mock.Mocker, "content")])
def test_mocks_of_the_adapter_lie_beneath(mocking, body, early):
    """They answer where no fault does, whenever they began, and an adapter's own retries run on top."""
    session = requests.Session()
    retry = Retry(total=1, status_forcelist=[503], allowed_methods=None, raise_on_status=False)
    session.mount("https://", HTTPAdapter(max_retries=retry))
    with ExitStack() as stack:
        if early:
            mock = stack.enter_context(mocking())
        chaos = stack.enter_context(inject(faults.outage(calls=1), faults.stream_cut(calls=3, after=1)))
        if not early:
            mock = stack.enter_context(mocking())
        mock.post(URL, headers={"x-mine": "1", "content-type": "text/event-stream"}, **{body: b"".join(EVENTS)})
        got = session.post(URL, json=STREAM, timeout=9)
        assert (got.content, got.headers["x-mine"]) == (b"".join(EVENTS), "1")
        assert [call.status for call in chaos.calls] == [503, 200]
        with pytest.raises(ChunkedEncodingError):
            session.post(URL, json=STREAM, timeout=9)


def test_an_error_that_a_mock_raises_is_the_apps_to_meet():
    """As the mock raises it, whatever its class; what it has no answer for is its own error in passthrough."""
    with responses.RequestsMock() as mock, inject():
        mock.post(URL, body=ReadTimeout("late"))
        with pytest.raises(ReadTimeout, match="late"):
            post()
    with requests_mock.Mocker() as mock, inject():
        mock.post(URL, exc=ValueError("odd"))
        with pytest.raises(ValueError, match="odd"):
            post()
    with requests_mock.Mocker(), inject(upstream="passthrough"), pytest.raises(requests_mock.NoMockAddress):
        post()
    with (
        responses.RequestsMock(),
        inject(upstream="passthrough"),
        pytest.raises(requests.ConnectionError, match="match"),
    ):
        post()


def test_mocks_of_other_addresses_stay_out_of_the_way():
    """They answer what is no LLM call, and let LLM calls through to us where they are told to."""
    with inject(faults.outage()), responses.RequestsMock() as mock:
        mock.add_passthru("https://api.openai.com/")
        mock.get("https://example.com/", json={"other": True})
        assert requests.get("https://example.com/", timeout=60).json() == {"other": True}
        assert post().status_code == 503


@pytest.mark.parametrize("script", [scripted.whole, scripted.streamed], ids=["whole", "stream"])
@pytest.mark.parametrize("upstream", [None, "passthrough"])
def test_a_cassette_beneath_is_the_healthy_answer(script, upstream, tmp_path):
    """vcrpy answers beneath the interception point: faults come before it, and nothing is asked twice."""
    vcr = pytest.importorskip("vcr")
    recorder = vcr.VCR(cassette_library_dir=str(tmp_path))
    body = STREAM if script is scripted.streamed else BODY
    with serving(script) as server, recorder.use_cassette("calls.yaml"):
        recorded = post(server.url, body).content
    with (
        recorder.use_cassette("calls.yaml", record_mode="none") as cassette,
        inject(faults.outage(calls=1), faults.latency("2s"), upstream=upstream) as chaos,
    ):
        assert post(server.url, body).status_code == 503
        assert cassette.play_count == 0
        assert post(server.url, body, stream=True).content == recorded
        assert cassette.play_count == 1
    assert [call.error for call in chaos.calls] == [chaos.calls[0].error, None]


def test_what_is_not_simulated_does_not_leave_the_machine():
    """A request to a provider's host that we have no answer for is stopped, and fails the run."""
    with (
        pytest.raises(ChaosFailed, match=r"GET /v1/files at api\.openai\.com"),
        inject(),
        pytest.raises(ChaosError, match="not simulated"),
    ):
        requests.get("https://api.openai.com/v1/files", timeout=60)


def test_calls_of_threads_wait_beside_each_other_over_a_mock():
    """requests-mock holds a lock while it sends, and others give up after ten seconds: not while a fault waits."""
    with requests_mock.Mocker() as mock, inject(faults.latency("20s")) as chaos, ThreadPoolExecutor(3) as pool:
        mock.post(URL, json={"mine": True})
        asked = [pool.submit(post) for _ in range(3)]
        assert [each.result().json() for each in asked] == [{"mine": True}] * 3
    assert chaos.now == about(20, 1)


def test_what_a_mock_says_beside_the_wire():
    """Cookies and words of its own reach the app, compressed bodies are read once, redirects are followed."""
    with requests_mock.Mocker() as mock, inject(faults.outage(calls=1)):
        mock.post(URL, json={}, status_code=201, reason="Made", cookies={"a": "b"})
        assert post().status_code == 503
        made = post()
        assert (made.status_code, made.reason, made.cookies["a"]) == (201, "Made", "b")
    with responses.RequestsMock() as mock, inject(faults.latency("1s")) as chaos:
        mock.post(URL, status=307, headers={"Location": "https://api.groq.com/openai/v1/chat/completions"})
        packed = gzip.compress(b'{"mine": true}')
        mock.post("https://api.groq.com/openai/v1/chat/completions", body=packed, headers={"content-encoding": "gzip"})
        assert post().json() == {"mine": True}
    assert [call.provider for call in chaos.calls] == ["openai", "groq"]
