"""What lies beneath the faults in these tests: the same two answers, from a mock, a cassette or a server."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import yaml

URL = "https://api.groq.com/openai/v1/chat/completions"
MESSAGES = [{"role": "user", "content": "hi"}]
BODY = {"model": "llama-3.3-70b-versatile", "messages": MESSAGES}
STREAM = {**BODY, "stream": True}

SSE = {"content-type": "text/event-stream"}


def _chunk(text: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": BODY["model"]}
    return b"data: " + json.dumps({**head, "choices": [choice]}).encode() + b"\n\n"


EVENTS = [_chunk("mine"), _chunk(" two"), _chunk(" three", "stop"), b"data: [DONE]\n\n"]
STREAMED = b"".join(EVENTS)
WHOLE = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": BODY["model"],
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "mine"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
}


def cassette(*urls: str, streams: bool = True) -> str:
    """Return a cassette of both answers of each URL, as VCR.py writes one."""

    def interaction(url: str, body: Any, content_type: str, answer: str) -> dict[str, Any]:
        request = {"method": "POST", "uri": url, "headers": {}, "body": json.dumps(body, separators=(",", ":"))}
        headers = {"Content-Type": [content_type]}
        response = {"status": {"code": 200, "message": "OK"}, "headers": headers, "body": {"string": answer}}
        return {"request": request, "response": response}

    recorded = []
    for url in urls or (URL,):
        recorded.append(interaction(url, BODY, "application/json", json.dumps(WHOLE)))
        if streams:
            recorded.append(interaction(url, STREAM, SSE["content-type"], STREAMED.decode()))
    return yaml.safe_dump({"version": 1, "interactions": recorded})


@dataclass
class Got:
    """What an app got: status, the body's bytes, and what was raised while it was read."""

    status: int | None = None
    body: bytes = b""
    error: Exception | None = None


def ask(lib: ModuleType, url: str, body: Any) -> Got:
    """Ask with a client of httpx or httpx2."""
    got = Got()
    try:
        with lib.Client() as client, client.stream("POST", url, json=body) as response:
            got.status = response.status_code
            for piece in response.iter_raw():
                got.body += piece
    except lib.TransportError as error:
        got.error = error
    return got


def ask_async(lib: ModuleType, url: str, body: Any) -> Got:
    """Ask with an async client."""
    got = Got()

    async def run() -> None:
        try:
            async with lib.AsyncClient() as client, client.stream("POST", url, json=body) as response:
                got.status = response.status_code
                async for piece in response.aiter_raw():
                    got.body += piece
        except lib.TransportError as error:
            got.error = error

    asyncio.run(run())
    return got
