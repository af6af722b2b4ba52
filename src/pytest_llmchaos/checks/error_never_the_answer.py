"""The provider's trouble is not shown to the user as an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from ..core.plan import FailKind
from ..journal.answer_documents import documents
from ._base import Check
from ._bodies import walk
from ._calls import against, count, named, worst
from ._results import NO_TEXT, ended, set_result, told
from ._said import plain, readable, spoken, text_of
from .verdict import Verdict

if TYPE_CHECKING:
    from ..journal.app_behaviour import UserRequest
    from ..journal.entries import Exchange, Journal

__all__ = ["ErrorNeverTheAnswer"]

_LIBRARY = "the library's error text"

# How the text of an answer with an error status begins: OpenAI and Anthropic, httpx, requests, aiohttp, botocore.
_STATUSES = (
    "Error code: {}", "Client error '{} ", "Server error '{} ", "{} Client Error: ", "{} Server Error: ",
    "{}, message=", "An error occurred (",
)  # fmt: skip
_LONGEST = 500  # characters of a text that can be an error's alone
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
# Texts that anybody may use in a sentence: they are the library's only where they are the whole answer, alone or behind
# the name of an error. OpenAI's and Anthropic's, httpx, the system's, aiohttp, botocore, ollama.
_ALONE = re.compile(
    r"(?:[\w.]{0,60}(?:error|exception|timeout)[\s:(-]+[\"']?)*"
    r"(?:connection error|request timed out|the (?:read|write|connect) operation timed out"
    r"|connection (?:reset|refused)(?: by peer)?|name or service not known|temporary failure in name resolution"
    r"|network is unreachable|timeout on reading data from socket|cannot connect to host \S+.*"
    r"|connection timeout to host \S+|could not connect to the endpoint url.*"
    r"|(?:read|connect) timeout on endpoint url.*|connection was closed before we received a valid response.*"
    r"|failed to connect to ollama\b.*)"
    r"[\s\"'),.!]*",
    re.IGNORECASE,
)
_PARSERS = ("Expecting value: line ", "Expecting property name enclosed", "Unterminated string starting at: line ")
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
            found = found or next(((each, _LIBRARY) for each, _ in bad if _is_the_error(each, request)), None)
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
        if len(text) >= _SHORTEST or what == _LIBRARY:
            yield what, text


def _said(call: Exchange, body: str, refused: bool, text: str) -> Iterator[tuple[str, str]]:
    if _broke_down(call):
        yield from ((_LIBRARY, each) for each in _LIBRARIES)
    if (call.status or 0) >= 400 or call.error == "stream_error":
        yield from (("the SDK's error text", each.format(call.status)) for each in _STATUSES)
    if call.error == "malformed":
        yield from ((_LIBRARY, each) for each in _PARSERS)
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


def _broke_down(call: Exchange) -> bool:
    """Tell whether the connection failed, so that the library's own words are all that the app got."""
    if call.error in _RAISED:
        return True
    # From beneath it is the library's own exception, by its name.
    return call.failed and bool(re.search(r"Error|Exception|Timeout|Disconnected", call.error or ""))


def _is_the_error(call: Exchange, request: UserRequest) -> bool:
    """Tell whether a text of the result is nothing but what a library says of a broken connection."""
    if not request.has_result or not _broke_down(call):
        return False
    if request.result == "timed out":  # httpx; as a word among others in a result it is the app's own
        return True
    return any(len(text) < _LONGEST and _ALONE.fullmatch(plain(text)) for text in spoken(request.result))


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
