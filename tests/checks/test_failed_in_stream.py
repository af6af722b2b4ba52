"""What the checks say of calls that failed after a good status: in simulation and passthrough, sync and async."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

import httpx
import pytest

from pytest_llmchaos import faults

from .apps import CLAUDE as CLAUDE_MODEL
from .apps import under, verdict

SAID = [{"role": "user", "content": "hi"}]
OPENAI = ("https://api.openai.com/v1/chat/completions", {"model": "gpt-5", "messages": SAID, "stream": True})
CLAUDE = (
    "https://api.anthropic.com/v1/messages",
    {"model": CLAUDE_MODEL, "max_tokens": 9, "messages": SAID, "stream": True},
)
GEMINI = (
    "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse",
    {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
)
CONVERSE = (
    "https://bedrock-runtime.us-east-1.amazonaws.com/model/amazon.nova-pro-v1%3A0/converse-stream",
    {"messages": [{"role": "user", "content": [{"text": "hi"}]}]},
)
PLACES = {"openai": OPENAI, "anthropic": CLAUDE, "gemini": GEMINI, "bedrock": CONVERSE}

# An error in each SSE dialect that no retry cures, and one that passes.
FOR_GOOD = {
    "openai": {"error": {"message": "bad", "type": "invalid_request_error", "code": "context_length_exceeded"}},
    "anthropic": {"type": "error", "error": {"type": "invalid_request_error", "message": "bad"}},
    "gemini": {"error": {"code": 400, "message": "bad", "status": "INVALID_ARGUMENT"}},
}
PASSING = {
    "openai": {"error": {"message": "busy", "type": "server_error", "code": "server_error"}},
    "anthropic": {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
    "gemini": {"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}},
}


def sse(error: Any, end: str = "\n\n") -> httpx.MockTransport:
    """Return what answers each call with a stream that is nothing but this error."""
    data = f"event: error\ndata: {json.dumps(error)}{end}".encode()
    headers = {"content-type": "text/event-stream"}
    return httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, stream=httpx.ByteStream(data)))


def ask(place: str, transport: Any = None, *, pieces: int | None = None, keep: list | None = None) -> None:
    """Read a stream, or its first pieces; with `keep` it is left open."""
    url, body = PLACES[place]
    client = httpx.Client(transport=transport)
    asked = client.stream("POST", url, json=body)
    parts = asked.__enter__().iter_raw()
    if keep is not None:
        keep += [client, asked, parts]
    for _ in range(pieces) if pieces is not None else (None,):
        if pieces is None:
            list(parts)
        else:
            next(parts, None)
    if keep is None:
        asked.__exit__(None, None, None)


async def ask_async(place: str, transport: Any = None) -> None:
    """Read a stream to its end."""
    url, body = PLACES[place]
    async with httpx.AsyncClient(transport=transport) as client, client.stream("POST", url, json=body) as answer:
        async for _ in answer.aiter_raw():
            pass


@pytest.mark.parametrize("place", FOR_GOOD)
@pytest.mark.parametrize("how", ["read", "closed", "open", "async"])
def test_an_error_that_no_retry_cures_is_no_blip(place, how):
    """Nobody is accused of not trying again what can never work, and no breaker counts it."""
    kept: list | None = [] if how == "open" else None
    with under() as chaos:
        for _ in range(2):
            if how == "async":
                asyncio.run(ask_async(place, sse(FOR_GOOD[place])))
            else:
                ask(place, sse(FOR_GOOD[place]), pieces=None if how == "read" else 1, keep=kept)
            if len(chaos.calls) == 1:
                assert verdict(chaos, "survives_a_blip").outcome == "inconclusive"
                assert "failure that passes" in verdict(chaos, "survives_a_blip").reason
    assert [each.outcome for each in chaos.calls] == ["200 stream_error"] * 2
    assert verdict(chaos, "breaker", opens_after=1, half_opens_after="30s").outcome == "inconclusive"
    assert verdict(chaos, "permanent_errors_not_retried").outcome == "violated"


@pytest.mark.parametrize("place", PASSING)
def test_an_error_that_passes_is_one(place):
    """It is a blip that was not survived, and a failure that opens a breaker."""
    with under() as chaos:
        ask(place, sse(PASSING[place]))
        assert verdict(chaos, "survives_a_blip").outcome == "violated"
        ask(place, sse(PASSING[place]))
    assert verdict(chaos, "breaker", opens_after=1, half_opens_after="30s").outcome == "violated"
    assert verdict(chaos, "permanent_errors_not_retried").outcome == "inconclusive"


def test_an_error_that_was_closed_behind_its_line():
    """Who acts on the line before its event has ended was told, and has not closed a good stream."""
    with under() as chaos:
        ask("openai", sse(PASSING["openai"], end="\n"), pieces=1)
    assert chaos.calls[0].failed


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("fault", [faults.stream_error(after=0), faults.stream_cut(after=0)])
def test_a_stream_that_began_and_had_no_content(place, fault):
    """No check says that none was asked for."""
    with under(fault) as chaos, suppress(httpx.HTTPError):
        ask(place)
    told = [verdict(chaos, "first_token_within", within="5s"), verdict(chaos, "idle_gap_within", within="5s")]
    assert [each for each in told if "let the app ask for a stream" in each.reason] == []
    assert chaos.calls[0].outcome in told[0].reason
    assert "let the first provider fail" not in verdict(chaos, "fallback_well_formed").reason


@pytest.mark.parametrize("place", PLACES)
def test_half_an_answer_is_not_told_as_none(place):
    """It is not whole, and that is what is said."""
    with under(faults.stream_cut(after=5)) as chaos, suppress(httpx.HTTPError):
        ask(place)
    reason = verdict(chaos, "answered_within", within="5s").reason
    assert ("no whole answer" in reason) == bool(chaos.calls[0].answer.text)
    assert chaos.calls[0].answer.text


def test_a_spent_quota_is_no_blip():
    """A 429 that no waiting cures does not pass."""
    with under(faults.quota_exhausted(target="openai")) as chaos:
        httpx.post(OPENAI[0], json={**OPENAI[1], "stream": False})
    assert verdict(chaos, "survives_a_blip").outcome == "inconclusive"
