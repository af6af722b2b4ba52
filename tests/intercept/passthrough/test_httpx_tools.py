"""Faults on top of what httpx or httpx2 would have got: from respx, pytest-httpx, a cassette of VCR.py, a server."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType

import httpx
import httpx2
import pytest
import respx

from pytest_llmchaos import faults, inject

from ...timing import about
from ..scripted import STREAMED as HEAD
from ..scripted import chunk, serving
from .beneath import BODY, EVENTS, SSE, STREAM, STREAMED, URL, WHOLE, ask, ask_async, cassette


@dataclass
class Tool:
    """What lies beneath: where it answers, for which library, and how often it was asked."""

    lib: ModuleType
    url: str
    asked: Callable[[], int]


@pytest.fixture
def with_respx():
    """A mock of respx."""

    def answer(asked):
        if json.loads(asked.content).get("stream"):
            return httpx.Response(200, headers=SSE, content=STREAMED)
        return httpx.Response(200, json=WHOLE)

    with respx.mock as router:
        route = router.post(URL).mock(side_effect=answer)
        yield Tool(httpx, URL, lambda: route.call_count)


@pytest.fixture
def with_pytest_httpx(request):
    """A mock of pytest-httpx."""
    mock = request.getfixturevalue("httpx_mock")
    again = {"url": URL, "is_optional": True, "is_reusable": True}
    mock.add_response(**again, match_json=BODY, json=WHOLE)
    mock.add_response(**again, match_json=STREAM, headers=SSE, content=STREAMED)
    return Tool(httpx, URL, lambda: len(mock.get_requests()))


def _recorded(lib, folder):
    vcr = pytest.importorskip("vcr")
    (folder / "calls.yaml").write_text(cassette(), "utf-8")
    return vcr.use_cassette(
        str(folder / "calls.yaml"), record_mode="none", allow_playback_repeats=True, match_on=("uri", "body")
    )


@pytest.fixture
def with_a_cassette_for_httpx(tmp_path):
    """A cassette of VCR.py."""
    with _recorded(httpx, tmp_path) as played:
        yield Tool(httpx, URL, lambda: played.play_count)


@pytest.fixture
def with_a_cassette_for_httpx2(tmp_path):
    """The same for httpx2."""
    with _recorded(httpx2, tmp_path) as played:
        yield Tool(httpx2, URL, lambda: played.play_count)


@contextmanager
def _served(lib):
    def script(connection, nth):
        asked = json.loads(server.requests[-1][1])
        if not asked.get("stream"):
            head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            body = json.dumps(WHOLE).encode()
            connection.sendall(head % len(body) + body)
            return
        # In pieces that keep to no event's border, as a network brings them.
        ragged = [STREAMED[at : at + 50] for at in range(0, len(STREAMED), 50)]
        connection.sendall(HEAD + b"".join(map(chunk, ragged)) + b"0\r\n\r\n")

    with serving(script) as server:
        yield Tool(lib, server.url, lambda: len(server.requests))


@pytest.fixture
def with_a_server_for_httpx():
    """A provider of its own on the loopback: what is passed through for real."""
    with _served(httpx) as tool:
        yield tool


@pytest.fixture
def with_a_server_for_httpx2():
    """The same for httpx2."""
    with _served(httpx2) as tool:
        yield tool


tools = pytest.mark.parametrize(
    "tool",
    [
        "with_respx",
        "with_pytest_httpx",
        "with_a_cassette_for_httpx",
        "with_a_cassette_for_httpx2",
        "with_a_server_for_httpx",
        "with_a_server_for_httpx2",
    ],
)
both = pytest.mark.parametrize("ask", [ask, ask_async], ids=["sync", "async"])


@tools
@both
def test_latency_and_rate_limits(tool, ask, request):
    """Latency is ours, the answer theirs; a call that we rate-limit never reaches them."""
    tool = request.getfixturevalue(tool)
    slow, limited = faults.latency("2s"), faults.rate_limit(retry_after="7s", calls=1)
    with inject(slow, limited, upstream="passthrough") as chaos:
        first = ask(tool.lib, tool.url, BODY)
        assert (first.status, tool.asked()) == (429, 0)
        second = ask(tool.lib, tool.url, BODY)
    assert (second.status, json.loads(second.body), tool.asked()) == (200, WHOLE, 1)
    assert chaos.now == about(4, 0.4)
    assert [(call.status, call.faults) for call in chaos.calls] == [
        (429, ("latency", "rate_limit")),
        (200, ("latency",)),
    ]


@tools
@both
def test_streams_are_cut_and_truncated_at_their_events(tool, ask, request):
    """The first events are theirs, byte for byte; then the connection breaks, or the body ends too early."""
    tool = request.getfixturevalue(tool)
    broken = faults.stream_cut(after=2, calls=1), faults.stream_truncated(after=1, calls=2)
    with inject(*broken, upstream="passthrough") as chaos:
        cut = ask(tool.lib, tool.url, STREAM)
        short = ask(tool.lib, tool.url, STREAM)
        whole = ask(tool.lib, tool.url, STREAM)
    assert isinstance(cut.error, tool.lib.RemoteProtocolError)
    assert (cut.status, cut.body) == (200, b"".join(EVENTS[:2]))
    assert (short.status, short.body, short.error) == (200, EVENTS[0], None)
    assert (whole.status, whole.body, whole.error) == (200, STREAMED, None)
    assert tool.asked() == 3
    assert [call.outcome for call in chaos.calls] == ["200 stream_cut", "200 stream_truncated", "200"]


@tools
@both
def test_stream_errors_come_in_the_providers_words(tool, ask, request):
    """Their stream gets our provider's in-band error, in place of what would have followed."""
    tool = request.getfixturevalue(tool)
    with inject(faults.stream_error(after=1), upstream="passthrough"):
        got = ask(tool.lib, tool.url, STREAM)
    assert got.body.startswith(EVENTS[0])
    assert b'"error"' in got.body.removeprefix(EVENTS[0])
    assert EVENTS[1] not in got.body
