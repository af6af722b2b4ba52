"""Faults on top of a mock, a cassette or a server, as an app with a provider's own SDK meets them."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest
import respx
import yaml

from pytest_llmchaos import faults, inject
from pytest_llmchaos.providers._bedrock_frames import CONTENT_TYPE, event_frame

from ...timing import about
from ..scripted import chunk, serving
from .beneath import BODY, MESSAGES, SSE, STREAMED, URL, WHOLE, cassette

LINES = [
    json.dumps({"model": "llama3.2", "message": {"role": "assistant", "content": text}, "done": text == "three"}) + "\n"
    for text in ("one", "two", "three")
]
NDJSON = {"content-type": "application/x-ndjson"}


def words(stream):
    """Read a stream of the OpenAI dialect to its end; return what came, and the error that ended it."""
    got = []
    try:
        for piece in stream:
            got.append(piece.choices[0].delta.content)  # noqa: PERF401 # what came before an error counts
    except Exception as error:
        return got, error
    return got, None


def test_groq_over_respx():
    """The SDK retries our 429 and gets the mock's answer; its stream breaks after the mock's first event."""
    groq = pytest.importorskip("groq")
    client = groq.Groq(api_key="k")
    with respx.mock as router, inject(faults.rate_limit(retry_after="7s", calls=1), upstream="passthrough") as chaos:
        route = router.post(URL).respond(json=WHOLE)
        assert client.chat.completions.create(**BODY).choices[0].message.content == "mine"
    assert (route.call_count, [call.status for call in chaos.calls]) == (1, [429, 200])
    assert chaos.now == about(7, 0.3)
    with respx.mock as router, inject(faults.stream_cut(after=1), upstream="passthrough"):
        router.post(URL).respond(headers=SSE, content=STREAMED)
        got, error = words(client.chat.completions.create(**BODY, stream=True))
    assert got == ["mine"]
    assert isinstance(error, httpx.RemoteProtocolError)


def test_groq_async_over_pytest_httpx(httpx_mock):
    """An answer of the mock that comes 20 s late runs into the client's own timeout; the retry's is read."""
    groq = pytest.importorskip("groq")
    httpx_mock.add_response(url=URL, json=WHOLE, is_reusable=True)

    async def app():
        async with groq.AsyncGroq(api_key="k", timeout=5, max_retries=1) as client:
            return await client.chat.completions.create(**BODY)

    with inject(faults.latency("20s", calls=1), upstream="passthrough") as chaos:
        assert asyncio.run(app()).choices[0].message.content == "mine"
    assert [call.status or call.error for call in chaos.calls] == ["read_timeout", 200]
    assert len(httpx_mock.get_requests()) == 2  # the late answer was asked for too


def test_openai_over_a_cassette(tmp_path):
    """openai 3 on httpx2: the cassette is played below the SDK's retries and our faults."""
    openai = pytest.importorskip("openai")
    vcr = pytest.importorskip("vcr")
    path = tmp_path / "calls.yaml"
    path.write_text(cassette("https://api.openai.com/v1/chat/completions"), "utf-8")
    played = vcr.use_cassette(str(path), record_mode="none", match_on=("uri",))
    client = openai.OpenAI(api_key="k")
    broken = faults.overloaded(calls=1), faults.stream_truncated(after=2, target="openai", calls="3-")
    with played as tape, inject(*broken, upstream="passthrough") as chaos:
        assert client.chat.completions.create(**BODY).choices[0].message.content == "mine"
        assert words(client.chat.completions.create(**BODY, stream=True)) == (["mine", " two"], None)
    assert tape.play_count == 2
    assert [call.outcome for call in chaos.calls] == ["503", "200", "200 stream_truncated"]


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        (faults.stream_cut(after=2), httpx.RemoteProtocolError),
        (faults.stream_truncated(after=2), None),
        (faults.stream_error(after=2), "ollama.ResponseError"),
    ],
    ids=str,
)
def test_ollamas_lines_over_respx(fault, raised):
    """The native stream is cut between its lines, however the mock's bytes come."""
    ollama = pytest.importorskip("ollama")
    raised = ollama.ResponseError if raised == "ollama.ResponseError" else raised
    body = "".join(LINES).encode()
    got, error = [], None
    with respx.mock as router, inject(fault, upstream="passthrough"):
        router.post("http://127.0.0.1:11434/api/chat").respond(headers=NDJSON, content=iter([body[:30], body[30:]]))
        client = ollama.Client("http://127.0.0.1:11434")
        try:
            for part in client.chat("llama3.2", MESSAGES, stream=True):
                got.append(part.message.content)  # noqa: PERF401 # what came before an error counts
        except Exception as failed:
            error = failed
    assert got == ["one", "two"]
    assert error is None if raised is None else isinstance(error, raised)


def test_ollamas_lines_from_a_server():
    """The same from a real server on the loopback, in an async client: a late first line, then the cut."""
    ollama = pytest.importorskip("ollama")
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
    got = []

    async def app(url):
        async for part in await ollama.AsyncClient(url).chat("llama3.2", MESSAGES, stream=True):
            got.append(part.message.content)  # noqa: PERF401 # what came before the cut counts

    def script(connection, nth):
        connection.sendall(head + chunk("".join(LINES).encode()) + b"0\r\n\r\n")

    broken = faults.latency("1s", first_token="3s"), faults.stream_cut(after=1)
    with (
        serving(script) as server,
        inject(*broken, upstream="passthrough") as chaos,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        asyncio.run(app(f"http://{server.host}"))
    assert got == ["one"]
    assert chaos.now >= 3


def test_boto3_over_a_cassette(tmp_path):
    """botocore on urllib3: binary frames from a cassette are cut between frames, and boto3's parser raises."""
    boto3 = pytest.importorskip("boto3")
    vcr = pytest.importorskip("vcr")
    frames = b"".join(
        event_frame("contentBlockDelta", {"delta": {"text": text}, "contentBlockIndex": 0}) for text in ("one", "two")
    ) + event_frame("messageStop", {"stopReason": "end_turn"})
    url = "https://bedrock-runtime.us-east-1.amazonaws.com/model/m/converse-stream"
    request = {"method": "POST", "uri": url, "headers": {}, "body": "{}"}
    response = {
        "status": {"code": 200, "message": "OK"},
        "headers": {"Content-Type": [CONTENT_TYPE]},
        "body": {"string": frames},
    }
    path = tmp_path / "calls.yaml"
    path.write_text(yaml.safe_dump({"version": 1, "interactions": [{"request": request, "response": response}]}))
    client = boto3.client("bedrock-runtime", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    got = []
    with (
        vcr.use_cassette(str(path), record_mode="none", match_on=("uri",), allow_playback_repeats=True),
        inject(faults.overloaded(calls=1), faults.stream_truncated(after=1, calls=2), upstream="passthrough") as chaos,
    ):
        talk = [{"role": "user", "content": [{"text": "hi"}]}]
        got += client.converse_stream(modelId="m", messages=talk)["stream"]
    assert got == [{"contentBlockDelta": {"delta": {"text": "one"}, "contentBlockIndex": 0}}]
    assert [call.outcome for call in chaos.calls][1] == "200 stream_truncated"
    assert chaos.calls[0].faults == ("overloaded",)
