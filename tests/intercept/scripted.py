"""A loopback server that answers each connection by a script: the real thing to compare with and to pass through to."""

from __future__ import annotations

import json
import os
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

URL = "https://api.openai.com/v1/chat/completions"
CERTIFICATE = Path(__file__).with_name("localhost.pem")
"""Of 127.0.0.1 and localhost, with its key: valid from 2000 to 2120, and its own authority."""

BODY = {"model": "gpt-5", "messages": [{"role": "user", "content": "hi"}]}
STREAM = {**BODY, "stream": True}

EVENTS = (
    b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-5","choices":'
    b'[{"index":0,"delta":{"content":"one"},"finish_reason":null}]}\n\n',
    b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-5","choices":'
    b'[{"index":0,"delta":{"content":"two"},"finish_reason":"stop"}]}\n\n',
    b"data: [DONE]\n\n",
)
STREAMED = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(data: bytes) -> bytes:
    """Return the data as one chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


class Scripted:
    """Counts what arrives; `requests` are heads and bodies, and `url` is where its chat operation is."""

    def __init__(self, script: Callable[[socket.socket, int], None], tls: bool) -> None:
        self.connections = 0
        self.requests: list[tuple[bytes, bytes]] = []
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = f"http{'s' * tls}://{self.host}/v1/chat/completions"
        self._context = _context() if tls else None
        self._open: list[tuple[threading.Thread, list[socket.socket]]] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def close(self) -> None:
        """Listen no more, and hang up: no thread outlives it, for the run that it began in would linger with it."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()
        for thread, ends in self._open:
            with suppress(OSError):
                socket.socket.shutdown(ends[-1], socket.SHUT_RDWR)  # an SSL socket's own is not for another thread
            thread.join(10)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            ends = [connection]
            self._open.append((threading.Thread(target=self._serve, args=(ends,), daemon=True), ends))
            self._open[-1][0].start()

    def _serve(self, ends: list[socket.socket]) -> None:
        connection = ends[0]
        try:
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
                ends.append(connection)
                connection.do_handshake()
            with connection, connection.makefile("rb") as incoming:
                while request := _request(incoming):
                    self.requests.append(request)
                    self._script(connection, len(self.requests))
        except OSError:
            connection.close()  # it came to no handshake


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


def _request(incoming) -> tuple[bytes, bytes] | None:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = incoming.readline()
        if not line:
            return None
        head += line
    lower = head.lower()
    if b"transfer-encoding: chunked" in lower:
        body = b""
        while size := int(incoming.readline(), 16):
            body += incoming.read(size)
            incoming.readline()
        incoming.readline()
        return head, body
    length = next((int(line.split(b":")[1]) for line in lower.split(b"\r\n") if line.startswith(b"content-length")), 0)
    return head, incoming.read(length)


@contextmanager
def serving(script: Callable[[socket.socket, int], None], *, tls: bool = False) -> Iterator[Scripted]:
    """Serve by a script, which gets the connection and the how-manieth request it is; over TLS by `CERTIFICATE`."""
    server = Scripted(script, tls)
    try:
        yield server
    finally:
        server.close()


def whole(connection: socket.socket, nth: int) -> None:
    """Answer with JSON of known length."""
    body = json.dumps({"mine": nth}).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.sendall(head.encode() + body)


def streamed(connection: socket.socket, nth: int) -> None:
    """Answer with a chunked event stream."""
    connection.sendall(STREAMED + b"".join(map(chunk, EVENTS)) + b"0\r\n\r\n")


def cut(connection: socket.socket, nth: int) -> None:
    """Hang up after one event."""
    connection.sendall(STREAMED + chunk(EVENTS[0]))
    connection.shutdown(socket.SHUT_RDWR)


def disconnect(connection: socket.socket, nth: int) -> None:
    """Hang up without an answer."""
    connection.shutdown(socket.SHUT_RDWR)


def reset(connection: socket.socket, nth: int) -> None:
    """Reset the connection without an answer."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    os.close(connection.detach())  # close() would wait for the file that reads the requests


def refused() -> str:
    """Return the address of a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}/v1/chat/completions"
