"""The provider's trouble is not shown to the user as an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from .._documents import documents
from ..plan import FailKind
from ..verdict import Verdict
from ._base import Check
from ._bodies import walk
from ._calls import against, count, named, worst
from ._results import NO_TEXT, ended, set_result, told
from ._said import plain, readable, text_of

if TYPE_CHECKING:
    from ..journal import Exchange, Journal
    from ..observed import UserRequest

__all__ = ["ErrorNeverTheAnswer"]

_SHORTEST = 12  # characters; what is shorter may be a word of the answer
_HTML = re.compile(r"<!doctype html|<html[\s>]", re.IGNORECASE)
_TAGS = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^>]+>", re.IGNORECASE | re.DOTALL)
_RAISED = frozenset(get_args(FailKind))
# How SDKs and HTTP libraries tell that no whole answer came, in words that no app has of itself.
_LIBRARIES = (
    "APIConnectionError", "APITimeoutError", ": Connection error.", ": Request timed out.", "('Connection error.'",
    "peer closed connection", "incomplete chunked read", "Response ended prematurely", "Server disconnected",
    "All connection attempts failed", "Connection reset by peer", "Connection refused", "Connection broken: ",
    "IncompleteRead(", "Read timed out.", "Max retries exceeded", "[Errno ",
)  # fmt: skip
_REFUSALS = frozenset(
    ["content_filter", "refusal", "safety", "prohibited_content", "guardrail_intervened", "error_toxic"]
)


@dataclass(frozen=True)
class ErrorNeverTheAnswer(Check):
    """No result shows a provider's error message, its HTML page, or its refusal as the answer.

    A refusal is an answer that ended for the provider's policy (`content_filter`, `refusal`, `SAFETY`).
    """

    name = "error_never_the_answer"

    def judge(self, journal: Journal) -> Verdict:
        """Look for what failed calls said in the results of their requests."""
        good: list[UserRequest] = []
        unsure: list[UserRequest] = []
        said: list[str] = []
        guilty: list[Exchange] = []
        for request in ended(journal):
            bad = [(each, list(_trouble(each))) for each in request.calls]
            bad = [(each, texts) for each, texts in bad if texts]
            if not bad:
                continue
            shown = text_of(request.result).casefold() if request.has_result else ""
            found = next(((each, what) for each, texts in bad for what, text in texts if text in shown), None)
            if found is None:
                (unsure if request.has_result and not readable(request.result) else good).append(request)
                continue
            guilty.append(found[0])
            said.append(
                f"the result of {named(request.name)} shows {found[1]} of {found[0].label} ({found[0].outcome})"
            )
        if said:
            reason = against("no error text as an answer", worst(said))
            return self.verdict("violated", reason, guilty)
        if unsure:
            return self.verdict("inconclusive", f"{named(unsure[0].name)} met an error, and {NO_TEXT}", told(unsure))
        if not good:
            return self.verdict(
                "inconclusive",
                "no request with a known result met an error text, a page or a refusal: inject one, such as "
                f"faults.outage(page='html'), and {set_result(journal)}",
            )
        return self.verdict("held", f"{count(len(good), 'request')} met errors and showed none of them", told(good))


def _trouble(call: Exchange) -> Iterator[tuple[str, str]]:
    """Yield what a call said that is no answer, in small letters: what it is, and the text."""
    body = b"".join(call.pieces).decode("utf-8", "replace")
    answer = call.answer
    for what, text in _said(call, body, answer.finish.casefold() in _REFUSALS, answer.text):
        text = plain(text).casefold()
        if len(text) >= _SHORTEST or what == "the library's error text":
            yield what, text


def _said(call: Exchange, body: str, refused: bool, text: str) -> Iterator[tuple[str, str]]:
    if call.error in _RAISED:
        yield from (("the library's error text", each) for each in _LIBRARIES)
    elif (call.status or 0) >= 400:
        yield "the SDK's error text", f"Error code: {call.status}"  # what OpenAI's and Anthropic's begin with
    if _HTML.search(body[:2000]):
        yield "the HTML page", plain(body)[:80]
        for line in _TAGS.sub("\n", body).splitlines():
            yield "the text of the page", line
    in_trouble = call.failed or call.answer.error
    for document in documents(b"".join(call.pieces)):
        if not isinstance(document, Mapping):
            continue
        # In a good answer an `error` deeper down is the model's own word, such as an argument of a tool.
        for each in walk(document) if in_trouble else (document, *_choices(document)):
            for name in ("error", "detail") if in_trouble else ("error",):
                yield from (("the error message", message) for message in _messages(each.get(name)))
        for each in walk(document):
            if isinstance(refusal := each.get("refusal"), str):
                yield "the refusal", refusal
        if call.failed:
            yield from (("the error message", message) for message in _messages(document.get("message")))
    if refused:
        yield "the refusal", text


def _choices(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    choices = document.get("choices")
    return [each for each in choices if isinstance(each, Mapping)] if isinstance(choices, list) else []


def _messages(error: Any) -> Iterator[str]:
    if isinstance(error, str):
        yield error
    elif isinstance(error, Mapping):
        found = [text for name in ("message", "msg", "detail") if isinstance(text := error.get(name), str)]
        if all(
            len(text) < _SHORTEST for text in found
        ):  # `Overloaded` may be anybody's word, `overloaded_error` is not
            found += [text for name in ("type", "code") if isinstance(text := error.get(name), str) and "_" in text]
        yield from found
