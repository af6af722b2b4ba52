"""Suites with mocks of their own under `--llmchaos`: what the mock lacks or demands is no fault of the app."""

from __future__ import annotations

import pytest

from .beneath import WHOLE, cassette

pytest.importorskip("pytest_httpx")

APP = f"""
import httpx
import pytest
import respx

WHOLE = {WHOLE!r}
FIRST = "https://api.openai.com/v1/chat/completions"
SECOND = "https://api.groq.com/openai/v1/chat/completions"
BODY = {{"model": "m", "messages": [{{"role": "user", "content": "hi"}}]}}

STRICT = pytest.mark.respx(assert_all_called=True)

def ask():
    for url in (FIRST, SECOND):
        answer = httpx.post(url, json=BODY)
        if answer.is_success:
            return answer.json()["choices"][0]["message"]["content"]
    raise RuntimeError("nobody answers")
"""


@pytest.fixture
def suite(pytester, few_plugins):
    """Run an unmarked suite while OpenAI is down."""

    def suite(code: str, scenario: str = "openai-outage", conftest: str = "", also: tuple[str, ...] = ()):
        pytester.makepyfile(test_it=APP + code, conftest=conftest)
        pytester.makeini("[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n")
        names = ("llmchaos", "asyncio", "respx", "pytest_httpx", *also, "no:cacheprovider")
        plugins = [word for name in names for word in ("-p", name)]
        return pytester.runpytest_inprocess(*plugins, f"--llmchaos={scenario}")

    return suite


def test_a_mock_does_not_demand_what_a_fault_answered(suite):
    """pytest-httpx's "mocked but not requested", respx' strict routers; what else they demand they still do."""
    result = suite("""
def test_httpx(httpx_mock):
    httpx_mock.add_response(url=FIRST, json=WHOLE)
    httpx_mock.add_response(url=SECOND, json=WHOLE)
    assert ask() == "mine"

@STRICT
def test_respx(respx_mock):
    respx_mock.post(FIRST).respond(json=WHOLE)
    respx_mock.post(SECOND).respond(json=WHOLE)
    assert ask() == "mine"

def test_respx_in_a_block():
    with respx.mock(assert_all_called=True) as router:
        router.post(FIRST).respond(json=WHOLE)
        router.post(SECOND).respond(json=WHOLE)
        assert ask() == "mine"

def test_httpx_other(httpx_mock):
    httpx_mock.add_response(url=FIRST, json=WHOLE)
    httpx_mock.add_response(url=SECOND, json=WHOLE)
    httpx_mock.add_response(url="https://shop.example.com/")
    ask()

@STRICT
def test_respx_other(respx_mock):
    respx_mock.post(FIRST).respond(json=WHOLE)
    respx_mock.post(SECOND).respond(json=WHOLE)
    respx_mock.get("https://shop.example.com/")
    ask()
""")
    result.assert_outcomes(passed=5, errors=2)


def test_a_mock_without_a_route_is_no_mock(suite, pytester):
    """The simulated provider answers where the app's mock has nothing for the fallback."""
    folder = pytester.mkdir("cassettes")
    (folder / "test_it").mkdir()
    (folder / "test_it" / "test_tape.yaml").write_text(cassette("https://api.openai.com/v1/chat/completions"), "utf-8")
    suite(
        """
def test_httpx(httpx_mock):
    httpx_mock.add_response(url=FIRST, json=WHOLE)
    assert ask()

def test_respx(respx_mock):
    respx_mock.post(FIRST).respond(json=WHOLE)
    assert ask()

@pytest.mark.respx(assert_all_mocked=False)
def test_respx_that_is_lenient(respx_mock):
    respx_mock.post(FIRST).respond(json=WHOLE)
    assert ask()

def test_respx_that_lets_through(respx_mock):
    respx_mock.post(FIRST).respond(json=WHOLE)
    respx_mock.route().pass_through()
    assert ask()

@pytest.mark.httpx_mock(should_mock=lambda request: request.url.host == "api.openai.com")
def test_httpx_that_lets_through(httpx_mock):
    httpx_mock.add_response(url=FIRST, json=WHOLE)
    assert ask()

async def test_async(httpx_mock):
    httpx_mock.add_response(url=FIRST, json=WHOLE)
    async with httpx.AsyncClient() as client:
        assert (await client.post(FIRST, json=BODY)).is_server_error
        assert (await client.post(SECOND, json=BODY)).json()["choices"]

@pytest.mark.vcr
def test_tape():
    assert ask()
""",
        also=("recording",),
    ).assert_outcomes(passed=7)


def test_an_error_that_a_mock_scripts_is_the_answer(suite):
    """What the test itself tells its mock to raise is no want of a route."""
    suite(
        """
def test_httpx(httpx_mock):
    httpx_mock.add_exception(httpx.ReadTimeout("late"))
    with pytest.raises(httpx.ReadTimeout):
        ask()

def test_respx(respx_mock):
        respx_mock.post(FIRST).mock(side_effect=httpx.ConnectError)
        with pytest.raises(httpx.ConnectError):
            ask()
""",
        scenario="claude-model-retired",
    ).assert_outcomes(passed=2)


@pytest.mark.parametrize("lib", ["httpx", "httpx2"])
def test_a_tape_answers_when_vcr_was_imported_before(suite, pytester, lib):
    """In conftest.py, as suites do."""
    folder = pytester.mkdir("cassettes")
    (folder / "test_it").mkdir()
    (folder / "test_it" / "test_tape.yaml").write_text(cassette("https://api.openai.com/v1/chat/completions"), "utf-8")
    suite(
        f"""
@pytest.mark.vcr
def test_tape():
    import {lib}
    assert {lib}.post(FIRST, json=BODY).json() == WHOLE
""",
        scenario="claude-model-retired",
        conftest="import vcr\n",
        also=("recording",),
    ).assert_outcomes(passed=1)
