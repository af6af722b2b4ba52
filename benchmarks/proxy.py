"""What the proxy of `llmchaos serve` costs a call, beside the bare upstream and other proxies, on loopback.

    pip install -e '.[serve]' && python benchmarks/proxy.py

Each takes the same requests over 1, 10 and 100 connections that are kept alive: a plain answer of 2 KB, and a stream of
30 events. Requests a second are of processor time of the proxy's own process, so that what else the machine does counts
little (Linux tells it), and of real time; the ratios are of one run. Peers are nginx and mitmproxy where they are in
PATH; what is not is left out and said. At the end 200 streams are open at once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httptools

try:
    from uvloop import new_event_loop
except ImportError:
    new_event_loop = asyncio.new_event_loop

EVENTS = 30
PACE = 0.03  # seconds between two events of a slow stream
TOKEN = "a-benchmark"
CHAT = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1_800_000_000, "model": "gpt-5"}
PLAIN = json.dumps(
    {
        **CHAT,
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "word " * 350}}],
        "usage": {"prompt_tokens": 12, "completion_tokens": 350, "total_tokens": 362},
    }
).encode()


def event(**choice: Any) -> bytes:
    """Return one event of a stream, framed as a chunk."""
    told = {**CHAT, "object": "chat.completion.chunk", "choices": [{"index": 0, "finish_reason": None, **choice}]}
    return chunk(b"data: " + json.dumps(told).encode() + b"\n\n")


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


STREAM = [event(delta={"content": "word "}) for _ in range(EVENTS)]
STREAM += [event(delta={}, finish_reason="stop"), chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"]
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(PLAIN)
STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


class Upstream(asyncio.Protocol):
    """Answers at once, each event of a stream by itself."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)
        self.body = b""
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        body, self.body = self.body, b""
        if b'"stream": true' not in body:
            self.transport.write(HEAD + PLAIN)
            return
        self.transport.write(STREAM_HEAD)
        if b'"slow"' in body:
            self.drip(iter(STREAM))
            return
        for piece in STREAM:
            self.transport.write(piece)

    def drip(self, left: Iterator[bytes]) -> None:
        piece = next(left, None)
        if piece is not None and not self.transport.is_closing():
            self.transport.write(piece)
            asyncio.get_running_loop().call_later(PACE, self.drip, left)


async def upstream(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


# --- the clients ------------------------------------------------------------------------------------------------------


@dataclass
class Load:
    """What a number of connections asked, and how it went."""

    path: str
    body: bytes
    seconds: float = 0.0
    until: float = 0.0
    most: int = 0
    asked: int = 0
    took: list[float] = field(default_factory=list)
    wrong: int = 0
    statuses: set[int] = field(default_factory=set)

    def more(self) -> bool:
        if self.most and self.asked >= self.most:
            return False
        self.asked += 1
        return bool(self.most) or time.perf_counter() < self.until


class Client(asyncio.Protocol):
    """Asks, reads the answer, and asks again."""

    def __init__(self, load: Load, done: asyncio.Future[None], warm: asyncio.Future[None]) -> None:
        self.load, self.done, self.warm = load, done, warm
        self.request = (
            f"POST {load.path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
            f"authorization: Bearer x\r\ncontent-length: {len(load.body)}\r\n\r\n"
        ).encode() + load.body
        self.under_way = False

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.parser = httptools.HttpResponseParser(self)
        self.send()  # what the first costs, and a server's taking of the connection, is not measured

    def ask(self) -> None:
        if not self.load.more():
            self.transport.close()
            return
        self.send()

    def send(self) -> None:
        self.under_way = True
        self.since = time.perf_counter()
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        self.under_way = False
        if not self.warm.done():
            self.warm.set_result(None)
            return
        self.load.took.append(time.perf_counter() - self.since)
        self.load.statuses.add(self.parser.get_status_code())
        asyncio.get_running_loop().call_soon(self.ask)  # the parser is not done with this one

    def connection_lost(self, error: Exception | None) -> None:
        self.load.wrong += self.under_way
        for each in (self.warm, self.done):
            if not each.done():
                each.set_result(None)


async def loaded(server: Server, load: Load, connections: int) -> tuple[float, float]:
    """Ask over so many connections at once; return the real and the processor seconds that it took."""
    loop = asyncio.get_running_loop()
    clients: list[Client] = []
    for _ in range(connections):
        made = Client(load, loop.create_future(), loop.create_future())
        await loop.create_connection(lambda made=made: made, "127.0.0.1", server.port)
        clients.append(made)
    await asyncio.wait_for(asyncio.gather(*(each.warm for each in clients)), 120)
    cpu, began = server.cpu(), time.perf_counter()
    load.until = began + load.seconds
    for each in clients:
        each.ask()
    await asyncio.wait_for(asyncio.gather(*(each.done for each in clients)), 120)
    return time.perf_counter() - began, server.cpu() - cpu


# --- the proxies ------------------------------------------------------------------------------------------------------


@dataclass
class Server:
    """A process that answers at a port."""

    name: str
    port: int
    pid: int
    prefix: str = ""

    def cpu(self) -> float:
        """Processor seconds so far, those of its children that live included; 0 where nobody tells."""
        return sum(map(_cpu, (self.pid, *_children(self.pid))))

    def memory(self) -> float:
        """Resident memory in MB; 0 where nobody tells."""
        try:
            status = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return 0.0
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def _children(pid: int) -> list[int]:
    try:
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def process(name: str, command: list[str], port: int, folder: Path, prefix: str = "") -> Iterator[Server]:
    with (folder / f"{name.replace(' ', '-')}.log").open("w") as log:
        started = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                if started.poll() is not None:
                    raise RuntimeError(f"{name} did not start: {Path(log.name).read_text()[-500:]}") from None
                time.sleep(0.1)
        yield Server(name, port, started.pid, prefix)
    finally:
        started.terminate()
        started.wait(30)


def ours(name: str, *args: str, folder: Path, origin: str) -> Any:
    port = free_port()
    command = [sys.executable, "-m", "pytest_llmchaos", "serve", "--listen", f"127.0.0.1:{port}", "--token", TOKEN]
    return process(name, [*command, *args, "--origin", f"openai={origin}"], port, folder / name, "/openai")


def nginx(folder: Path, origin: str) -> Any:
    port = free_port()
    (folder / "nginx.conf").write_text(
        f"worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        "events { worker_connections 2048; }\n"
        "http { access_log off; upstream u { server "
        + origin.removeprefix("http://")
        + f"; keepalive 256; }} server {{ listen 127.0.0.1:{port}; keepalive_requests 1000000;\n"
        'location / { proxy_pass http://u; proxy_http_version 1.1; proxy_set_header Connection ""; '
        "proxy_buffering off; } } }\n"
    )
    return process("nginx", ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], port, folder)


def mitmproxy(folder: Path, origin: str) -> Any:
    port = free_port()
    command = ["mitmdump", "-q", "--mode", f"reverse:{origin}", "--listen-host", "127.0.0.1", "-p", str(port)]
    return process("mitmproxy", [*command, "--set", f"confdir={folder}/mitm"], port, folder)


def inject(server: Server, what: str) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}/__llmchaos/inject",
        json.dumps({"what": what}).encode(),
        {"authorization": f"Bearer {TOKEN}", "host": f"127.0.0.1:{server.port}"},
    )
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=30) as answer:
        answer.read()


# --- what is measured -------------------------------------------------------------------------------------------------


def body(*, stream: bool, slow: bool = False) -> bytes:
    asked = {"model": "gpt-5", "stream": stream, "messages": [{"role": "user", "content": "Where is my order? " * 40}]}
    return json.dumps({**asked, "user": "slow"} if slow else asked).encode()


@dataclass
class Cell:
    """One measurement: requests a processor second and a real second, and milliseconds."""

    core: float
    wall: float
    p50: float
    p99: float

    def __str__(self) -> str:
        core = f"{self.core:>8,.0f}" if self.core else f"{'-':>8}"
        return f"{core} {self.wall:>8,.0f} {self.p50:>8.2f} {self.p99:>8.2f}"


def measured(loop: Any, server: Server, connections: int, seconds: float, *, stream: bool) -> Cell:
    path = f"{server.prefix}/v1/chat/completions"
    load = Load(path, body(stream=stream), seconds=seconds)
    wall, cpu = loop.run_until_complete(loaded(server, load, connections))
    if load.wrong:
        print(f"{server.name}: {load.wrong} answers broke off")
    took = sorted(load.took)
    return Cell(
        len(took) / cpu if cpu else 0.0,
        len(took) / wall,
        took[len(took) // 2] * 1000,
        took[len(took) * 99 // 100] * 1000,
    )


def compare(loop: Any, servers: list[Server], connections: list[int], seconds: float) -> None:
    for stream in (False, True):
        for count in connections:
            what = f"a stream of {EVENTS} events" if stream else "2 KB of JSON"
            print(f"\n{what}, {count} connection{'s' * (count != 1)}")
            print(f"{'':32} {'per core':>8} {'per s':>8} {'p50 ms':>8} {'p99 ms':>8}   a core, to each of the others")
            cells: dict[str, Cell] = {}
            for server in servers:
                cells[server.name] = measured(loop, server, count, seconds, stream=stream)
            for name, cell in cells.items():
                ratios = [
                    f"{cell.core / other.core:.2f} x {its}"
                    for its, other in cells.items()
                    if its != name and other.core
                ]
                print(f"{name:32} {cell}   {', '.join(ratios)}")


def streams_at_once(loop: Any, server: Server, count: int) -> None:
    load = Load(f"{server.prefix}/v1/chat/completions", body(stream=True, slow=True), most=count)
    loop.run_until_complete(loaded(server, load, count))
    least = PACE * EVENTS
    slowest = max(load.took, default=0.0)
    print(
        f"{server.name}: {count} streams at once, {len(load.took)} whole, {load.wrong} broken, statuses "
        f"{sorted(load.statuses)}; the slowest took {slowest:.2f} s of {least:.2f} s at least"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    parser.add_argument("--connections", type=int, nargs="*", default=[1, 10, 100])
    parser.add_argument("--upstream", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.upstream:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(upstream(given.upstream))
        return
    loop = new_event_loop()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        port = free_port()
        origin = f"http://127.0.0.1:{port}"
        command = [sys.executable, __file__, "--upstream", str(port)]
        servers = [stack.enter_context(process("the bare upstream", command, port, folder))]
        real = ("--upstream", "real")
        for name, args in {"healthy": real, "a fault strikes": real, "simulated": ()}.items():
            (folder / f"llmchaos {name}").mkdir()
            servers.append(stack.enter_context(ours(f"llmchaos {name}", *args, folder=folder, origin=origin)))
        inject(servers[2], "outage -> openai")
        for name, start in {"nginx": nginx, "mitmdump": mitmproxy}.items():
            if shutil.which(name):
                servers.append(stack.enter_context(start(folder, origin)))
            else:
                print(f"{name} is not in PATH, and left out")
        compare(loop, servers, given.connections, given.seconds)
        print()
        for server in servers[1:]:
            print(f"{server.name}: {server.memory():.0f} MB")
        streams_at_once(loop, servers[1], 200)
        streams_at_once(loop, servers[3], 200)
    loop.close()


if __name__ == "__main__":
    main()
