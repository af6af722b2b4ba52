"""A fault has struck when the app met it: its step was played, or the answer that it gave was delivered."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

import aiohttp
import httpx2
import pytest
import requests

from pytest_llmchaos import ChaosFailed, Phase, Scenario, faults, inject
from pytest_llmchaos.core.errors import ParameterError, UsageProblem
from pytest_llmchaos.scenarios.scenario_file import ScenarioError, loads

HOST = "https://api.openai.com/v1"
CHAT = {"model": "gpt-5", "messages": [{"role": "user", "content": "hi"}]}
STREAM = {**CHAT, "stream": True}
VECTORS = {"model": "text-embedding-3-small", "input": "x"}


def plain(body=CHAT, path="chat/completions", **limits):
    """Ask for a whole answer."""
    return httpx2.Client(**limits).post(f"{HOST}/{path}", json=body)


def events(most, **limits):
    """Read that many pieces of a stream (None: all), and leave."""
    with httpx2.Client(**limits).stream("POST", f"{HOST}/chat/completions", json=STREAM) as response:
        pieces = response.iter_raw()
        for number, _ in enumerate(pieces, 1):
            if number == most:
                return
        assert most is None


def unread():
    """Open a stream and never read it."""
    client = httpx2.Client()
    return client.send(client.build_request("POST", f"{HOST}/chat/completions", json=STREAM), stream=True)


def vectors():
    """Ask for an embedding."""
    return plain(VECTORS, "embeddings")


def struck(*injections, app=plain, **options):
    """Return which faults struck the calls of an app that takes no harm, and what is told of those that did not."""
    told = ""
    try:
        with inject(*injections, checks=[], **options) as chaos, suppress(httpx2.HTTPError):
            app()
    except ChaosFailed as failed:
        told = str(failed)
    return [name for call in chaos.calls for name in call.faults], told


MET = [
    ([faults.latency("2s"), faults.outage()], plain, ["latency", "outage"]),
    ([faults.latency("20s")], lambda: plain(timeout=5), ["latency"]),
    ([faults.latency("1s"), faults.latency("2s")], plain, ["latency", "latency"]),
    ([faults.latency("0s", first_token="2s")], lambda: events(1), ["latency"]),
    ([faults.connection_refused()], plain, ["connection_refused"]),
    ([faults.connect_timeout()], lambda: plain(timeout=5), ["connect_timeout"]),
    ([faults.no_response()], lambda: plain(timeout=5), ["no_response"]),
    ([faults.malformed()], plain, ["malformed"]),
    ([faults.malformed("empty")], plain, ["malformed"]),
    ([faults.wrong_output()], plain, ["wrong_output"]),
    ([faults.wrong_output("wrong_language")], lambda: events(3), ["wrong_output"]),
    ([faults.wrong_output("length")], lambda: events(None), ["wrong_output"]),
    ([faults.wrong_embeddings()], vectors, ["wrong_embeddings"]),
    ([faults.wrong_embeddings(7)], vectors, ["wrong_embeddings"]),
    ([faults.model_substituted()], plain, ["model_substituted"]),
    ([faults.model_substituted()], lambda: events(1), ["model_substituted"]),
    ([faults.price_multiplied()], plain, ["price_multiplied"]),
    ([faults.mix([faults.outage(), faults.overloaded()])], plain, ["outage", "overloaded"]),
    ([faults.stream_cut(3)], lambda: events(None), ["stream_cut"]),
    ([faults.stream_cut(99)], lambda: events(None), ["stream_cut"]),
    ([faults.stream_truncated(2)], lambda: events(None), ["stream_truncated"]),
    ([faults.stream_error(0)], lambda: events(1), ["stream_error"]),
    ([faults.stream_duplicate(1)], lambda: events(2), ["stream_duplicate"]),
    ([faults.stream_stall(2)], lambda: events(None, timeout=5), ["stream_stall"]),
    ([faults.stream_heartbeats(1, "1m")], lambda: events(2), ["stream_heartbeats"]),
    ([faults.stream_split()], lambda: events(1), ["stream_split"]),
    ([faults.stream_drip()], lambda: events(2), ["stream_drip"]),
    ([faults.stream_held_open("1s")], lambda: events(None), ["stream_held_open"]),
    ([faults.stream_unfinished()], lambda: events(None), ["stream_unfinished"]),
    ([faults.model_substituted(), faults.stream_cut(2)], lambda: events(None), ["model_substituted", "stream_cut"]),
    ([faults.wrong_output(), faults.latency("1s")], plain, ["latency", "wrong_output"]),
]


@pytest.mark.parametrize(
    ("given", "app", "names"), MET, ids=lambda value: str(value) if isinstance(value, list) else ""
)
def test_what_the_app_met_has_struck(given, app, names):
    """It is told in the exchange, in the order in which it came."""
    found, told = struck(*given, app=app)
    assert not told
    assert found == names or (len(given) == 1 and given[0].fault.name == "mix" and found[0] in names)


NOT_MET = [
    ([faults.rate_limit(), faults.outage()], plain, "rate_limit", "another fault answered in its place (1 call)"),
    ([faults.outage(), faults.connection_refused()], plain, "outage", "another fault answered in its place"),
    ([faults.connection_refused(), faults.latency("1s")], plain, "latency", "ended in connection_refused before"),
    (
        [faults.connection_refused(), faults.stream_cut()],
        lambda: events(None),
        "stream_cut",
        "connection_refused before",
    ),
    ([faults.outage(), faults.stream_cut()], lambda: events(None), "stream_cut", "the call ended in 503 before it"),
    ([faults.outage(), faults.price_multiplied()], plain, "price_multiplied", "the call ended in 503 before it"),
    ([faults.latency("9s"), faults.outage()], lambda: plain(timeout=5), "outage", "ended in read_timeout before it"),
    ([faults.stream_stall(1), faults.stream_cut(2)], lambda: events(None, timeout=5), "stream_cut", "read_timeout"),
    ([faults.stream_cut(3)], lambda: events(1), "stream_cut", "it read 1 piece of the answer"),
    ([faults.stream_cut(3)], lambda: events(3), "stream_cut", "it read 3 pieces of the answer"),
    ([faults.stream_truncated(3)], lambda: events(3), "stream_truncated", "it read 3 pieces of the answer"),
    ([faults.stream_error(3)], unread, "stream_error", "it read none of it"),
    ([faults.stream_split()], unread, "stream_split", "it read none of it"),
    ([faults.stream_duplicate(2)], lambda: events(2), "stream_duplicate", "it read 2 pieces"),
    ([faults.stream_held_open()], lambda: events(2), "stream_held_open", "it read 2 pieces"),
    ([faults.stream_unfinished()], lambda: events(1), "stream_unfinished", "it read 1 piece"),
    ([faults.latency("0s", between_tokens="1s")], lambda: events(1), "latency", "it read 1 piece"),
    ([faults.malformed()], unread, "malformed", "it read none of it"),
    ([faults.wrong_output("truncated")], lambda: events(1), "wrong_output", "it read 1 piece"),
    ([faults.latency("0s", first_token="1s")], plain, "latency", "it changed nothing (1 call)"),
    ([faults.wrong_embeddings(1536)], vectors, "wrong_embeddings", "it changed nothing"),
    ([faults.model_substituted("gpt-5")], plain, "model_substituted", "it changed nothing"),
]


@pytest.mark.parametrize(
    ("given", "app", "name", "why"), NOT_MET, ids=lambda value: str(value) if isinstance(value, list) else ""
)
def test_what_the_app_never_met_has_not(given, app, name, why):
    """It fails the test as unused, with the reason, and stands nowhere as a fault of the call."""
    found, told = struck(*given, app=app)
    assert "nothing was injected by 1 of the test's own faults" in told
    assert f"{name}" in told
    assert why in told
    assert found == [each.fault.name for each in given if each.fault.name != name]


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: faults.latency("0s"), "0s delays nothing"),
        (lambda: faults.latency({"distribution": "uniform", "min": 0, "max": 0}), "0s delays nothing"),
        (lambda: faults.stream_stall(delay="0s"), "0s is no silence"),
        (lambda: faults.stream_held_open("0s"), "0s holds nothing open"),
        (lambda: faults.stream_heartbeats(delay=0), "0s has room for no heartbeat"),
        (lambda: faults.price_multiplied(1), "1 leaves the price as it is"),
        (lambda: faults.model_substituted("gpt-5", target="openai/gpt-5"), "gpt-5 would take the place of itself"),
        (lambda: faults.mix([faults.outage(), {"fault": "latency", "delay": "0s"}]), "0s delays nothing"),
    ],
)
def test_parameters_that_can_do_nothing_are_refused(make, why):
    """Where it shows when they are written, nobody has to call anything for it."""
    with pytest.raises((ParameterError, UsageProblem), match=why):
        inject(make())


def test_in_a_file_its_place_is_told():
    """The parameter that makes it so, by line and column."""
    text = "name: late\ntitle: Late\nphases:\n  - name: a\n    inject:\n      - {fault: latency, delay: 0s}\n"
    with pytest.raises(ScenarioError, match=r"<scenario>:6:33: delay: 0s delays nothing"):
        loads(text)


def test_a_substitute_for_itself_among_others_is_none():
    """Some of the calls may well ask for another model."""
    given = faults.model_substituted("gpt-5", target=["openai/gpt-5", "anthropic"])
    assert struck(given)[1].count("it changed nothing") == 1


def test_the_answer_from_beneath_is_compared_too():
    """With an upstream of one's own a fault strikes where it changes what that said."""
    mock = httpx2.MockTransport(lambda _: httpx2.Response(200, json={"model": "gpt-5-2025-08-07", "choices": []}))
    for by, found in (("grok-4.3", ["model_substituted"]), ("gpt-5-2025-08-07", [])):
        names, told = struck(faults.model_substituted(by), app=lambda: plain(transport=mock))
        assert (names, "it changed nothing" in told) == (found, not found)


def test_a_cancelled_wait_was_begun():
    """An app that gives up while it waits has met the latency, and nothing behind it."""

    async def impatient():
        async with httpx2.AsyncClient() as client:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(2):
                    await client.post(f"{HOST}/chat/completions", json=CHAT)

    names, told = struck(faults.latency("9s"), faults.outage(), app=lambda: asyncio.run(impatient()))
    assert names == ["latency"]
    assert "outage" in told


@pytest.mark.parametrize("read", [1, None])
def test_the_other_stacks_count_the_same(read):
    """requests and aiohttp read a stream no further ahead than the app does."""

    def by_requests():
        with requests.post(f"{HOST}/chat/completions", json=STREAM, stream=True, timeout=5) as response:
            for number, _ in enumerate(response.iter_lines(), 1):
                if number == read:
                    return

    async def by_aiohttp():
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{HOST}/chat/completions", json=STREAM) as response,
        ):
            number = 0
            async for _ in response.content:
                number += 1
                if number == read:
                    await asyncio.sleep(60)
                    return

    for app in (by_requests, lambda: asyncio.run(by_aiohttp())):
        names, told = struck(faults.stream_duplicate(4), app=app)
        assert (names, bool(told)) == (([], True) if read else (["stream_duplicate"], False))


def test_calls_of_many_threads_are_counted_each():
    """No strike is lost or counted twice."""
    scenario = Scenario("s", (Phase("p", (faults.outage(),)),))
    with inject(scenario, checks=[]) as chaos:
        threads = [threading.Thread(target=plain) for _ in range(16)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert [call.faults for call in chaos.calls] == [("outage",)] * 16
        assert chaos.players[0]._done["0.0.0"]["hit"] == 16


def test_a_scenario_tells_which_of_its_parts_struck_nothing():
    """It counts as struck, and what of it did not is told."""
    parts = (
        Phase("slow", (faults.latency("1s"), faults.stream_cut(stream=True)), "1m"),
        Phase("gone", (faults.outage(),)),
    )
    with inject(Scenario("s", parts), checks=[]) as chaos:
        plain()
    assert chaos.players[0].unused() == []
    assert chaos.players[0].unmet() == ["slow: stream_cut -> *, stream True", "gone: outage -> *"]
