"""What users get to see: errors as answers, answers that nobody marked, error types that nobody documented."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx2
import openai

from pytest_llmchaos import faults

from .clients import GPT, ask_claude, ask_gpt, gpt, gpt_stream, said
from .row import DOWN, Bug, github


def marks_it(answer: dict[str, Any]) -> bool:
    """Tell whether the app marks an answer as second best."""
    return bool(answer.get("degraded"))


class BotError(Exception):
    """The one error that the bot documents."""


def buggy_failed_event_printed(question: str) -> str:
    """Print the words of every event, those of a failure too."""
    return "".join(event.get("delta") or event.get("error", {}).get("message", "") for event in _events(question))


def fixed_failed_event_printed(question: str) -> str:
    """Raise on the event that tells of a failure."""
    text = ""
    for event in _events(question):
        if event["type"] in ("error", "response.failed"):
            raise BotError
        text += event.get("delta") or ""
    return text


def _events(question: str) -> Iterator[dict[str, Any]]:
    body = {"model": GPT, "input": question, "stream": True}
    headers = {"authorization": "Bearer zoo-key"}
    with httpx2.stream("POST", "https://api.openai.com/v1/responses", json=body, headers=headers) as response:
        for line in response.iter_lines():
            if line.startswith("data: {"):
                yield json.loads(line.removeprefix("data: "))


def buggy_error_in_the_chat(question: str) -> str:
    """Put the error's body into the chat bubble."""
    try:
        return ask_gpt(question)
    except openai.APIStatusError as error:
        return f"Something went wrong: {json.dumps(error.body)}"


def fixed_error_in_the_chat(question: str) -> str:
    """Say so in words of one's own."""
    try:
        return ask_gpt(question)
    except openai.APIStatusError:
        return "Something went wrong. Please try later."


def buggy_refusal_is_an_answer(question: str) -> str:
    """Take a refusal for a success like any other."""
    message = gpt().chat.completions.create(model=GPT, messages=said(question)).choices[0].message
    return message.content or message.refusal or ""


def fixed_refusal_is_an_answer(question: str) -> str:
    """Tell it from an answer."""
    message = gpt().chat.completions.create(model=GPT, messages=said(question)).choices[0].message
    if message.refusal:
        raise BotError
    return message.content or ""


def buggy_unknown_author(question: str) -> dict[str, Any]:
    """Return the fallback's answer as if it were the first choice's."""
    try:
        return {"text": ask_gpt(question)}
    except openai.APIError:
        return {"text": ask_claude(question)}


def fixed_unknown_author(question: str) -> dict[str, Any]:
    """Say that it is second best."""
    try:
        return {"text": ask_gpt(question)}
    except openai.APIError:
        return {"text": ask_claude(question), "degraded": True}


def buggy_handler_breaks(question: str) -> str:
    """Look into the last chunk to tell what went wrong, where none came."""
    chunks: list[Any] = []
    try:
        chunks.extend(gpt_stream(question))
    except openai.APIError as error:
        raise BotError(chunks[-1].choices[0].finish_reason) from error
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def fixed_handler_breaks(question: str) -> str:
    """Expect none."""
    chunks: list[Any] = []
    try:
        chunks.extend(gpt_stream(question))
    except openai.APIError as error:
        raise BotError(f"broken off after {len(chunks)} chunks") from error
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def buggy_page_with_status_200(question: str) -> str:
    """Trust a 200 to be an answer."""
    try:
        return ask_gpt(question)
    except openai.APIError as error:
        raise BotError from error


def fixed_page_with_status_200(question: str) -> str:
    """Look at what came."""
    try:
        answer: Any = gpt().chat.completions.create(model=GPT, messages=said(question))
    except openai.APIError as error:
        raise BotError from error
    if isinstance(answer, str):
        raise BotError("this is no answer but a page")
    return answer.choices[0].message.content or ""


BUGS = (
    Bug(
        "The event that tells of a failure is printed as the assistant's words",
        github("lsdefine/GenericAgent/issues/753"),
        buggy_failed_event_printed, fixed_failed_event_printed, "error_never_the_answer", {},
        (faults.stream_error(after=3, target="openai"),),
    ),
    Bug(
        "The provider's raw JSON stands in the chat bubble",
        github("umbraco/Umbraco.AI/issues/174"),
        buggy_error_in_the_chat, fixed_error_in_the_chat, "error_never_the_answer", {},
        (faults.auth_revoked(target="openai"),),
    ),
    Bug(
        "A refusal is taken for a success",
        github("openai/openai-agents-python/pull/4188", "librefang/librefang/issues/3450"),
        buggy_refusal_is_an_answer, fixed_refusal_is_an_answer, "error_never_the_answer", {},
        (faults.policy_refusal(form="refusal", target="openai"),),
    ),
    Bug(
        "An answer does not say that another model gave it",
        github("BerriAI/litellm/issues/28241"),
        buggy_unknown_author, fixed_unknown_author, "answer_marked_degraded",
        {"marked": marks_it}, (DOWN,),
    ),
    Bug(
        "The error handler itself breaks where no chunk came before the error",
        github("BerriAI/litellm/pull/37781", "BerriAI/litellm/issues/17173"),
        buggy_handler_breaks, fixed_handler_breaks, "documented_error", {"types": "BotError"},
        (faults.stream_cut(after=0, target="openai"),),
    ),
    Bug(
        "A page with status 200 is taken for an answer, and an AttributeError comes out",
        github("lynote-ai/humanize-text/issues/55"),
        buggy_page_with_status_200, fixed_page_with_status_200, "documented_error",
        {"types": "BotError"}, (faults.malformed(form="html", target="openai"),),
    ),
)  # fmt: skip
