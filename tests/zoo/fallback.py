"""Fallbacks that are never reached."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator

import anthropic
import openai

from pytest_llmchaos import faults

from .clients import GPT, ask_claude, ask_gpt, async_gpt, claude_stream, claude_words, gpt_stream, said, words
from .row import DOWN, Bug, github


def buggy_guard_ends_before_the_stream(question: str) -> str:
    """Guard the call that opens the stream, read it outside."""
    try:
        stream = claude_stream(question)
    except anthropic.APIError:
        return ask_gpt(question)
    return "".join(claude_words(stream))


def fixed_guard_ends_before_the_stream(question: str) -> str:
    """Guard the reading too."""
    try:
        return "".join(claude_words(claude_stream(question)))
    except anthropic.APIError:
        return ask_gpt(question)


def with_fallback(way: Callable[[str], Iterator[str]]) -> Callable[[str], Iterator[str]]:
    """Decorate a way to ask: what it raises sends the question elsewhere. It forgets that a generator runs later."""

    def asked(question: str) -> Iterator[str]:
        try:
            return way(question)
        except openai.APIError:
            return iter([ask_claude(question)])

    return asked


def with_fallback_inside(way: Callable[[str], Iterator[str]]) -> Callable[[str], Iterator[str]]:
    """The same, as a generator of its own that is still there when the other one fails."""

    def asked(question: str) -> Iterator[str]:
        pieces: list[str] = []
        try:
            pieces += way(question)
        except openai.APIError:
            pieces = [ask_claude(question)]
        yield from pieces

    return asked


def _told(question: str) -> Iterator[str]:
    yield from words(gpt_stream(question))


def buggy_decorator(question: str) -> str:
    """Use the decorator that is over before the first word comes."""
    return "".join(with_fallback(_told)(question))


def fixed_decorator(question: str) -> str:
    """Use the one that stays."""
    return "".join(with_fallback_inside(_told)(question))


def buggy_only_status_errors(question: str) -> str:
    """Fall back on an error status; a stream that is cut, a refused connection or a timeout has none."""
    try:
        return "".join(words(gpt_stream(question)))
    except openai.APIStatusError:
        return ask_claude(question)


def fixed_only_status_errors(question: str) -> str:
    """Fall back on whatever the SDK raises."""
    try:
        return "".join(words(gpt_stream(question)))
    except openai.OpenAIError:
        return ask_claude(question)


def buggy_not_for_streams(question: str) -> str:
    """Have the fallback in the plain way only; the streamed one returns before it."""
    return _routed(question, stream=True)


def fixed_not_for_streams(question: str) -> str:
    """Ask the plain way, or have both ways share it."""
    try:
        return "".join(words(gpt_stream(question)))
    except openai.APIError:
        return ask_claude(question)


def _routed(question: str, *, stream: bool) -> str:
    if stream:
        return "".join(words(gpt_stream(question)))
    try:
        return ask_gpt(question)
    except openai.APIError:
        return ask_claude(question)


async def buggy_async_twin(question: str) -> str:
    """Raise a timeout in the middle of a stream as it is; only the sync twin of this code turns it into a fallback."""
    async with async_gpt(timeout=5) as client:
        try:
            stream = await client.chat.completions.create(model=GPT, messages=said(question), stream=True)
        except openai.APIError:
            return await asyncio.to_thread(ask_claude, question)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])


async def fixed_async_twin(question: str) -> str:
    """Do as the sync twin does."""
    async with async_gpt(timeout=5) as client:
        try:
            stream = await client.chat.completions.create(model=GPT, messages=said(question), stream=True)
            return "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])
        except openai.APIError:
            return await asyncio.to_thread(ask_claude, question)


def buggy_only_after_the_retries(question: str) -> str:
    """Go elsewhere when the retries are used up, which an error that is not retried never does."""
    failures = 0
    while failures < 3:
        try:
            return ask_gpt(question)
        except (openai.InternalServerError, openai.RateLimitError):
            failures += 1
    return ask_claude(question)


def fixed_only_after_the_retries(question: str) -> str:
    """Go elsewhere at once where a retry cannot help."""
    for _ in range(3):
        try:
            return ask_gpt(question)
        except (openai.InternalServerError, openai.RateLimitError):
            continue
        except openai.APIStatusError:
            break
    return ask_claude(question)


def buggy_refused_is_final(question: str) -> str:
    """Take a 403 for a mistake in the request, for which no other provider could do better."""
    try:
        return ask_gpt(question)
    except (openai.BadRequestError, openai.PermissionDeniedError):
        raise
    except openai.APIError:
        return ask_claude(question)


def fixed_refused_is_final(question: str) -> str:
    """Know that a refusal of this account says nothing about the other one."""
    try:
        return ask_gpt(question)
    except openai.BadRequestError:
        raise
    except openai.APIError:
        return ask_claude(question)


def buggy_gateway_page(question: str) -> str:
    """Read the error's JSON first, and break over the page of a gateway."""
    try:
        return ask_gpt(question)
    except openai.APIStatusError as error:
        if json.loads(error.response.text)["error"]["code"] == "context_length_exceeded":
            raise
        return ask_claude(question)


def fixed_gateway_page(question: str) -> str:
    """Take what the SDK could make of it."""
    try:
        return ask_gpt(question)
    except openai.APIStatusError as error:
        if error.code == "context_length_exceeded":
            raise
        return ask_claude(question)


def buggy_retired_model(question: str) -> str:
    """Go through a list of models, all of them of a generation that is gone."""
    return _first_model(question, "gpt-4-0613", "gpt-4-32k")


def fixed_retired_model(question: str) -> str:
    """Have a current one at the end."""
    return _first_model(question, "gpt-4-0613", GPT)


def _first_model(question: str, *models: str) -> str:
    for model in models[:-1]:
        try:
            return ask_gpt(question, model=model)
        except openai.NotFoundError:
            continue
    return ask_gpt(question, model=models[-1])


def buggy_streaming_off(question: str) -> str:
    """Ask the plain way, because the wrapper that has the fallbacks knows no streams."""
    return _routed(question, stream=False)


def fixed_streaming_off(question: str) -> str:
    """Stream all the same."""
    return fixed_only_status_errors(question)


BUGS = (
    Bug(
        "Anthropic is overloaded within the stream: the guard was left when the stream was opened",
        github("BerriAI/litellm/issues/6532", "BerriAI/litellm/issues/6957"),
        buggy_guard_ends_before_the_stream, fixed_guard_ends_before_the_stream, "failed_over",
        {"from": "anthropic", "to": "openai"}, (faults.stream_error(after=2, target="anthropic"),),
    ),
    Bug(
        "A fallback decorator is over before the stream that it guards is read",
        github("Mirascope/mirascope/issues/1120"),
        buggy_decorator, fixed_decorator, "failed_over", {"to": "anthropic"},
        (faults.model_retired(target="openai"),),
    ),
    Bug(
        "A stream that is cut has no status, and the fallback waits for one",
        github("BerriAI/litellm/issues/40404"),
        buggy_only_status_errors, fixed_only_status_errors, "failed_over", {"to": "anthropic"},
        (faults.stream_cut(after=3, target="openai"),),
    ),
    Bug(
        "A refused connection crashes the app instead of leading to the fallback",
        github("pydantic/pydantic-ai/issues/3439"),
        buggy_only_status_errors, fixed_only_status_errors, "failed_over", {"to": "anthropic"},
        (faults.connection_refused(target="openai"),),
    ),
    Bug(
        "Streamed calls skip the fallback that plain ones have",
        github("BerriAI/litellm/issues/10972", "BerriAI/litellm/issues/1226"),
        buggy_not_for_streams, fixed_not_for_streams, "failed_over", {"to": "anthropic"}, (DOWN,),
    ),
    Bug(
        "The async twin raises the timeout within a stream that the sync one turns into a fallback",
        github("BerriAI/litellm/pull/26998"),
        buggy_async_twin, fixed_async_twin, "failed_over", {"to": "anthropic", "within": "10s"},
        (faults.stream_stall(after=3, target="openai"),),
    ),
    Bug(
        "The fallback comes after the last retry, and an error that is not retried never gets there",
        github("MoonshotAI/kimi-code/issues/3686"),
        buggy_only_after_the_retries, fixed_only_after_the_retries, "failed_over",
        {"to": "anthropic"}, (faults.policy_refusal(target="openai"),),
    ),
    Bug(
        "A 403 about this account ends the whole chain of providers",
        github("Alishahryar1/free-claude-code/issues/1543"),
        buggy_refused_is_final, fixed_refused_is_final, "failed_over", {"to": "anthropic"},
        (faults.region_blocked(target="openai"),),
    ),
    Bug(
        "The error handler reads JSON and meets the HTML page of a gateway",
        github("Significant-Gravitas/AutoGPT/issues/944"),
        buggy_gateway_page, fixed_gateway_page, "failed_over", {"to": "anthropic"},
        (faults.outage(502, page="html", target="openai"),),
    ),
    Bug(
        "Models of the list have been retired, and the list ends with one of them",
        github("BerriAI/litellm/pull/29685", "janhq/jan/issues/6595"),
        buggy_retired_model, fixed_retired_model, "failed_over", {"from": "openai/gpt-4-*"},
        (faults.model_retired(target="openai/gpt-4-*"),),
    ),
    Bug(
        "Adding a fallback silently turns streaming off, so nothing that breaks streams is ever met",
        github("langchain-ai/langchainjs/issues/6026", "langchain-ai/langchain/issues/15191"),
        buggy_streaming_off, fixed_streaming_off, "unused", {},
        (faults.stream_cut(after=3, target="openai", stream=True),),
    ),
)  # fmt: skip
