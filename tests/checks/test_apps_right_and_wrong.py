"""Apps that cope are accused by no always-on check, whatever is wrong; those with a trap are found, by a true text."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import copy_context
from functools import cache
from typing import Any

import httpx
import openai
import pytest

from pytest_llmchaos import ToolCall, faults, inject
from pytest_llmchaos.checks import always_on

from ..thorough import turn
from .apps import MODEL, Tools, claude, gpt, said, under, verdict

KEY = "q7RtYpL2mXc9VbN4kJ8sHd3fGz6wTa1E"
URL = "https://api.openai.com/v1"
Ask = Callable[..., str]


class Failed(Exception):
    """A call failed: with which status, for how long to wait, and whether for good."""

    def __init__(self, error: Exception, status: int | None, headers: Any, text: str) -> None:
        super().__init__(str(error))
        self.wait = float(headers.get("retry-after", 0))
        self.for_good = status in (400, 401, 402, 403, 404, 422) or "insufficient_quota" in text


@contextmanager
def failing() -> Iterator[None]:
    """Make one kind of error of what SDKs and libraries raise."""
    try:
        yield
    except httpx.HTTPStatusError as error:
        raise Failed(error, error.response.status_code, error.response.headers, error.response.text) from error
    except Exception as error:
        answer: Any = getattr(error, "response", None)
        status = getattr(error, "status_code", None)
        raise Failed(error, status, getattr(answer, "headers", {}), str(getattr(error, "body", ""))) from error


def by_openai(text: Any) -> str:
    """Ask by the SDK."""
    with failing():
        return _openai().chat.completions.create(model=MODEL, messages=_turns(text)).choices[0].message.content or ""


def by_openai_async(text: Any) -> str:
    """Ask by the async SDK."""

    async def asked() -> str:
        async with openai.AsyncOpenAI(api_key=KEY, max_retries=0) as client:
            answer = await client.chat.completions.create(model=MODEL, messages=_turns(text))
            return answer.choices[0].message.content or ""

    with failing():
        return asyncio.run(asked())


def by_stream(text: Any) -> str:
    """Ask for a stream, and take none for whole that has no finish reason."""
    told, finish = "", None
    with failing(), _openai().chat.completions.create(model=MODEL, messages=_turns(text), stream=True) as chunks:
        for choice in (choice for chunk in chunks for choice in chunk.choices):
            told += choice.delta.content or ""
            finish = choice.finish_reason or finish
        if finish is None:
            raise ConnectionError("the stream broke off")
    return told


def by_claude(text: Any) -> str:
    """Ask Anthropic."""
    from ..models import CLAUDE

    with failing():
        answer = _claude().messages.create(model=CLAUDE, max_tokens=99, messages=_turns(text))
        return "".join(block.text for block in answer.content if block.type == "text")


def by_httpx(text: Any) -> str:
    """Ask without an SDK."""
    with failing():
        body = {"model": MODEL, "messages": _turns(text)}
        answer = _httpx().post(f"{URL}/chat/completions", json=body, headers={"authorization": f"Bearer {KEY}"})
        return str(answer.raise_for_status().json()["choices"][0]["message"]["content"])


# To make a client takes longer than many calls.


@cache
def _openai() -> openai.OpenAI:
    return openai.OpenAI(api_key=KEY, max_retries=0)


@cache
def _claude() -> Any:
    return claude()


@cache
def _httpx() -> httpx.Client:
    return httpx.Client()


def _turns(text: Any) -> Any:
    return said(text) if isinstance(text, str) else text


ASKS = {"openai": by_openai, "async": by_openai_async, "stream": by_stream, "claude": by_claude, "httpx": by_httpx}


# --- right ------------------------------------------------------------------------------------------------------------


def patient(ask: Ask, text: Any = "Where is order 7?", tries: int = 4) -> str:
    """Try again with growing pauses, as long as it was told, and never what fails for good."""
    for tried in range(tries):
        try:
            return ask(text)
        except Failed as failed:
            if failed.for_good or tried == tries - 1:
                raise
            time.sleep(max(failed.wait, 2.0**tried) + 0.3)
    raise AssertionError


def with_a_breaker(ask: Ask) -> str:
    """Leave a provider alone after three failures, and for as long as it asks for."""
    failures, until, told = 0, 0.0, "later"
    for _ in range(20):
        time.sleep(5)
        if time.monotonic() < until:
            continue
        try:
            told, failures = ask("Where is order 7?"), 0
        except Failed as failed:
            failures += 1
            if failed.for_good:
                break
            until = time.monotonic() + max(failed.wait, 60 if failures >= 3 else 0)
    return told


def hedged(ask: Ask) -> str:
    """Ask twice at once, and take the first answer."""
    told: list[str] = []

    def one() -> None:
        with suppress(Failed):
            told.append(ask("Where is order 7?"))

    threads = [threading.Thread(target=copy_context().run, args=(one,)) for _ in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return next(iter(told), "later")


def batch(ask: Ask) -> str:
    """Map over forty prompts that begin alike."""

    async def all_of_them() -> int:
        limit = asyncio.Semaphore(8)

        async def one(number: int) -> str | None:
            async with limit:
                with suppress(Failed):
                    return await asyncio.to_thread(ask, f"Classify item {number}")
                return None

        return sum(each is not None for each in await asyncio.gather(*map(one, range(40))))

    return f"{asyncio.run(all_of_them())} of 40"


def agent(ask: Ask) -> str:
    """Go through twelve steps with a history that grows."""
    history: Any = said("Plan my trip")
    for step in range(12):
        told = patient(ask, history, 2)
        history = [*history, {"role": "assistant", "content": told}, {"role": "user", "content": f"result {step}"}]
    return str(history[-2]["content"])


def chain(ask: Ask) -> str:
    """Go on to the next of three providers."""
    for each in dict.fromkeys((ask, by_claude, by_httpx)):
        with suppress(Failed):
            return patient(each, tries=2)
    return "Sorry, nobody answers."


def cached(ask: Ask) -> str:
    """Keep good answers only."""
    cache: dict[str, str] = {}
    for _ in range(3):
        with suppress(Failed):
            cache["7"] = cache.get("7") or ask("Where is order 7?")
        time.sleep(30)
    return cache.get("7", "later")


def queue(ask: Ask) -> str:
    """Put a job that failed to the end of the queue, twice at most."""
    jobs, done = [(f"Job {number}", 0) for number in range(12)], 0
    while jobs:
        job, tried = jobs.pop(0)
        try:
            done += bool(ask(job))
        except Failed as failed:
            if tried < 2 and not failed.for_good:
                time.sleep(max(failed.wait, 5) + 0.3)
                jobs.append((job, tried + 1))
    return f"{done} done"


def pages(_: Ask) -> str:
    """Read forty pages of models."""
    read = 0
    for page in range(40):
        for _try in range(2):
            answer = _httpx().get(f"{URL}/models", params={"after": f"m{page}"}, headers={"authorization": KEY})
            read += answer.is_success
            if answer.is_success:
                break
            if answer.status_code in (401, 403):
                return "no access"
            time.sleep(float(answer.headers.get("retry-after", 2)) + 0.3)
    return f"{read} pages"


def apologetic(ask: Ask) -> str:
    """Log what failed, by its type, and say sorry."""
    try:
        return ask("Where is order 7?")
    except Failed as failed:
        logging.getLogger("shop").warning("%s of %s", type(failed).__name__, type(failed.__cause__).__name__)
        return "Please try again later."


RIGHT: list[Callable[[Ask], str]] = [
    patient, with_a_breaker, hedged, batch, agent, chain, cached, queue, pages, apologetic
]  # fmt: skip
TROUBLE = {
    "outage": faults.outage(),
    "blips": faults.outage(rate=0.4),
    "limit": faults.rate_limit(retry_after="20s", calls="1-2"),
    "revoked": faults.auth_revoked(),
    "quota": faults.quota_exhausted(),
    "refused": faults.connection_refused(),
    "error in a stream": faults.stream_error(after=2, calls=2, stream=True),
    "cut": faults.stream_cut(after=2, calls=2, stream=True),
}
MANY = (batch, agent, queue, pages, with_a_breaker)  # calls; a client of SDKs for each of them is slow


def calm(app: Callable[[Ask], str], ask: Ask) -> str:
    """Return what an app says, or an apology."""
    with suppress(Failed, httpx.HTTPError):
        return app(ask)
    return "Sorry."


def asks(app: Callable[[Ask], str], what: str) -> list[str]:
    """Return with what an app asks in a trouble."""
    if what in ("cut", "error in a stream"):
        return ["stream"]
    return ["httpx"] if app in MANY else ["openai", "async", "claude", "httpx"]


@pytest.mark.parametrize("what", TROUBLE)
@pytest.mark.parametrize("app", RIGHT, ids=lambda app: app.__name__)
def test_no_right_app_is_accused(app, what):
    """Whatever it asks with: by turns, so that each way meets each app and each trouble."""
    for name in turn(RIGHT.index(app) + [*TROUBLE].index(what), asks(app, what)):
        with inject(TROUBLE[what], allow_unused=True) as chaos, chaos.request("ask") as request:
            request.result = calm(app, ASKS[name])
        assert [str(each) for each in always_on.judge(chaos.journal)] == [], name


# --- wrong ------------------------------------------------------------------------------------------------------------


def again_and_again(ask: Ask, times: int = 5, pause: float = 1.0) -> str:
    """Try everything again, whatever failed."""
    for _ in range(times):
        with suppress(Failed):
            return ask("Where is order 7?")
        time.sleep(pause)
    return "later"


@pytest.mark.parametrize("name", ASKS)
@pytest.mark.parametrize(
    ("fault", "times", "pause", "check", "told"),
    [
        (faults.auth_revoked(), 6, 1.0, "permanent_error_loop", "got 401 each time"),
        (faults.outage(), 40, 0.0, "runaway_retries", "was tried 40 times"),
        (faults.rate_limit(retry_after="20s"), 3, 1.0, "retry_after_ignored", "said to wait 20s"),
    ],
)
def test_loops(name, fault, times, pause, check, told):
    """A loop on what fails for good, a storm, and a wait that is ignored."""
    with under(fault) as chaos, chaos.request("ask"):
        again_and_again(ASKS[name], times, pause)
    found = {each.check: each.reason for each in always_on.judge(chaos.journal)}
    assert told in found[check]


@pytest.mark.parametrize("name", ["openai", "claude", "httpx"])
def test_the_text_of_the_error_is_the_answer(name):
    """`error_never_the_answer` names it."""
    with under(faults.outage()) as chaos, chaos.request("ask") as request:
        try:
            request.result = ASKS[name]("hi")
        except Failed as failed:
            request.result = f"Error: {failed}"
    assert "request 'ask' shows the" in verdict(chaos, "error_never_the_answer").reason


def test_a_failure_in_the_cache():
    """`failure_not_cached` names it."""
    cache: dict[str, str] = {}
    with under(faults.outage(calls=1)) as chaos:
        for _ in range(2):
            with chaos.request("order 7") as request:
                if "7" not in cache:
                    cache["7"] = apologetic(by_openai)
                request.result = cache["7"]
            chaos.clear()
    assert "was answered" in verdict(chaos, "failure_not_cached").reason
    assert verdict(chaos, "failure_not_cached").outcome == "violated"


@pytest.mark.parametrize("fault", [faults.stream_truncated(after=8), faults.stream_cut(after=8)])
def test_half_an_answer_as_a_whole_one(fault):
    """`partial_not_complete` and `partial_stream_not_final` name it."""
    with under(fault) as chaos, chaos.request("ask") as request:
        told = ""
        with suppress(Exception):
            for chunk in gpt().chat.completions.create(model=MODEL, messages=said(), stream=True):
                told += "".join(choice.delta.content or "" for choice in chunk.choices)
        request.result = told
    assert verdict(chaos, "partial_not_complete").outcome == "violated"
    assert verdict(chaos, "partial_stream_not_final").outcome == "violated"


def test_a_tool_that_runs_on_half_its_arguments():
    """`truncated_tool_call` says what shows it."""
    with under() as chaos:
        chaos.replies(ToolCall("refund", {"order": 17}, raw='{"order": 1'), "done")
        given: Any = {"model": MODEL, "tools": Tools.OPENAI}
        message: Any = gpt().chat.completions.create(messages=said(), **given).choices[0].message
        chaos.effect("refund", 1)
        result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "ok"}
        gpt().chat.completions.create(messages=[*said(), message.model_dump(exclude_none=True), result], **given)
    found = {each.check: each.reason for each in always_on.judge(chaos.journal)}
    assert "the side effect of refund was reported" in found["truncated_tool_call"]


@pytest.mark.parametrize("grows", [False, True])
def test_a_request_without_an_end(grows):
    """`runaway_retries` sees it with a history that grows too."""
    with under(faults.outage()) as chaos, chaos.request("ask"):
        history: Any = said()
        for tried in range(35):
            with suppress(Failed):
                by_httpx(history)
            if grows:
                history = [*history, {"role": "user", "content": f"try {tried} failed"}]
    found = {each.check: each.reason for each in always_on.judge(chaos.journal)}
    assert "was tried 35 times" in found["runaway_retries"]


@pytest.mark.parametrize("place", ["a log record", "the result"])
def test_the_key_where_it_does_not_belong(place):
    """`leaked_key` sees it in logs by itself, `no_secrets` in the answer."""
    with under() as chaos, chaos.request("ask") as request:
        request.result = by_httpx("hi") + (f" (asked with {KEY})" if place == "the result" else "")
        if place == "a log record":
            logging.getLogger("shop").warning("asked with %s", KEY)
    assert place in verdict(chaos, "no_secrets").reason
    assert bool(always_on.judge(chaos.journal)) == (place == "a log record")
