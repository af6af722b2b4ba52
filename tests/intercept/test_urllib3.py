"""urllib3: what is seen of its calls, and its own errors and retries on top of played failures."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import threading

import httpx
import pytest
import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.util import Retry, Timeout

from pytest_llmchaos import ChaosError, ChaosFailed, faults, inject
from pytest_llmchaos.intercept.active_runs import active
from pytest_llmchaos.intercept.stacks import _patches, stacks

from ..timing import about
from . import scripted
from .over_urllib3 import JSON, SENT, is_two, post, streaming, two
from .scripted import BODY, URL, serving

early = urllib3.PoolManager()
early_pool = urllib3.HTTPSConnectionPool("api.openai.com")


def failure_of(act):
    """Return what it raises: its class, words and cause, without what differs from run to run or (1.26) is not set."""
    with pytest.raises(Exception) as caught:
        act()
    error = caught.value
    words = [type(each) if isinstance(each, Exception) else re.sub("0x[0-9a-f]+", "", str(each)) for each in error.args]
    if not is_two:
        return type(error), words
    return type(error), words, type(error.__cause__), getattr(error.__cause__, "errno", None)


# --- seen -----------------------------------------------------------------------------------------------------------


def test_pools_made_before_the_run():
    """Managers and pools made at import time are intercepted like any other."""
    with inject(faults.outage()) as chaos:
        assert post(manager=early).status == 503
        assert early_pool.urlopen("POST", "/v1/chat/completions", body=SENT, headers=JSON).status == 503
    assert [call.via for call in chaos.calls] == ["urllib3", "urllib3"]
    assert {call.provider for call in chaos.calls} == {"openai"}


def test_other_traffic_is_untouched():
    """What is no LLM call goes its own way: it is not journaled, and its streamed upload is framed as it was."""

    def upload():
        yield b"x" * 10
        yield b"y"

    with serving(scripted.whole) as server, inject() as chaos:
        manager = urllib3.PoolManager()
        assert manager.request("PUT", f"http://{server.host}/upload", body=upload()).data == b'{"mine": 1}'
        assert manager.request("GET", f"http://{server.host}/health").status == 200
    assert len(chaos.calls) == 0
    assert [body for _, body in server.requests] == [b"x" * 10 + b"y", b""]
    assert server.connections == 1


@pytest.mark.parametrize(
    ("make", "framing"),
    [
        (lambda: SENT, b"content-length"),
        (lambda: bytearray(SENT), b"content-length"),
        (lambda: SENT.decode(), b"content-length"),
        (lambda: io.BytesIO(SENT), b"transfer-encoding"),
        (lambda: (SENT[at : at + 9] for at in range(0, len(SENT), 9)), b"transfer-encoding"),
    ],
    ids=["bytes", "bytearray", "str", "file", "generator"],
)
@two
def test_any_form_of_body_is_read_and_still_sent(make, framing):
    """Reading a body to recognise the call leaves the upstream the same body, framed in the same way."""
    with serving(scripted.whole) as server, inject(faults.latency("1s"), upstream="passthrough") as chaos:
        response = urllib3.PoolManager().request("POST", server.url, body=make(), headers=JSON)
        assert response.json() == {"mine": 1}
    assert chaos.calls[0].model == "gpt-5"
    head, body = server.requests[0]
    assert json.loads(body) == BODY
    assert framing in head.lower()


@two
@pytest.mark.parametrize(
    "make", [lambda: io.BytesIO(SENT), lambda: (each for each in [SENT])], ids=["file", "iterator"]
)
def test_a_retry_sends_the_body_again(make):
    """urllib3 rewinds files, and an iterator of which nothing was sent is still whole, as without us."""
    with inject(faults.connection_refused(calls="1-2")) as chaos:
        response = urllib3.PoolManager().request("POST", URL, body=make(), headers=JSON, retries=2)
        assert response.status == 200
    assert [call.model for call in chaos.calls] == ["gpt-5"] * 3


# --- failing --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "kind", "seconds"),
    [
        (faults.latency("20s"), ReadTimeoutError, 5),
        (faults.no_response(), ReadTimeoutError, 5),
        (faults.connect_timeout(), ConnectTimeoutError, 3),
        (faults.connection_refused(), NewConnectionError, 0),
        (faults.dns_failure(), NewConnectionError, 0),
        (faults.certificate_expired(), SSLError, 0),
        (faults.wrong_host("certificate"), SSLError, 0),
        (faults.connection_reset(), ProtocolError, 0),
    ],
    ids=lambda value: getattr(getattr(value, "fault", None), "name", None),
)
def test_genuine_exceptions(fault, kind, seconds):
    """The client's own limits decide; the exception is what urlopen raises, or the reason of its MaxRetryError."""
    limits = Timeout(connect=3, read=5)
    with inject(fault) as chaos, pytest.raises(kind):
        post(timeout=limits, retries=False)
    assert chaos.now == about(seconds, 0.5)
    with inject(fault), pytest.raises(MaxRetryError) as caught:
        post(timeout=limits, retries=Retry(total=0, allowed_methods=None))
    assert isinstance(caught.value.reason, kind)
    assert caught.value.pool.host == "api.openai.com"


def test_the_words_are_urllib3s():
    """The limit that struck stands in the text, and a total counts for both phases."""
    with inject(faults.latency("20s")), pytest.raises(ReadTimeoutError, match=r"Read timed out\. \(read timeout=7\)"):
        post(timeout=Timeout(read=7), retries=False)
    with inject(faults.no_response()) as chaos, pytest.raises(ReadTimeoutError):
        post(timeout=Timeout(total=4, read=60), retries=False)
    assert chaos.now == about(4, 0.2)
    with inject(faults.connect_timeout()) as chaos, pytest.raises(ConnectTimeoutError, match=r"\(connect timeout=4\)"):
        post(timeout=Timeout(total=4, connect=60), retries=False)
    assert chaos.now == about(4, 0.2)


@pytest.mark.parametrize(
    ("script", "fault"),
    [(None, faults.connection_refused()), (scripted.reset, faults.connection_reset())],
    ids=["refused", "reset"],
)
@pytest.mark.parametrize("retries", [False, 1])
def test_the_same_as_the_real_thing_before_the_answer(script, fault, retries):
    """Class, words and cause are those of a real server that fails so, with and without retries."""
    with serving(script or scripted.whole) as server:
        address = server.url if script else scripted.refused()
        real = failure_of(lambda: post(address, retries=retries))
        with inject(fault):
            played = failure_of(lambda: post(address, retries=retries))
    assert played == real


@pytest.mark.parametrize(
    "read",
    [
        lambda response: list(response.stream()),
        lambda response: list(response.stream(decode_content=False)),
        lambda response: response.read(),
        lambda response: response.data,
        lambda response: [response.read(20) for _ in range(50)],
        lambda response: list(response),
    ],
    ids=["stream", "raw", "read", "data", "pieces", "iter"],
)
def test_a_cut_stream_is_the_same_as_the_real_thing(read):
    """However the app reads, a stream that is cut raises what urllib3 raises for a server that hangs up."""
    with serving(scripted.cut) as server:
        real = failure_of(lambda: read(streaming(server.url)))
    with serving(scripted.streamed) as server, inject(faults.stream_cut(after=1), upstream="passthrough") as chaos:
        played = failure_of(lambda: read(streaming(server.url)))
    assert played == real
    assert chaos.calls[0].error == "stream_cut"


def test_a_stall_within_the_stream_is_a_read_timeout():
    """The read limit counts anew for each piece, and raises urllib3's error from its reader."""
    with inject(faults.stream_stall(after=2)) as chaos:
        response = streaming(timeout=Timeout(connect=3, read=5))
        with pytest.raises(ReadTimeoutError, match="Read timed out"):
            list(response.stream())
    assert chaos.now == about(5, 0.3)


@pytest.mark.parametrize("fault", [faults.stream_cut(after=1), faults.stream_stall(after=1)], ids=["cut", "stall"])
def test_a_broken_stream_stays_broken(fault):
    """Reading on after the failure brings no bytes that would pass for an end in good order."""
    with inject(fault) as chaos:
        response = streaming(timeout=5)
        with pytest.raises((ProtocolError, ReadTimeoutError)):
            response.read()
        assert response.read() == b""
        assert response.closed
    assert chaos.calls[0].error in ("stream_cut", "read_timeout")


def test_a_library_imported_during_the_run():
    """A library that the app imports under chaos is intercepted from its first call."""
    script = f"""
import sys
from pytest_llmchaos import faults, inject
with inject(faults.outage()) as chaos:
    assert "urllib3" not in sys.modules
    import requests
    assert requests.post({URL!r}, json={BODY!r}).status_code == 503
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)  # noqa: S603 - our own script


# --- retrying -------------------------------------------------------------------------------------------------------


def test_its_retries_and_backoff_run_in_virtual_time():
    """Retry sees every attempt, sleeps between them and honours retry-after."""
    retry = Retry(total=4, backoff_factor=2, status_forcelist=[503], allowed_methods=None)
    with inject(faults.outage(calls="1-3")) as chaos:
        response = post(retries=retry)
        assert (response.status, len(response.retries.history)) == (200, 3)
    assert [call.status for call in chaos.calls] == [503, 503, 503, 200]
    assert chaos.now == about(12, 2)  # 4 and 8 seconds; 1.26 as 2 begins to wait with the second retry
    with inject(faults.rate_limit(retry_after="7s", calls=1)) as chaos:
        assert post(retries=Retry(total=2, allowed_methods=None)).status == 200
    assert chaos.now == about(7, 0.5)


def test_retries_that_run_out():
    """The last answer's status is the reason of MaxRetryError."""
    retry = Retry(total=1, status_forcelist=[503], allowed_methods=None)
    with inject(faults.outage()) as chaos, pytest.raises(MaxRetryError, match="too many 503 error responses"):
        post(retries=retry)
    assert len(chaos.calls) == 2


def test_a_redirect_is_followed():
    """A redirect of the upstream leads to a second call, which urllib3 makes itself."""
    with inject() as chaos:
        moved = httpx.Response(307, headers={"location": f"{URL}?moved"})
        chaos.upstream.post(URL).mock(side_effect=[moved, httpx.Response(200, json={"there": True})])
        assert json.loads(post().data) == {"there": True}
    assert [call.status for call in chaos.calls] == [307, 200]


# --- stopped, noticed, told -----------------------------------------------------------------------------------------


def test_what_is_not_simulated_does_not_leave_the_machine():
    """A request to a provider's host that we have no answer for is stopped, and fails the run even if swallowed."""
    with (
        pytest.raises(ChaosFailed, match=r"GET /v1/files at api\.openai\.com"),
        inject(),
        pytest.raises(ChaosError, match="not simulated"),
    ):
        urllib3.PoolManager().request("GET", "https://api.openai.com/v1/files")


def test_an_answer_from_above_is_an_escape(monkeypatch):
    """A tool that answers in the pool's place is noticed at the manager."""
    monkeypatch.setattr(
        urllib3.HTTPSConnectionPool, "urlopen", lambda *_, **__: urllib3.HTTPResponse(b"{}", status=200)
    )
    with pytest.raises(ChaosFailed, match="passed no interception point"), inject():
        post()
    with inject(allow_escapes=True):
        assert post().status == 200


def test_concurrent_calls_share_nothing():
    """Twenty threads on one manager: each gets its own answer, waits overlap in virtual time."""
    answers = []
    manager = urllib3.PoolManager(maxsize=20)

    def ask(number):
        response = post(body={**BODY, "user": str(number)}, manager=manager, timeout=None)
        answers.append(json.loads(response.data)["id"])

    with inject(faults.latency("20s")) as chaos:
        threads = [threading.Thread(target=ask, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert chaos.now == about(20, 2)
    assert len(set(answers)) == 20


@pytest.mark.parametrize("name", ["_make_request", "_put_conn"])
def test_a_vanished_private_name_is_told(name, monkeypatch):
    """A library that lost a method we rely on gives a clear error, and everything is restored."""
    monkeypatch.setattr(stacks()["urllib3"], "_patches", _patches.Patches("urllib3"))
    monkeypatch.delattr(urllib3.HTTPConnectionPool, name)
    original = urllib3.PoolManager.urlopen
    with pytest.raises(ChaosError, match=f"urllib3: .*{name} .*is gone in the installed version"), inject():
        pass
    assert urllib3.PoolManager.urlopen is original
    assert active() is None


def test_everything_is_given_back():
    """After a run the library is as it was."""
    pools = urllib3.connectionpool

    def names():
        return (
            pools.HTTPConnectionPool._make_request,
            pools.HTTPSConnectionPool._prepare_proxy,
            urllib3.PoolManager.urlopen,
        )

    before = names()
    with inject():
        assert all(now is not then for now, then in zip(names(), before, strict=True))
    assert names() == before


def test_another_library_in_its_place(monkeypatch):
    """urllib3-future takes its name and works otherwise: what it asks is stopped, and told as its own."""
    monkeypatch.setattr(urllib3, "AsyncPoolManager", object, raising=False)
    with pytest.raises(ChaosFailed, match=r"(?s)urllib3-future.*urllib3's\s+place"), inject(), pytest.raises(Exception):  # noqa: B017 - its own for what is stopped
        urllib3.request("POST", URL, json=BODY, retries=False)
