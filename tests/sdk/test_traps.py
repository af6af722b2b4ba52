"""What surprises the users of each SDK, by name; the tables have the same and more, but nobody reads tables first."""

from __future__ import annotations

import asyncio
from collections import defaultdict

import pytest

from pytest_llmchaos import faults, inject

from ..timing import about
from .shapes import MODES, SDKS, ask, client, marks
from .table import CONDITIONS, read


def of(sdk: str):
    """Mark the test as one of that SDK."""

    def marked(test):
        for mark in marks(sdk):
            test = mark(test)
        return test

    return marked


modes = pytest.mark.parametrize("mode", MODES)


# --- no exception: the app goes on with less than it believes --------------------------------------------------------

SILENT = {
    "clean truncation": set(SDKS),
    "error within a stream": {"cohere", "openrouter"},
    "policy refusal": {"gemini", "vertex"},
}
"""The conditions that some SDKs pass over in silence, whether at every way to call them or only at some."""


def test_what_no_exception_tells():
    """A stream that ends too early is an exception nowhere; errors within it and refusals are, but for these SDKs."""
    found = defaultdict(set)
    for reaction in read():
        for name, condition in CONDITIONS.items():
            if reaction.silent and condition.holds(reaction):
                found[name].add(reaction.sdk)
    assert found == SILENT


@of("bedrock")
@pytest.mark.parametrize("form", ["json", "html", "empty"])
def test_boto3s_silent_empty_result(form):
    """An answer that is no JSON is a result without `output` to boto3, and is not tried again."""
    chaos, outcome = ask("bedrock", "converse", "sync", faults.malformed(form=form))
    assert set(outcome.must().result) == {"ResponseMetadata"}
    assert outcome.result["ResponseMetadata"]["HTTPStatusCode"] == 200
    (call,) = chaos.calls
    assert (call.status, call.faults) == (200, ("malformed",))


@of("cohere")
@modes
def test_coheres_swallowed_stream_error(mode):
    """The error ends the stream like an answer that is complete; only the reason of its last event says so."""
    chaos, outcome = ask("cohere", "chat stream", mode, faults.stream_error(after=5))
    *_, last = outcome.must().events
    assert (last.type, last.delta.finish_reason) == ("message-end", "ERROR")
    assert chaos.calls[0].error == "stream_error"


# --- more attempts, or more time, than anybody asked for -------------------------------------------------------------


@of("openrouter")
@modes
@pytest.mark.parametrize("shape", ["chat", "chat stream"])
def test_openrouters_hour_of_retries(shape, mode):
    """A server error is retried until an hour is over, which ends here as it does there."""
    chaos, outcome = ask("openrouter", shape, mode, faults.outage())
    assert type(outcome.error).__name__ == "ServiceUnavailableResponseError"
    assert 3600 < chaos.now < 3720
    assert 60 < len(chaos.calls) < 90


@of("openrouter")
def test_openrouters_hour_ends_at_the_apps_own_deadline():
    """What the app can do about it: a limit of its own around the call."""
    sdk, how = client("openrouter", "async"), SDKS["openrouter"].calls["chat"]

    async def app() -> None:
        async with asyncio.timeout(30):
            await sdk.chat.send_async(**how.given)

    with inject(faults.outage()) as chaos, pytest.raises(TimeoutError):
        asyncio.run(app())
    assert chaos.now == about(30, 0.5)


@of("watsonx")
def test_watsonxs_two_layers_of_retries_multiply():
    """Four tries of the transport in each of the eleven of the layer above it: one question is 44 requests."""
    chaos, outcome = ask("watsonx", "chat", "sync", faults.outage())
    assert type(outcome.error).__name__ == "ApiRequestFailure"
    assert len(chaos.calls) == 44
    assert 78 < chaos.now < 93


# --- one SDK, two behaviours -----------------------------------------------------------------------------------------


@of("gemini")
@pytest.mark.parametrize(("mode", "via"), [("sync", "httpx2"), ("async", "aiohttp")])
def test_google_genais_async_goes_over_aiohttp(mode, via):
    """A tool that knows only one of the two libraries misses half of the app's calls."""
    chaos, outcome = ask("gemini", "content", mode)
    outcome.must()
    assert [call.via for call in chaos.calls] == [via]


@of("gemini")
def test_google_genais_timeout_is_one_of_the_whole_over_aiohttp():
    """A stream that keeps coming never times out in sync code; in async code it ends in the middle."""
    slow = faults.latency("1s", between_tokens="1500ms")
    chaos, outcome = ask("gemini", "content stream", "sync", slow, timeout=5)
    assert outcome.must().events[-1].candidates[0].finish_reason == "STOP"
    assert chaos.now > 5
    chaos, outcome = ask("gemini", "content stream", "async", slow, timeout=5)
    assert type(outcome.error) is TimeoutError
    assert str(outcome.error) == ""
    assert len(outcome.events) == 3
    assert chaos.now == about(5, 0.5)


@of("gemini")
@pytest.mark.parametrize(("mode", "attempts"), [("sync", 1), ("async", 2)])
def test_google_genai_retries_a_broken_connection_over_aiohttp_alone(mode, attempts):
    """Retries are off, yet an async call that met a reset is sent once more."""
    chaos, outcome = ask("gemini", "content", mode, faults.connection_reset())
    assert outcome.error is not None
    assert len(chaos.calls) == attempts


@of("watsonx")
@pytest.mark.parametrize("fault", [faults.outage(), faults.rate_limit()], ids=["outage", "rate limit"])
def test_watsonxs_async_chat_falls_over_its_own_retry(fault):
    """It closes the async answer by the sync method, and the app gets httpx's complaint instead of the provider's."""
    _, outcome = ask("watsonx", "chat", "async", fault)
    assert type(outcome.error) is RuntimeError
    assert str(outcome.error) == "Attempted to call an sync close on an async stream."


@of("replicate")
@modes
def test_replicates_timeout_is_none_while_a_prediction_is_waited_for(mode):
    """The client's limit of 5 s gives way to one of a minute."""
    chaos, outcome = ask("replicate", "run", mode, faults.latency("20s"), timeout=5)
    outcome.must()
    assert chaos.now == about(20, 0.5)


@of("cohere")
@pytest.mark.parametrize(("shape", "attempts"), [("chat", 3), ("chat stream", 1)])
def test_cohere_never_retries_a_stream(shape, attempts):
    """What `chat` survives, `chat_stream` does not."""
    chaos, outcome = ask("cohere", shape, "sync", faults.outage())
    assert type(outcome.error).__name__ == "ServiceUnavailableError"
    assert len(chaos.calls) == attempts


@of("bedrock")
def test_boto3_ignores_retry_after():
    """The wait that every other SDK keeps is none to boto3."""
    chaos, _ = ask("bedrock", "converse", "sync", faults.rate_limit(retry_after="30s"))
    assert len(chaos.calls) == 3
    assert chaos.now < 4
