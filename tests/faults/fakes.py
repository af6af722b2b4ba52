"""A small provider of no vendor, and calls to it: faults are tested without any real wire format."""

from __future__ import annotations

import json
from typing import Any

from pytest_llmchaos.core.call import Call
from pytest_llmchaos.core.draw import Draw
from pytest_llmchaos.core.plan import Answer, Plan
from pytest_llmchaos.providers import Provider

JSON = (("content-type", "application/json"), ("content-length", "99"), ("x-request-id", "req_1"))
SSE = (("content-type", "text/event-stream"), ("x-request-id", "req_1"))
DONE = b"data: [DONE]\n\n"


class FakeProvider(Provider):
    """Answers with three words and, streamed, a terminator; fails with 599 and what it was told."""

    dialect = "fake"

    def route(self, method, path):
        """Know no path: calls are made by hand."""

    def read(self, route, request):
        """Read nothing, for the same reason."""

    def answer(self, call, reply, draw):
        """Say three words, plain or streamed."""
        if call.stream:
            return Answer(200, SSE, (*events(3), DONE), events=True)
        body = json.dumps({"id": draw.hex(8), "text": "größer als gestern 🙂"}, ensure_ascii=False).encode()
        return Answer(200, JSON, (body[:5], body[5:]))

    def error(self, kind, call, draw, **details: Any):
        """Fail in a way that shows what was asked for."""
        return Answer(599, JSON, (json.dumps({"kind": kind, **details}).encode(),))

    def stream_error(self, call, draw):
        """Fail within a stream."""
        return b'data: {"error": "boom"}\n\n'


def events(count):
    """So many events, as bytes."""
    return tuple(b'event: word\ndata: {"word": "w%d"}\n\n' % number for number in range(count))


def call(*, stream=False, operation="chat"):
    """A call to the fake provider."""
    return Call("fake", operation, "m-1", stream, "POST", "fake.example", "/v1/chat", FakeProvider())


def draw(key="k"):
    """Chance for one call."""
    return Draw(key, 1_700_000_000.0)


def healthy(*, stream=False, count=3):
    """A plan that answers well; streamed, with so many events and the terminator."""
    if not stream:
        return Plan(FakeProvider().answer(call(), None, draw()).steps)
    return Plan(Answer(200, SSE, (*events(count), DONE), events=True).steps)


def applied(injection, plan=None, *, stream=False, key="k"):
    """The steps after one fault."""
    return list(injection.fault.apply(plan or healthy(stream=stream), call(stream=stream), draw(key)).steps())
