"""What surprises users of litellm, each by its name."""

from __future__ import annotations

import pytest

from pytest_llmchaos import faults

from .calls import BACKENDS, MODES, ask, litellm


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("backend", BACKENDS)
def test_litellm_invents_finish_reason_stop_on_a_truncated_stream(backend, mode):
    """Half an answer, no finish reason on the wire, and the app is told `stop` as for a whole one."""
    whole = ask(backend, "stream", mode)
    half = ask(backend, "stream", mode, faults.stream_truncated(after=4))
    assert half.error is None
    assert half.finish == whole.finish == "stop"
    assert whole.text.startswith(half.text)
    assert len(half.text) < len(whole.text)


@pytest.mark.parametrize("mode", MODES)
def test_a_malformed_anthropic_stream_is_an_empty_answer(mode):
    """Events that nobody can read are passed over, and the app is told `stop` here too."""
    outcome = ask("anthropic", "stream", mode, faults.malformed())
    assert (outcome.error, outcome.text, outcome.finish) == (None, "", "stop")


@pytest.mark.parametrize("mode", MODES)
def test_a_streamed_gemini_call_has_no_timeout(mode):
    """The app's timeout of 5 s does not reach the request: the answer is waited for, 20 s."""
    outcome = ask("gemini", "stream", mode, faults.latency("20s"), timeout=5)
    assert outcome.error is None
    assert outcome.chaos.now >= 20


def test_a_sync_anthropic_stream_is_left_open():
    """litellm stops at the finish reason, before the last event, and never closes the answer; in async it does."""
    left, closed = (ask("anthropic", "stream", mode) for mode in MODES)
    assert left.text == closed.text
    assert [call.outcome for call in left.chaos.calls] == ["200 not read"]
    assert [call.ok for call in closed.chaos.calls] == [True]


def test_the_exceptions_are_openais_too():
    """An app that catches OpenAI's exceptions catches those of every back end."""
    openai = pytest.importorskip("openai")
    outcome = ask("anthropic", "plain", "sync", faults.rate_limit())
    assert isinstance(outcome.error, openai.RateLimitError)
    assert isinstance(outcome.error, litellm.RateLimitError)


def test_retry_after_is_passed_on_but_not_honoured():
    """The handlers of litellm's own try once; whoever catches the exception finds how long to wait."""
    outcome = ask("anthropic", "plain", "sync", faults.rate_limit(retry_after="7s"))
    assert len(outcome.chaos.calls) == 1
    assert outcome.error.litellm_response_headers["retry-after"] == "7"
