"""The provider's trouble is not shown to the user as an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..verdict import Verdict
from ._base import Check
from ._bodies import walk
from ._calls import against, count, named, worst
from ._results import SET_RESULT, ended, plain, text_of, told

if TYPE_CHECKING:
    from ..journal import Exchange, Journal
    from ..observed import UserRequest

__all__ = ["ErrorNeverTheAnswer"]

_SHORTEST = 12
_HTML = re.compile(r"<!doctype html|<html[\s>]", re.IGNORECASE)
_TAGS = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^>]+>", re.IGNORECASE | re.DOTALL)
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
                good.append(request)
                continue
            guilty.append(found[0])
            said.append(
                f"the result of {named(request.name)} shows {found[1]} of {found[0].label} ({found[0].outcome})"
            )
        if said:
            reason = against("no error text as an answer", worst(said))
            return self.verdict("violated", reason, guilty)
        if not good:
            return self.verdict(
                "inconclusive",
                "no request with a known result met an error text, a page or a refusal: inject one, such as "
                f"faults.outage(page='html'), and {SET_RESULT}",
            )
        return self.verdict("held", f"{count(len(good), 'request')} met errors and showed none of them", told(good))


def _trouble(call: Exchange) -> Iterator[tuple[str, str]]:
    """Yield what a call said that is no answer, in small letters: what it is, and the text."""
    body = b"".join(call.pieces).decode("utf-8", "replace")
    answer = call.answer
    for what, text in _said(call, body, answer.finish.casefold() in _REFUSALS, answer.text):
        text = plain(text).casefold()
        if len(text) >= _SHORTEST:
            yield what, text


def _said(call: Exchange, body: str, refused: bool, text: str) -> Iterator[tuple[str, str]]:
    if call.failed and call.status is not None:
        yield "the SDK's error text", f"Error code: {call.status}"  # what OpenAI's and Anthropic's begin with
    if _HTML.search(body[:2000]):
        yield "the HTML page", plain(body)[:80]
        for line in _TAGS.sub("\n", body).splitlines():
            yield "the text of the page", line
    for document in _documents(body):
        for each in walk(document):
            if isinstance(refusal := each.get("refusal"), str):
                yield "the refusal", refusal
            for name in ("error", "detail") if call.failed or call.answer.error else ("error",):
                yield from (("the error message", message) for message in _messages(each.get(name)))
        if call.failed and isinstance(document, Mapping):
            yield from (("the error message", message) for message in _messages(document.get("message")))
    if refused:
        yield "the refusal", text


def _documents(body: str) -> Iterator[Any]:
    for text in (body, *(line.partition("data:")[2] for line in body.splitlines() if line.startswith("data:"))):
        if text.lstrip()[:1] in ("{", "["):
            try:
                yield json.loads(text)
            except (ValueError, RecursionError):
                continue


def _messages(error: Any) -> Iterator[str]:
    if isinstance(error, str):
        yield error
    elif isinstance(error, Mapping):
        for name in ("message", "msg", "detail"):
            if isinstance(text := error.get(name), str):
                yield text
