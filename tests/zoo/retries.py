"""Retries that multiply, never end, come too early, all at once, or where nothing can help."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

import anthropic
import openai

from pytest_llmchaos import faults

from .clients import GPT, ask_gpt, async_gpt, claude_stream, claude_words, gpt, said
from .drives import crowd, impatient
from .row import DOWN, Bug, github

ATTEMPTS = 3
HISTORY = "What was said before, and read, and done. " * 500
TEMPORARY = (openai.APIConnectionError, openai.RateLimitError, openai.InternalServerError)


def buggy_nested(question: str) -> str:
    """Try three times, around an SDK that tries three times itself."""
    return _persistent(question, gpt(retries=2))


def fixed_nested(question: str) -> str:
    """Try three times, in one place."""
    return _persistent(question, gpt())


def _persistent(question: str, client: openai.OpenAI) -> str:
    for attempt in range(ATTEMPTS):
        try:
            return ask_gpt(question, client)
        except TEMPORARY:
            if attempt == ATTEMPTS - 1:
                raise
            time.sleep(2**attempt)
    raise AssertionError


async def buggy_recursion(question: str) -> str:
    """Call itself on each rate limit, without counting."""
    try:
        return await _async(question)
    except openai.RateLimitError:
        await asyncio.sleep(1)
        return await buggy_recursion(question)


async def fixed_recursion(question: str, left: int = ATTEMPTS) -> str:
    """Count down."""
    try:
        return await _async(question)
    except openai.RateLimitError:
        if left == 1:
            raise
        await asyncio.sleep(1)
        return await fixed_recursion(question, left - 1)


async def _async(question: str) -> str:
    async with async_gpt() as client:
        answer = await client.chat.completions.create(model=GPT, messages=said(question))
        return answer.choices[0].message.content or ""


def buggy_fallback_starts_over(question: str) -> str:
    """When the fallback fails too, begin again with the first, with a new budget."""
    for _ in range(6):
        for model in (GPT, "gpt-5-mini"):
            for _attempt in range(2):
                try:
                    return ask_gpt(question, model=model)
                except TEMPORARY:
                    time.sleep(1)
    raise RuntimeError("no model answers")


def fixed_fallback_starts_over(question: str) -> str:
    """Go down the list once."""
    for model in (GPT, "gpt-5-mini"):
        for _attempt in range(2):
            try:
                return ask_gpt(question, model=model)
            except TEMPORARY:
                time.sleep(1)
    raise RuntimeError("no model answers")


def buggy_retries_everything(question: str) -> str:
    """Take each error for one that passes."""
    for attempt in range(ATTEMPTS):
        try:
            return ask_gpt(question)
        except openai.APIError:
            if attempt == ATTEMPTS - 1:
                raise
            time.sleep(10)
    raise AssertionError


def fixed_retries_everything(question: str) -> str:
    """Try again only where that can help."""
    return _persistent(question, gpt())


def buggy_quota(question: str) -> str:
    """Tell errors by their status alone: the SDK takes a spent quota for a busy minute."""
    return ask_gpt(question, gpt(retries=2))


def fixed_quota(question: str) -> str:
    """Read the code of a 429 before trying again."""
    try:
        return ask_gpt(question)
    except openai.RateLimitError as error:
        if error.code == "insufficient_quota":
            raise
        time.sleep(2)
        return ask_gpt(question)


class Wrapper:
    """A framework's chat model, with an option of its own for retries."""

    def __init__(self, max_retries: int, *, passed_on: bool) -> None:
        self.client = gpt(retries=max_retries if passed_on else 0)

    def __call__(self, question: str) -> str:
        """Ask."""
        return ask_gpt(question, self.client)


def buggy_status_of_an_event(question: str) -> str:
    """Look at the status of an error to see whether it passes; that of an error within a stream is 200."""
    try:
        return "".join(claude_words(claude_stream(question)))
    except anthropic.APIStatusError as error:
        if error.status_code not in (429, 500, 503, 529):
            raise
        return "".join(claude_words(claude_stream(question)))


def fixed_status_of_an_event(question: str) -> str:
    """Look at the kind of error that the event names."""
    try:
        return "".join(claude_words(claude_stream(question)))
    except anthropic.APIStatusError as error:
        if error.type not in ("rate_limit_error", "api_error", "overloaded_error"):
            raise
        return "".join(claude_words(claude_stream(question)))


def buggy_option_without_effect(question: str) -> str:
    """Give the wrapper an option that it never hands to the SDK."""
    return Wrapper(max_retries=2, passed_on=False)(question)


def fixed_option_without_effect(question: str) -> str:
    """Hand it on."""
    return Wrapper(max_retries=2, passed_on=True)(question)


def buggy_outer_layer_ignores_retry_after(question: str) -> str:
    """Wait two seconds in the agent's own loop, whatever the provider asked for."""
    try:
        return ask_gpt(question)
    except openai.RateLimitError:
        time.sleep(2)
        return ask_gpt(question)


def fixed_outer_layer_ignores_retry_after(question: str) -> str:
    """Wait as long as the provider asked for."""
    try:
        return ask_gpt(question)
    except openai.RateLimitError as error:
        time.sleep(float(error.response.headers.get("retry-after", 2)))
        return ask_gpt(question)


def buggy_one_shape_of_retry_after(question: str) -> str:
    """Read retry-after as a number of seconds; the other form, a date, makes it fall back to two."""
    return _patient(question, _seconds)


def fixed_one_shape_of_retry_after(question: str) -> str:
    """Read both forms."""
    return _patient(question, _seconds_or_date)


def _patient(question: str, read: Callable[[str], float]) -> str:
    try:
        return ask_gpt(question)
    except openai.RateLimitError as error:
        time.sleep(read(error.response.headers.get("retry-after", "2")))
        return ask_gpt(question)


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 2


def _seconds_or_date(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return max(0, parsedate_to_datetime(text).timestamp() - time.time()) + 1


def buggy_missing_model(question: str) -> str:
    """Ask four times for a model that does not exist."""
    for _ in range(3):
        try:
            return ask_gpt(question, model="gpt-4-0613")
        except openai.APIStatusError:
            time.sleep(1)
    return ask_gpt(question, model="gpt-4-0613")


def fixed_missing_model(question: str) -> str:
    """Ask once, then for one that does."""
    try:
        return ask_gpt(question, model="gpt-4-0613")
    except openai.NotFoundError:
        return ask_gpt(question)


async def buggy_lockstep(question: str) -> str:
    """Wait exactly 10, 20, 40 seconds, as all the others do."""
    return await _backing_off(question, lambda attempt: 10 * 2.0**attempt)


async def fixed_lockstep(question: str) -> str:
    """Wait a random share of it ("full jitter")."""
    chance = random.Random(question)
    return await _backing_off(question, lambda attempt: chance.uniform(1, 20 * 2.0**attempt))


async def _backing_off(question: str, wait: Callable[[int], float]) -> str:
    for attempt in range(ATTEMPTS):
        try:
            return await _async(question)
        except openai.RateLimitError:
            await asyncio.sleep(wait(attempt))
    raise RuntimeError("still limited")


def buggy_stalled_stream_restarts(question: str) -> str:
    """Start the request anew each time that the stream falls silent, for as long as the user waits."""
    for _ in range(20):
        try:
            return _streamed(question)
        except openai.APITimeoutError:
            continue
    raise RuntimeError("no answer")


def fixed_stalled_stream_restarts(question: str) -> str:
    """Start it anew once, then do without streaming."""
    for _ in range(2):
        try:
            return _streamed(question)
        except openai.APITimeoutError:
            continue
    return ask_gpt(HISTORY + question)


def _streamed(question: str) -> str:
    stream = gpt(timeout=3).chat.completions.create(model=GPT, messages=said(HISTORY + question), stream=True)
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


BUGS = (
    Bug(
        "Retries multiply: the app tries three times around an SDK that tries three times",
        github(
            "HKUDS/nanobot/issues/2760", "BerriAI/litellm/pull/7221", "mpfaffenberger/code_puppy/pull/317",
            "QwenLM/Qwen-Agent/issues/594", "livekit/agents/pull/5335",
        ),
        buggy_nested, fixed_nested, "attempts", {"at_most": 3}, (DOWN,),
    ),
    Bug(
        "A function calls itself on every rate limit and counts nothing",
        github("ambient-code/agentready/issues/104"),
        buggy_recursion, fixed_recursion, "runaway_retries", {},
        (faults.rate_limit(target="openai"),), drive=impatient(40),
    ),
    Bug(
        "When the fallback fails too, the retry cycle starts over",
        github("BerriAI/litellm/issues/19985"),
        buggy_fallback_starts_over, fixed_fallback_starts_over, "attempts", {"at_most": 4}, (DOWN,),
    ),
    Bug(
        "A rejected key is tried again for minutes",
        github("BerriAI/litellm/issues/18395"),
        buggy_retries_everything, fixed_retries_everything, "permanent_errors_not_retried", {},
        (faults.auth_revoked(target="openai"),),
    ),
    Bug(
        "A spent quota is taken for a busy minute, because both are a 429",
        github(
            "QwenLM/qwen-code/issues/7841", "NousResearch/hermes-agent/issues/36276", "openai/codex/pull/6340",
            "OpenHands/software-agent-sdk/pull/4938",
        ),
        buggy_quota, fixed_quota, "permanent_errors_not_retried", {},
        (faults.quota_exhausted(target="openai"),),
    ),
    Bug(
        "A wrapper's option for retries has no effect, so one blip is fatal",
        github("langchain-ai/langchain/issues/30362", "stanfordnlp/dspy/issues/7949"),
        buggy_option_without_effect, fixed_option_without_effect, "survives_a_blip", {},
        (faults.outage(target="openai", calls=1),),
    ),
    Bug(
        "An overloaded provider says so within a stream, under status 200, and the retry looks at the status",
        github(
            "anthropics/anthropic-sdk-python/issues/1258", "vellum-ai/vellum-assistant/pull/22759",
            "tailcallhq/forgecode/pull/2595",
        ),
        buggy_status_of_an_event, fixed_status_of_an_event, "survives_a_blip", {},
        (faults.stream_error(after=0, target="anthropic", calls=1),),
    ),
    Bug(
        "The agent's own loop waits 2 s where the provider asked for 30 s",
        github("earendil-works/pi/issues/9595", "vercel/ai/issues/5018"),
        buggy_outer_layer_ignores_retry_after, fixed_outer_layer_ignores_retry_after,
        "retry_after_honoured", {}, (faults.rate_limit(retry_after="30s", target="openai", calls=1),),
    ),
    Bug(
        "Of the forms that retry-after has only one is read",
        github("HKUDS/nanobot/issues/2763"),
        buggy_one_shape_of_retry_after, fixed_one_shape_of_retry_after, "retry_after_ignored", {},
        (faults.rate_limit(retry_after="30s", form="date", target="openai", calls=1),),
    ),
    Bug(
        "A model that does not exist is asked for again and again",
        github("BerriAI/litellm/issues/1418"),
        buggy_missing_model, fixed_missing_model, "permanent_error_loop", {},
        (faults.model_retired(target="openai/gpt-4-0613"),),
    ),
    Bug(
        "All workers back off by the same steps and come back together",
        github("bytedance/deer-flow/pull/4294", "NousResearch/hermes-agent/pull/109234"),
        buggy_lockstep, fixed_lockstep, "retries_spread", {"within": "1s"},
        (faults.rate_limit(target="openai", calls="1-8"),), drive=crowd(8),
    ),
    Bug(
        "Each silence of a stream starts the request anew, and every start is billed",
        github("openclaw/openclaw/issues/76293"),
        buggy_stalled_stream_restarts, fixed_stalled_stream_restarts, "cost_within", {"times": 4},
        (faults.stream_stall(after=3, target="openai", calls="1-15", stream=True),),
    ),
)  # fmt: skip
