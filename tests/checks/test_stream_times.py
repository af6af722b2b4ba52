"""first_token_within and idle_gap_within."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import openai
import pytest

from pytest_llmchaos import checks, faults

from .apps import CLAUDE, MODEL, async_gpt, claude, gpt, said, under, verdict
from .journals import journal

FIRST = checks.find("first_token_within").build(("5s",))
GAP = checks.find("idle_gap_within").build(("5s",))


def stream(outcome: str, lasts: float, first: float | None, gap: float = 0.0, now: float = 0.0):
    """Return a journal of one stream that began at 1 s."""
    made = journal(f"1 openai {outcome} +{lasts}s stream=1", f"{now} !phase later")
    made.exchanges[0].first_event = first
    made.exchanges[0].longest_gap = gap
    return made


@pytest.mark.parametrize(
    ("made", "outcome"),
    [
        (stream("200", 20, 3), "held"),
        (stream("200", 20, 6), "held"),
        (stream("200", 20, 6.1), "violated"),
        (stream("200:cancelled", 4, None), "held"),
        (stream("read_timeout", 5, None), "held"),
        (stream("read_timeout", 30, None), "violated"),
        (stream("200:stream_cut", 30, None), "violated"),
        (stream("open", 0, None, now=9), "violated"),
        (stream("open", 0, None, now=3), "inconclusive"),
        (stream("503", 1, 2), "inconclusive"),
        (stream("503", 9, 10), "violated"),
        (stream("connection_refused", 0, None), "inconclusive"),
        (journal("1 openai 200 +20s"), "inconclusive"),
    ],
)
def test_first_token(made, outcome):
    """Content in time or a call given up in time holds; a failure is no evidence; plain calls are left alone."""
    assert FIRST.judge(made).outcome == outcome


def test_a_stream_under_way_is_judged_later():
    """One that still waits keeps the others from passing."""
    made = journal("0 openai 200 +3s stream=1", "1 openai open stream=1", "2 !phase later")
    made.exchanges[0].first_event = 1
    assert FIRST.judge(made).outcome == "inconclusive"
    made.exchanges[1].first_event = 2
    assert FIRST.judge(made).outcome == "held"
    assert GAP.judge(made).outcome == "inconclusive"


@pytest.mark.parametrize(
    ("made", "outcome"),
    [
        (stream("200", 20, 3, 4), "held"),
        (stream("200", 20, 3, 6), "violated"),
        (stream("200:closed", 20, 3, 5), "held"),
        (stream("open", 20, 3, 6), "violated"),
        (stream("open", 20, 3, 1), "inconclusive"),
        (stream("200:cancelled", 20, None, 20), "inconclusive"),
        (stream("503", 20, 3, 9), "inconclusive"),
    ],
)
def test_idle_gap(made, outcome):
    """The longest silence of a stream that began decides."""
    assert GAP.judge(made).outcome == outcome


async def listen(limit: float | None) -> None:
    """Read a stream; with a limit the app gives up when no word comes in time."""
    async with async_gpt(timeout=30) as client:
        with suppress(TimeoutError):
            async with asyncio.timeout(limit):
                answer = await client.chat.completions.create(model=MODEL, messages=said(), stream=True)
            words = aiter(answer)
            while True:
                try:
                    await asyncio.wait_for(anext(words), limit)
                except StopAsyncIteration:
                    return


@pytest.mark.parametrize(
    ("check", "after"), [("first_token_within", 0), ("idle_gap_within", 4)], ids=["first token", "gap"]
)
@pytest.mark.parametrize(("limit", "outcome"), [(None, "violated"), (8, "held")])
def test_the_app_that_trusts_a_read_timeout(check, after, limit, outcome):
    """Heartbeats start a read timeout again and again; only a limit on the words themselves ends the wait."""
    with under(faults.stream_heartbeats(after=after, delay="5m", every="10s", target="openai")) as chaos:
        asyncio.run(listen(limit))
        assert verdict(chaos, check, "10s").outcome == outcome


def test_a_ping_is_no_content():
    """Anthropic's heartbeat is an event of its own and still says nothing."""
    with under(faults.stream_heartbeats(after=3, delay="5m", every="10s", target="anthropic")) as chaos:
        client = claude()
        for _ in client.messages.create(model=CLAUDE, max_tokens=99, messages=said(), stream=True):
            pass
        assert verdict(chaos, "idle_gap_within", "10s").outcome == "violated"


def openai_words(limit: float) -> None:
    """Read a chat's stream of OpenAI."""
    for _ in gpt(timeout=limit).chat.completions.create(model=MODEL, messages=said(), stream=True):
        pass


def azure_words(limit: float) -> None:
    """Read a stream of Azure, which opens with what its filter says of the prompt."""
    endpoint = "https://west.openai.azure.com"
    client = openai.AzureOpenAI(api_key="test-key", azure_endpoint=endpoint, api_version="2024-10-21", max_retries=0)
    for _ in client.chat.completions.create(model=MODEL, messages=said(), stream=True, timeout=limit):
        pass


def response_words(limit: float) -> None:
    """Read a response's stream of OpenAI."""
    for _ in gpt(timeout=limit).responses.create(model=MODEL, input="Where is my order?", stream=True):
        pass


def anthropic_words(limit: float) -> None:
    """Read a stream of Anthropic."""
    client = claude().with_options(timeout=limit)
    for _ in client.messages.create(model=CLAUDE, max_tokens=99, messages=said(), stream=True):
        pass


@pytest.mark.parametrize("words", [openai_words, azure_words, response_words, anthropic_words])
@pytest.mark.parametrize(("limit", "outcome"), [(120, "violated"), (4, "held")])
def test_the_opening_of_a_stream_is_no_first_token(words, limit, outcome):
    """The envelope comes at once and says nothing: who waits a minute behind it has waited for the first word."""
    with under(faults.stream_stall(after=1, delay="1m")) as chaos:
        with suppress(Exception):
            words(limit)
        assert verdict(chaos, "first_token_within", "5s").outcome == outcome
        assert verdict(chaos, "idle_gap_within", "5s").outcome == outcome


@pytest.mark.parametrize("words", [openai_words, azure_words, response_words, anthropic_words])
def test_the_first_token_of_a_good_stream(words):
    """It is found behind the opening."""
    with under(faults.latency("0s", first_token="2s", between_tokens="100ms")) as chaos:
        words(60)
        assert verdict(chaos, "first_token_within", "3s").outcome == "held"
        assert chaos.calls[0].opened <= chaos.calls[0].first_event
