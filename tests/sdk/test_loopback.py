"""While chaos is on, nothing leaves: a server that stands for the real provider gets no connection at all."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from pytest_llmchaos import faults, inject

from ..models import CLAUDE
from ..thorough import turn
from ._stacks import DEFAULT, STACKS
from .shapes import MODES, SDKS, answers, ask, client, marks

OURS = "from the server itself"


class Provider(ThreadingHTTPServer):
    """Stands for the real provider: answers chat calls of both dialects and counts connections and requests."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.connections = 0
        self.requests = 0
        self.host = f"127.0.0.1:{self.server_address[1]}"
        self._lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self.connections += 1
        super().process_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no matter."""


class Handler(BaseHTTPRequestHandler):
    server: Provider
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body leave together: two small packets would wait for an acknowledgement

    def handle(self) -> None:
        """Hang up on who would speak TLS: a connection is all that is counted of it."""
        if self.connection.recv(1, socket.MSG_PEEK) != b"\x16":
            super().handle()

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with self.server._lock:
            self.server.requests += 1
        dialects = {"completions": _openai, "messages": _anthropic, "converse": _bedrock}
        answer = dialects[self.path.rpartition("/")[2]](body.get("stream", False))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if body.get("stream") else "application/json")
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *args: Any) -> None:
        """Stay silent."""


def _openai(stream: bool) -> bytes:
    base = {"id": "chatcmpl-1", "created": 1, "model": "gpt-5"}
    if not stream:
        choice = {"index": 0, "message": {"role": "assistant", "content": OURS}, "finish_reason": "stop"}
        return json.dumps({**base, "object": "chat.completion", "choices": [choice]}).encode()
    choice = {"index": 0, "delta": {"role": "assistant", "content": OURS}, "finish_reason": "stop"}
    chunk = json.dumps({**base, "object": "chat.completion.chunk", "choices": [choice]})
    return f"data: {chunk}\n\ndata: [DONE]\n\n".encode()


def _anthropic(stream: bool) -> bytes:
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": CLAUDE, "stop_reason": None}
    usage = {"usage": {"input_tokens": 1, "output_tokens": 1}}
    if not stream:
        content = [{"type": "text", "text": OURS}]
        return json.dumps({**message, **usage, "content": content, "stop_reason": "end_turn"}).encode()
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**message, **usage, "content": []}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": OURS}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_stop"},
    ]
    return "".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in events).encode()


def _bedrock(stream: bool) -> bytes:
    return json.dumps({"output": {"message": {"role": "assistant", "content": [{"text": OURS}]}}}).encode()


@pytest.fixture
def server() -> Iterator[Provider]:
    """A provider on this machine."""
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=["named", "by host"])
def target(request, server, tmp_path, monkeypatch) -> str:
    """How a fault aims at the server: by the name that the project gives it, or by its host."""
    provider = request.getfixturevalue("provider")
    if request.param == "by host":
        return server.host
    (tmp_path / "pyproject.toml").write_text(
        f'[tool.llmchaos.providers.acme]\nhosts = ["{server.host}"]\ndialect = "{provider}"\n'
    )
    monkeypatch.chdir(tmp_path)
    return "acme"


INJECTED = {
    "healthy": None,
    "latency": lambda target: faults.latency("20s", target=target),
    "outage": lambda target: faults.outage(target=target),
    "no_response": lambda target: faults.no_response(target=target),
    "connection_refused": lambda target: faults.connection_refused(target=target),
    "malformed": lambda target: faults.malformed(target=target),
    "stream_cut": lambda target: faults.stream_cut(target=target),
    "stream_stall": lambda target: faults.stream_stall(target=target),
}


def _given(provider: str, stream: bool) -> dict[str, Any]:
    say = [{"role": "user", "content": "hi"}]
    given = {"model": "gpt-5", "messages": say} if provider == "openai" else {}
    given = given or {"model": CLAUDE, "messages": say, "max_tokens": 9}
    return {**given, "stream": True} if stream else given


async def _say(sdk: Any, provider: str, mode: str, stream: bool) -> str:
    """Make one call and return the JSON of the answer, or the name of the exception."""
    resource = sdk.chat.completions if provider == "openai" else sdk.messages
    try:
        answer = resource.create(**_given(provider, stream))
        if mode == "async":
            answer = await answer
        if not stream:
            return answer.model_dump_json()
        events = [each async for each in answer] if mode == "async" else list(answer)
        return " ".join(each.model_dump_json() for each in events)
    except Exception as error:
        return type(error).__name__


@pytest.mark.parametrize(
    ("fault", "stream", "mode"),
    [
        pytest.param(fault, stream, mode, id=f"{fault}-{'streamed' if stream else 'plain'}-{mode}")
        for number, fault in enumerate(INJECTED)
        for stream in (False, True)
        if stream or not fault.startswith("stream_")
        for mode in turn(number + stream, MODES)  # each fault in one of them, plain and streamed in either
    ],
)
@pytest.mark.parametrize("provider", ["openai", pytest.param("anthropic", marks=pytest.mark.needs_current_sdk)])
def test_nothing_reaches_the_provider(server, provider, target, fault, stream, mode):
    """Zero connections while chaos is on, and the same client reaches the server before and after."""
    make = INJECTED[fault]
    injections = [] if make is None else [make(target)]
    base = f"http://{server.host}" + ("/v1" if provider == "openai" else "")
    sdk = client(provider, mode, base_url=base, timeout=5)

    async def story() -> None:
        assert OURS in await _say(sdk, provider, mode, stream)
        before = (server.connections, server.requests)
        with inject(*injections) as chaos:
            assert OURS not in await _say(sdk, provider, mode, stream)
            assert len(chaos.calls.to(target)) == len(chaos.calls) > 0
            assert all(call.faults for call in chaos.calls) or not injections
        assert (server.connections, server.requests) == before
        assert server.requests == 1
        assert OURS in await _say(sdk, provider, mode, stream)
        assert server.requests == 2
        await sdk.close() if mode == "async" else sdk.close()

    asyncio.run(story())


# --- every HTTP library, with clients that are older than the run ----------------------------------------------------


@pytest.fixture(params=STACKS)
def post(request) -> Any:
    """A client of each HTTP library."""
    made = STACKS[request.param]
    return made or pytest.skip(f"{request.param.split()[0]} is not installed here")


@pytest.fixture
def lookups(server, monkeypatch) -> list[str]:
    """The names that were looked up, each of which leads to the server."""
    whole, seen = socket.getaddrinfo, []

    def lookup(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        seen.append(host)
        return whole(*server.server_address, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", lookup)
    return seen


@pytest.mark.parametrize("fault", [None, faults.outage(), faults.no_response()], ids=["healthy", "outage", "silence"])
def test_nothing_reaches_a_server_of_ones_own(server, post, fault):
    """At an explicit address the client is answered here, and by the server before and after."""
    root = f"http://{server.host}"
    assert OURS in post(root)
    before = (server.connections, server.requests)
    with inject(*([fault] if fault else [])) as chaos:
        text = _text_or_error(post, root)
        assert OURS not in text
        assert [call.provider for call in chaos.calls] == [server.host]
    assert (server.connections, server.requests) == before
    assert OURS in post(root)
    assert server.requests == 2


@pytest.mark.parametrize("fault", [None, faults.outage(), faults.no_response()], ids=["healthy", "outage", "silence"])
def test_nothing_reaches_the_default_address(server, lookups, post, fault):
    """Without chaos the client looks for its provider; with chaos it neither does nor finds it."""
    assert "Error" in _text_or_error(post, DEFAULT)  # it would speak TLS, and is hung up on
    before = (list(lookups), server.connections)
    assert before[0]
    with inject(*([fault] if fault else [])) as chaos:
        _text_or_error(post, DEFAULT)
        assert len(chaos.calls) == 1
    assert (lookups, server.connections) == before


def _text_or_error(post: Any, root: str) -> str:
    try:
        return post(root)
    except Exception as error:
        return f"{type(error).__name__} Error"


@pytest.mark.parametrize(
    ("sdk", "shape", "mode"),
    [
        pytest.param(sdk, shape, mode, id=f"{sdk}-{shape}-{mode}".replace(" ", "_"), marks=marks(sdk))
        for sdk, how in SDKS.items()
        for shape in how.calls
        for mode in how.modes
    ],
)
def test_nothing_of_an_sdk_reaches_its_default_address(server, lookups, sdk, shape, mode):
    """The SDKs as they come, with clients of many tests: every call is answered here, and none is looked up."""
    chaos, outcome = ask(sdk, shape, mode)
    outcome.must()
    assert {call.provider for call in chaos.calls} == {answers(sdk)}
    assert (lookups, server.connections) == ([], 0)
