"""Suites that mock requests or aiohttp, or play cassettes, under `--llmchaos`: the same as with mocks of httpx."""

from __future__ import annotations

import pytest

from .beneath import WHOLE, cassette

APP = f"""
import asyncio

import aiohttp
import pytest
import requests

WHOLE = {WHOLE!r}
FIRST = "https://api.openai.com/v1/chat/completions"
SECOND = "https://api.groq.com/openai/v1/chat/completions"
BODY = {{"model": "m", "messages": [{{"role": "user", "content": "hi"}}]}}

def ask(session=requests):
    for url in (FIRST, SECOND):
        answer = session.post(url, json=BODY, timeout=9)
        if answer.status_code < 400:
            return answer.json()["choices"][0]["message"]["content"]
    raise RuntimeError("nobody answers")

async def ask_async():
    async with aiohttp.ClientSession() as session:
        for url in (FIRST, SECOND):
            async with session.post(url, json=BODY) as answer:
                if answer.ok:
                    return (await answer.json())["choices"][0]["message"]["content"]
    raise RuntimeError("nobody answers")
"""


URLS = {
    "FIRST": "https://api.openai.com/v1/chat/completions",
    "SECOND": "https://api.groq.com/openai/v1/chat/completions",
    "OTHER": "https://shop.example.com/",
}


@pytest.fixture
def suite(pytester, few_plugins):
    """Run an unmarked suite while OpenAI is down."""

    def suite(code: str, scenario: str = "openai-outage", *args: str):
        pytester.makepyfile(test_it=APP + code)
        pytester.makeini("[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n")
        return pytester.runpytest_inprocess(
            *("-p", "llmchaos", "-p", "asyncio", "-p", "requests_mock", "-p", "no:cacheprovider"),
            *(f"--llmchaos={scenario}", *args),
        )

    return suite


RESPONSES = """
import responses

@responses.activate(assert_all_requests_are_fired=True)
def test_decorated():
    responses.post(FIRST, json=WHOLE)
    responses.post(SECOND, json=WHOLE)
    assert ask() == "mine"

def test_block():
    with responses.RequestsMock() as mock:
        mock.post(FIRST, json=WHOLE)
        mock.post(SECOND, json=WHOLE)
        assert ask() == "mine"
        mock.assert_call_count(FIRST, 1)

@pytest.fixture
def mocked():
    with responses.RequestsMock() as mock:
        mock.post(FIRST, json=WHOLE)
        yield mock

def test_fixture(mocked):
    mocked.post(SECOND, json=WHOLE)
    assert ask() == "mine"

def test_no_route(mocked):
    assert ask()

def test_let_through(mocked):
    mocked.add_passthru("https://api.groq.com")
    assert ask()

def test_demands_others(mocked):
    mocked.get("https://shop.example.com/")
    assert ask()
"""

REQUESTS_MOCK = """
import requests_mock as mocking

def test_fixture(requests_mock):
    requests_mock.post(FIRST, json=WHOLE)
    requests_mock.post(SECOND, json=WHOLE)
    assert ask() == "mine"

def test_block():
    with mocking.Mocker() as mock:
        mock.post(FIRST, json=WHOLE)
        mock.post(SECOND, json=WHOLE)
        assert ask() == "mine"
        assert mock.call_count == 1

def test_no_route(requests_mock):
    requests_mock.post(FIRST, json=WHOLE)
    assert ask()

def test_real(requests_mock):
    requests_mock.post(FIRST, real_http=True)
    requests_mock.post(SECOND, real_http=True)
    assert ask()

def test_all_real():
    with mocking.Mocker(real_http=True):
        assert ask()

def test_mounted():
    session, adapter = requests.Session(), mocking.Adapter()
    session.mount("https://", adapter)
    adapter.register_uri("POST", SECOND, json=WHOLE)
    assert ask(session) == "mine"

def test_session():
    session = requests.Session()
    with mocking.Mocker(session=session) as mock:
        mock.post(SECOND, json=WHOLE)
        assert ask(session) == "mine"
"""


def test_responses(suite):
    """What a fault answered is not demanded, what else is demanded still is; without a route there is no mock."""
    pytest.importorskip("responses")
    suite(RESPONSES).assert_outcomes(passed=6, errors=1)


def test_requests_mock(suite):
    """The same, for mocks of all sessions, of one, and of what a session has mounted."""
    pytest.importorskip("requests_mock")
    suite(REQUESTS_MOCK).assert_outcomes(passed=7)


AIORESPONSES = """
from unittest.mock import Mock
from aioresponses import aioresponses

class Answer(aiohttp.ClientResponse):
    def __init__(self, *args, **options):  # aioresponses 0.7.9 knows only what aiohttp before 3.14 asked for
        try:
            super().__init__(*args, **options)
        except TypeError:
            super().__init__(*args, stream_writer=Mock(output_size=0), **options)

GOOD = {"payload": WHOLE, "response_class": Answer}

@pytest.fixture
def mocked():
    with aioresponses() as mock:
        mock.post(FIRST, **GOOD)
        yield mock

async def test_fixture(mocked):
    mocked.post(SECOND, **GOOD)
    assert await ask_async() == "mine"
    mocked.assert_any_call(FIRST, "POST")
    mocked.assert_any_call(SECOND, "POST")
    with pytest.raises(AssertionError):
        mocked.assert_any_call("https://shop.example.com/", "POST")

async def test_block():
    for _ in "ab":
        with aioresponses() as mock:
            mock.post(FIRST, **GOOD)
            mock.post(SECOND, **GOOD)
            assert await ask_async() == "mine"

def test_decorated():
    @aioresponses()
    async def asked(mock):
        mock.post(SECOND, **GOOD)
        return await ask_async()

    assert asyncio.run(asked()) == "mine"

async def test_no_route(mocked):
    assert await ask_async()

async def test_let_through():
    with aioresponses(passthrough=["https://api.groq.com"]):
        assert await ask_async()

async def test_let_all_through():
    with aioresponses(passthrough_unmatched=True) as mock:
        mock.post(FIRST, **GOOD)
        assert await ask_async()
"""


def test_aioresponses(suite):
    """The same for aiohttp, whenever the mock begins."""
    pytest.importorskip("aioresponses")
    suite(AIORESPONSES).assert_outcomes(passed=6)


TAPES = """
import httpx, httpx2, vcr

async def ask_httpx(lib):
    async with lib.AsyncClient() as client:
        for url in (FIRST, SECOND):
            answer = await client.post(url, json=BODY)
            if answer.is_success:
                return answer.json()["choices"][0]["message"]["content"]

def tape(name, **more):
    return vcr.use_cassette(name, **{"record_mode": "none", **more})

WAYS = {
    "requests": ask,
    "httpx": lambda: asyncio.run(ask_httpx(httpx)),
    "httpx2": lambda: asyncio.run(ask_httpx(httpx2)),
    "aiohttp": lambda: asyncio.run(ask_async()),
}

@pytest.fixture(params=WAYS)
def way(request):
    return WAYS[request.param]

def test_block(way):
    for _ in "ab":
        with tape("both.yaml") as played:
            assert way() == "mine"
            assert played.all_played
            assert played.play_count == 1

def test_unknown(way):
    with tape("first.yaml"):
        assert way()

def test_once(way):
    with tape("first.yaml", record_mode="once"):
        assert way()

def test_new_episodes(way):
    with tape("first.yaml", record_mode="new_episodes"):
        assert way()

def test_demands_others(way):
    with tape("other.yaml") as played:
        assert way()
        assert not played.all_played
"""


def test_cassettes(suite, pytester):
    """The same on every stack, in every record mode, for cassettes that the test opens itself."""
    pytest.importorskip("vcr")
    for name, *urls in (("both", "FIRST", "SECOND"), ("first", "FIRST"), ("other", "FIRST", "OTHER")):
        (pytester.path / f"{name}.yaml").write_text(cassette(*(URLS[each] for each in urls), streams=False), "utf-8")
    suite(TAPES).assert_outcomes(passed=20)


GUARDED = """
import httpx
import socket

@pytest.fixture
def no_socket(monkeypatch):  # as pytest-socket does it
    class Guarded(socket.socket):
        def __new__(cls, *args, **more):
            raise RuntimeError("no sockets here")

    monkeypatch.setattr(socket, "socket", Guarded)

@pytest.mark.block_network
@pytest.mark.parametrize("way", [ask, lambda: ask(httpx), lambda: asyncio.run(ask_async())])
def test_blocked(way):
    assert way()

@pytest.mark.parametrize("lib", [requests, httpx])
def test_guarded(no_socket, lib):
    assert ask(lib)
"""


def test_a_suite_that_blocks_the_network(suite):
    """Nothing goes out, so nothing is blocked."""
    pytest.importorskip("pytest_recording")
    suite(GUARDED, "openai-outage", "-p", "recording").assert_outcomes(passed=5)
