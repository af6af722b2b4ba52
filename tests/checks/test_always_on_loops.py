"""The always-on checks on loops: growing histories, layers that retry, streams, and a loop without an end."""

from __future__ import annotations

import contextvars
import threading
import time
from itertools import count

import httpx2
import openai
import pytest

from pytest_llmchaos import AppNeverStops, faults, inject
from pytest_llmchaos.checks import always_on
from pytest_llmchaos.journal.entries import Exchange, Journal

from .journals import filled

CLIENT = openai.OpenAI(api_key="no-key", max_retries=0)
URL = "https://api.openai.com/v1/chat/completions"


def call(at: float, messages, status: int = 503, operation: str = "chat") -> Exchange:
    """A call within the request `ask`, over within half a second."""
    made = Exchange("openai", operation, "gpt-5", False, "ask", 1, None, at, ended=at + 0.5, status=status)
    made.body = {"model": "gpt-5", "messages": messages}
    return made


def judged(calls) -> list[str]:
    """What the always-on checks find in a marked request of these calls."""
    calls = list(calls)
    journal: Journal = filled(calls)
    asked = journal.app.begin("ask", 0.0)
    asked.calls += calls
    return [each.check for each in always_on.judge(journal)]


def said(text: str, role: str = "user"):
    """One turn of a conversation."""
    return {"role": role, "content": text}


def growing(turns: int, keep: int = 10_000):
    """Histories that get longer by a note each time, of which the last are kept."""
    history = [said("Where is my order?")]
    for turn in range(turns):
        yield list(history[-keep:])
        history.append(said(f"try {turn} failed"))


@pytest.mark.parametrize("keep", [10_000, 6], ids=["whole", "the last turns"])
def test_a_growing_history_is_the_same_ask(keep):
    """The agent notes each failure and asks on; that no two bodies are alike ties the calls no less together."""
    assert judged(call(at, each) for at, each in enumerate(growing(40, keep))) == ["runaway_retries"]


def test_calls_of_another_kind_in_between_are_no_success():
    """A moderation that works answers no chat."""
    calls = []
    for at, each in enumerate(growing(40)):
        calls += [call(at, [said("x")], 200, "moderation"), call(at + 0.1, each)]
    assert judged(calls) == ["runaway_retries"]


def test_what_is_no_loop():
    """Many documents asked about once each, an agent that is answered, and turns that share only their last words."""
    assert judged(call(at, [said("Be brief.", "system"), said(f"document {at}")]) for at in range(60)) == []
    shared = [[said(f"document {at}"), said("Sum it up.")] for at in range(60)]
    assert judged(call(at, each) for at, each in enumerate(shared)) == []
    assert judged(call(at, each, 200) for at, each in enumerate(growing(60))) == []


@pytest.mark.parametrize(("pause", "expected"), [(1, ["retry_after_ignored"]), (21, [])])
def test_a_loop_around_an_sdk_that_waits(pause, expected):
    """The SDK's own retries keep the time; what the app's loop does after the last of them is looked at too."""
    client = CLIENT.with_options(max_retries=2)
    off = dict.fromkeys(always_on.names(), "looked at by hand")
    with inject(faults.rate_limit(retry_after="20s"), suppress=off) as chaos, chaos.request("ask"):
        for _ in range(2):
            with pytest.raises(openai.RateLimitError):
                client.chat.completions.create(model="gpt-5", messages=[said("hello")])
            time.sleep(pause)
    assert [each.check for each in always_on.judge(chaos.journal)] == expected


ERRORS = {
    '{"error": {"message": "No.", "type": "insufficient_quota", "code": "insufficient_quota"}}': True,
    '{"error": {"message": "No.", "type": "BadRequestError", "code": 400}}': True,
    '{"error": {"message": "Try later.", "type": "server_error", "code": 500}}': False,
    '{"error": {"message": "Try later."}}': False,
}


@pytest.mark.parametrize(("told", "permanent"), ERRORS.items(), ids=str)
def test_an_error_within_a_stream_may_be_for_good(told, permanent):
    """What the event says decides, as a status does."""
    off = dict.fromkeys(always_on.names(), "looked at by hand")
    with inject(upstream="passthrough", suppress=off, checks=[]) as chaos, chaos.request("ask"):
        head = {"content-type": "text/event-stream"}
        chaos.upstream.post(URL).respond(headers=head, content=f"data: {told}\n\n".encode())
        for _ in range(5):
            with pytest.raises(openai.APIError):
                list(CLIENT.chat.completions.create(model="gpt-5", messages=[said("hi")], stream=True))
        found = [each.check for each in always_on.judge(chaos.journal)]
        twin = chaos.judge("permanent_errors_not_retried").outcome
    assert found == ["permanent_error_loop"] * permanent
    assert twin == ("violated" if permanent else "inconclusive")


def test_an_error_that_is_left_unread_is_judged():
    """A client that sees the status, drops the stream and asks again has met an error all the same."""
    off = dict.fromkeys(always_on.names(), "looked at by hand")
    with inject(faults.auth_revoked(), suppress=off) as chaos, chaos.request("ask"):
        client = httpx2.Client()
        for _ in range(5):
            request = client.build_request("POST", URL, json={"model": "m", "messages": [said("hi")], "stream": True})
            assert client.send(request, stream=True).status_code == 401
    assert [each.check for each in always_on.judge(chaos.journal)] == ["permanent_error_loop"]


def test_a_loop_without_an_end_is_ended(monkeypatch):
    """Nobody would see a verdict otherwise; what swallows every error of a provider does not swallow this."""
    monkeypatch.setattr(always_on, "ENDLESS", 40)
    monkeypatch.setattr(always_on, "_ENOUGH", 36)
    with pytest.raises(AppNeverStops, match="never stops") as ended, inject(faults.outage()) as chaos:
        for _ in count():
            try:
                CLIENT.chat.completions.create(model="gpt-5", messages=[said("hi")])
            except openai.APIError:
                continue
    assert len(chaos.calls) == 39
    assert "runaway_retries violated" in "".join(ended.value.__notes__)


def test_many_asks_are_no_endless_loop(monkeypatch):
    """A test of a hundred asks, each marked, or each about something else, goes on."""
    monkeypatch.setattr(always_on, "ENDLESS", 20)
    monkeypatch.setattr(always_on, "_ENOUGH", 18)
    with inject(faults.outage()) as chaos:
        for number in range(50):
            with pytest.raises(openai.APIError), chaos.request("ask"):
                CLIENT.chat.completions.create(model="gpt-5", messages=[said("hi")])
            with pytest.raises(openai.APIError):
                CLIENT.chat.completions.create(model="gpt-5", messages=[said(f"document {number}")])
    assert len(chaos.calls) == 100


@pytest.mark.parametrize("what", [faults.auth_revoked(), faults.rate_limit(retry_after="20s")])
@pytest.mark.parametrize("alike", [True, False])
def test_pages_are_calls_of_their_own(what, alike):
    """What is asked of one address again is a repetition; what is asked of the next one is not."""
    always_off = dict.fromkeys(always_on.names(), "judged here")
    with inject(what, suppress=always_off) as chaos, chaos.request("list"), httpx2.Client() as client:
        for number in range(6):
            client.get(f"https://api.openai.com/v1/models?after={0 if alike else number}")
    assert bool(always_on.judge(chaos.journal)) is alike


def test_threads_that_begin_together_repeat_nothing():
    """Their answers take no virtual time, so that they look as if they came one after the other."""
    always_off = dict.fromkeys(always_on.names(), "judged here")
    body = {"model": "gpt-5", "messages": [{"role": "user", "content": "hi"}]}
    with inject(faults.rate_limit(retry_after="20s"), suppress=always_off) as chaos, chaos.request("twice"):
        for _ in range(2):
            thread = threading.Thread(
                target=contextvars.copy_context().run,
                args=(lambda: httpx2.post(URL, json=body),),
            )
            thread.start()
            thread.join()
        assert len(chaos.calls) == 2
        assert always_on.judge(chaos.journal) == []
        httpx2.post(URL, json=body)
        httpx2.post(URL, json=body)
    assert [each.check for each in always_on.judge(chaos.journal)] == ["retry_after_ignored"]
