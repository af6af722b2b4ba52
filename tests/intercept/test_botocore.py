"""botocore: its retry modes, retry quota, exceptions and streaming bodies on top of played answers."""

from __future__ import annotations

import base64
import json
import socket
import struct
from functools import cache
from zlib import crc32

import botocore.session
import httpx
import pytest
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    ResponseStreamingError,
    SSLError,
)
from botocore.httpsession import URLLib3Session
from urllib3.exceptions import ProtocolError

from pytest_llmchaos import faults, inject

from ..timing import about
from . import scripted
from .scripted import BODY, EVENTS, STREAM, URL, serving

SENT = json.dumps(BODY).encode()
early = URLLib3Session()


@cache
def _session():
    session = botocore.session.Session()
    session.set_credentials("access", "secret")
    return session


def client(url=URL, **config):
    """Return an AWS client whose InvokeModel operations, raw bodies in and out, go to an OpenAI endpoint."""
    made = _session().create_client("bedrock-runtime", region_name="eu-west-1", config=Config(**config))

    def divert(request, **_):
        request.url = url

    for operation in ("InvokeModel", "InvokeModelWithResponseStream"):
        made.meta.events.register_last(f"request-created.bedrock-runtime.{operation}", divert)
    return made


def invoke(made, body=BODY):
    """Make a chat call and return its streaming body."""
    return made.invoke_model(modelId="any", body=json.dumps(body))["body"]


def send(session, url=URL, body=SENT, stream=False):
    """Send one request through botocore's own HTTP session."""
    request = AWSRequest("POST", url, headers={"content-type": "application/json"}, data=body).prepare()
    request.stream_output = stream
    return session.send(request)


def test_sessions_made_before_the_run():
    """A session made at import time is intercepted like any other."""
    with inject(faults.outage()) as chaos:
        assert send(early).status_code == 503
    assert (chaos.calls[0].via, chaos.calls[0].host) == ("urllib3", "api.openai.com")


@pytest.mark.parametrize(
    ("fault", "kind", "seconds"),
    [
        (faults.latency("20s"), ReadTimeoutError, 5),
        (faults.no_response(), ReadTimeoutError, 5),
        (faults.connect_timeout(), ConnectTimeoutError, 3),
        (faults.connection_refused(), EndpointConnectionError, 0),
        (faults.dns_failure(), EndpointConnectionError, 0),
        (faults.certificate_expired(), SSLError, 0),
        (faults.wrong_host("certificate"), SSLError, 0),
        (faults.connection_reset(), ConnectionClosedError, 0),
    ],
    ids=lambda value: getattr(getattr(value, "fault", None), "name", None),
)
def test_genuine_exceptions(fault, kind, seconds):
    """The client's own limits decide, and the exception is botocore's own, naming the endpoint."""
    made = client(connect_timeout=3, read_timeout=5, retries={"total_max_attempts": 1, "mode": "standard"})
    with inject(fault) as chaos, pytest.raises(kind) as caught:
        invoke(made)
    assert type(caught.value) is kind
    assert URL in str(caught.value)
    assert chaos.now == about(seconds, 0.5)


@pytest.mark.parametrize(("mode", "attempts"), [("legacy", 5), ("standard", 3), ("adaptive", 3)])
def test_every_retry_mode_sees_every_attempt(mode, attempts):
    """Each mode retries an outage as often as it does by default, waits in virtual time, and recovers."""
    made = client(retries={"mode": mode})
    with inject(faults.outage()) as chaos, pytest.raises(ClientError) as caught:
        invoke(made)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    assert len(chaos.calls) == attempts
    assert [call.attempt for call in chaos.calls] == list(range(1, attempts + 1))
    with inject(faults.outage(calls="1-2")) as chaos:
        assert json.loads(invoke(made).read())["object"] == "chat.completion"
    assert [call.status for call in chaos.calls] == [503, 503, 200]


def test_adaptive_mode_slows_down_in_virtual_time():
    """After throttling, its own rate limiter delays the next calls, which pass in virtual time."""
    made = client(retries={"mode": "adaptive", "total_max_attempts": 6})
    with inject(faults.rate_limit(calls="1-3")) as chaos:
        assert invoke(made).read()
        for _ in range(5):
            assert invoke(made).read()
    assert [call.status for call in chaos.calls] == [429] * 3 + [200] * 6
    assert chaos.now > 1


def test_connection_failures_are_retried():
    """The standard mode retries what never got an answer."""
    made = client(connect_timeout=3, read_timeout=5, retries={"mode": "standard"})
    with inject(faults.connection_refused(calls=1), faults.latency("20s", calls=2)) as chaos:
        assert invoke(made).read()
    assert [call.error for call in chaos.calls] == ["connection_refused", "read_timeout", None]


def test_the_retry_quota_runs_out():
    """Retries use up a client's quota: after enough failures each call is tried once."""
    made = client(read_timeout=5, retries={"mode": "standard", "total_max_attempts": 11})
    counts = []
    for _ in range(7):
        with inject(faults.no_response()) as chaos, pytest.raises(ReadTimeoutError):
            invoke(made)
        counts.append(len(chaos.calls))
    assert counts[0] == 11
    assert counts[-1] == 1


def test_a_streaming_body():
    """The body comes chunk by chunk, in lines or pieces."""
    with inject(faults.latency("1s", first_token="2s", between_tokens="500ms")) as chaos:
        body = invoke(client(), STREAM)
        at = [chaos.now]
        lines = []
        for line in body.iter_lines():
            at.append(chaos.now)
            lines.append(line)
    assert lines[-2:] == [b"data: [DONE]", b""] or lines[-1] == b"data: [DONE]"
    assert at[0] == about(1, 0.3)
    assert at[-1] > 4
    assert chaos.calls[0].error is None


def test_a_closed_body_ends_the_call():
    """A reader that leaves in the middle is written down as such."""
    with inject() as chaos:
        body = invoke(client(), STREAM)
        body.read(10)
        body.close()
    assert chaos.calls[0].error == "closed"


def test_a_cut_stream_is_the_same_as_the_real_thing():
    """Read by botocore it is a closed connection; in a streaming body, its own error or urllib3's as for a real cut."""

    def told(url, read, stream):
        with pytest.raises((ConnectionClosedError, ResponseStreamingError, ProtocolError)) as caught:
            read(send(URLLib3Session(), url, json.dumps(STREAM).encode(), stream))
        return type(caught.value), str(caught.value).replace(url, "")

    for read, stream in [(lambda answer: answer, False), (lambda answer: list(answer.raw.stream()), True)]:
        with serving(scripted.cut) as server:
            real = told(server.url, read, stream)
        with serving(scripted.streamed) as server, inject(faults.stream_cut(after=1), upstream="passthrough"):
            assert told(server.url, read, stream) == real
        with inject(faults.stream_cut(after=1)):
            assert told(URL, read, stream) == real


def test_a_cut_within_a_streaming_body():
    """`StreamingBody.read` tells it as botocore's ResponseStreamingError; a stall as its ReadTimeoutError."""
    with inject(faults.stream_cut(after=1)), pytest.raises(ResponseStreamingError):
        invoke(client(), STREAM).read()
    with inject(faults.stream_stall(after=1)), pytest.raises(ReadTimeoutError):
        invoke(client(read_timeout=5), STREAM).read()


def frame(text):
    """Return a text as one event of AWS's binary event stream."""
    names = {":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"}
    headers = b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
        for name, value in names.items()
    )
    payload = json.dumps({"bytes": base64.b64encode(text.encode()).decode()}).encode()
    prelude = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    prelude += struct.pack(">I", crc32(prelude))
    return prelude + headers + payload + struct.pack(">I", crc32(prelude + headers + payload))


FRAMES = [frame("one"), frame("two"), frame("three")]


def read_frames(made, got):
    """Make a streamed call and collect the texts of its events."""
    answer = made.invoke_model_with_response_stream(modelId="any", body=json.dumps(STREAM))
    for event in answer["body"]:
        got.append(event["chunk"]["bytes"])


def test_its_event_stream_parser():
    """Frames of the binary event stream are parsed as they come, and a cut is what a server's hanging up is."""

    def script(connection, nth):
        connection.sendall(scripted.STREAMED + b"".join(map(scripted.chunk, FRAMES[:2])))
        connection.shutdown(socket.SHUT_RDWR)

    def answered():
        return httpx.Response(200, content=iter(FRAMES), headers={"content-type": "application/vnd.amazon.eventstream"})

    with inject() as chaos:
        chaos.upstream.post(URL).mock(side_effect=[answered()])
        read_frames(client(), got := [])
    assert got == [b"one", b"two", b"three"]
    with serving(script) as server, pytest.raises(Exception) as real:
        read_frames(client(server.url), cut := [])
    with inject(faults.stream_cut(after=2)) as chaos:
        chaos.upstream.post(URL).mock(side_effect=[answered()])
        with pytest.raises(type(real.value)) as played:
            read_frames(client(), got := [])
    assert got == cut == [b"one", b"two"]
    assert str(played.value) == str(real.value)


def test_passing_through():
    """A real server beneath answers, over one connection, with its own framing."""
    with serving(scripted.streamed) as server, inject(faults.latency("2s"), upstream="passthrough") as chaos:
        session = URLLib3Session()
        for _ in range(2):
            assert send(session, server.url, json.dumps(STREAM).encode()).content == b"".join(EVENTS)
        assert server.connections == 1
    assert chaos.now == about(4, 0.5)


def test_other_traffic_is_untouched():
    """What is no LLM call goes its own way."""
    with serving(scripted.whole) as server, inject() as chaos:
        assert send(early, f"http://{server.host}/bucket/key", b"data").content == b'{"mine": 1}'
    assert len(chaos.calls) == 0
