"""pytest-recording: a test marked `vcr` and `llmchaos` gets its cassette beneath the faults, in either order."""

from __future__ import annotations

import json

import pytest

from ..scripted import serving, whole
from .beneath import BODY, URL, cassette

pytest.importorskip("pytest_recording")
pytest.importorskip("groq", reason="needs groq: pip install -e '.[test,providers]'")

HEADER = f"""
import groq
import httpx
import httpx2
import pytest
from pytest_llmchaos import faults, llmchaos

URL = "{URL}"
BODY = {json.dumps(BODY)}
"""

REPLAYED = """
client = groq.Groq(api_key="k")

@pytest.mark.default_cassette("calls.yaml")
@pytest.mark.vcr
@llmchaos(faults.latency("9s"), faults.rate_limit(retry_after="7s", calls=1), upstream="passthrough")
def test_above(llmchaos, vcr):
    assert client.chat.completions.create(**BODY).choices[0].message.content == "mine"
    assert (len(llmchaos.calls), vcr.play_count) == (2, 1)
    assert llmchaos.now > 24

@llmchaos(faults.stream_cut(after=2), upstream="passthrough")
@pytest.mark.vcr("calls.yaml", match_on=["method", "uri", "body"])
def test_below(llmchaos, vcr):
    got = []
    with pytest.raises(httpx.RemoteProtocolError):
        with httpx.stream("POST", URL, json={**BODY, "stream": True}) as answer:
            got += [line for line in answer.iter_lines() if line]
    assert (len(llmchaos.calls), vcr.play_count) == (1, 1)
"""

RECORDED = """
@pytest.mark.parametrize("lib", [httpx, httpx2])
@pytest.mark.vcr
@llmchaos(faults.latency("2s"), faults.outage(calls=1), upstream="passthrough")
def test_records(llmchaos, lib):
    assert lib.post(URL, json=BODY).status_code == 503
    assert "mine" in lib.post(URL, json=BODY).text
    assert len(llmchaos.calls) == 2
    assert 4 <= llmchaos.now < 6
"""


@pytest.fixture
def run(pytester, few_plugins):
    """Run pytest on the given test code with pytest-recording."""

    def run(code, *args):
        pytester.makepyfile(test_it=HEADER + code)
        plugins = ("-p", "llmchaos", "-p", "recording", "-p", "no:cacheprovider")
        return pytester.runpytest_inprocess(*plugins, *args)

    return run


def test_a_cassette_is_played_below_the_faults(run, pytester):
    """Late and rate-limited calls, and streams that break, with what was recorded once."""
    folder = pytester.path / "cassettes" / "test_it"
    folder.mkdir(parents=True)
    (folder / "calls.yaml").write_text(cassette(), "utf-8")
    (folder / "test_below.yaml").write_text(cassette(), "utf-8")
    run(REPLAYED).assert_outcomes(passed=2)


def test_recording_under_faults_records_what_came_from_beneath(run, pytester):
    """With `--record-mode` the calls pass through once each, and the cassette holds no failure of ours."""
    with serving(whole) as server:
        run(f"URL = {server.url!r}\n{RECORDED}", "--record-mode=once").assert_outcomes(passed=2)
        assert len(server.requests) == 2
    recorded = [path.read_text("utf-8") for path in pytester.path.rglob("cassettes/**/*.yaml")]
    assert len(recorded) == 2
    assert all("mine" in text and "code: 503" not in text for text in recorded)
