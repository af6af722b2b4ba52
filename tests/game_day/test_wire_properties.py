"""Whatever bytes come, in whatever pieces: each whole request is answered once, and nothing else is."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from pytest_llmchaos.game_day.wire import Connection, Limits

GOOD = (
    b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
    b"POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nT: v\r\n\r\n",
    b"PUT /d HTTP/1.0\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n",
    b"GET http://api.openai.com/v1/models HTTP/1.1\r\nHost: api.openai.com\r\n\r\n",
)
PIECES = st.sampled_from(
    [*GOOD, b"\r\n", b"\n", b"\x00", b" ", b":", b"Content-Length: 3\r\n", b"Transfer-Encoding: chunked\r\n\r\n",
     b"GET ", b"/ HTTP/1.1\r\n", b"Upgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
     b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"-1\r\n"]
)  # fmt: skip


class Transport:
    """Takes what is written, as a socket would."""

    def __init__(self) -> None:
        self.sent = b""
        self.closed = False

    def get_extra_info(self, name):
        return None

    def is_closing(self):
        return self.closed

    def write(self, data):
        assert not self.closed
        self.sent += data

    def close(self):
        self.closed = True

    abort = pause_reading = resume_reading = close


def answers(data: list[bytes]) -> tuple[list[tuple[str, str, bytes]], bytes, list[dict]]:
    """Feed the pieces; return what was asked, what was sent back, and what went wrong on our side."""
    asked, wrong = [], []

    async def service(request, reply):
        asked.append((request.method, request.target, request.body))
        await reply.send(200, b"ok", "text/plain")

    async def main():
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: wrong.append(context))
        transport, alive = Transport(), set()
        connection = Connection(service, Limits(ahead=100), alive)
        connection.connection_made(transport)
        for each in data:
            if not transport.closed:
                connection.data_received(each)
                for _ in range(4):
                    await asyncio.sleep(0)
        for _ in range(40):
            await asyncio.sleep(0)
        connection.connection_lost(None)
        assert not alive
        return transport.sent

    return asked, asyncio.run(main()), wrong


@given(st.lists(st.sampled_from(GOOD), min_size=1, max_size=4), st.data())
def test_good_requests_are_read_however_they_are_cut(requests, data):
    """One by one, all of them, with their bodies."""
    whole = b"".join(requests)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(whole) - 1), max_size=12)))
    pieces = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    at_once = answers([whole])
    assert len(at_once[0]) == len(requests)
    assert answers(pieces) == at_once


@given(st.lists(PIECES | st.binary(max_size=12), min_size=1, max_size=8))
def test_nonsense_breaks_nothing_of_ours(pieces):
    """It is refused, or waited for, and every answer is to a request that was whole."""
    asked, sent, wrong = answers(pieces)
    assert wrong == []
    assert sent.count(b"HTTP/1.1 200 OK\r\n") == len(asked)
    assert sent.count(b"HTTP/1.1 ") - len(asked) <= 1


@given(st.sampled_from(GOOD), st.data())
def test_a_changed_byte_is_told_or_harmless(request, data):
    """Never two requests where one was sent."""
    at = data.draw(st.integers(0, len(request) - 1))
    changed = request[:at] + bytes([data.draw(st.integers(0, 255))]) + request[at + 1 :]
    asked, _, wrong = answers([changed])
    assert wrong == []
    assert len(asked) <= 1
