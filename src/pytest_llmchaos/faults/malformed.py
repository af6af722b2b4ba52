"""The answer says 200 and cannot be read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..core.parameters import choice, param
from ..core.plan import Answer
from ._base import Fault

if TYPE_CHECKING:
    from ..core.call import Call
    from ..core.draw import Draw
    from ..core.plan import Headers, Plan

__all__ = ["Malformed"]

# A page of our own in the style of the portals and proxies that answer 200 in a provider's place.
_PAGE = b"""<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>One more step</title></head>
<body><h1>One more step</h1><p>Please complete the check to continue to your destination.</p></body>
</html>
"""


@dataclass(frozen=True)
class Malformed(Fault):
    """A 200 whose body is broken: half of the JSON, somebody else's HTML page, or nothing.

    What SDKs do (measured): with `json` and `empty` openai 3 and anthropic 2 raise a bare
    json.JSONDecodeError and retry nothing; with `html` both return the page as a plain str where the app
    expects an object. Streamed, `json` raises the same JSONDecodeError; `html` and `empty` give a stream
    without one event.

    Args:
        form: `json` for a JSON body cut off in the middle (streamed: an event with such data), `html` for a
            text/html page, `empty` for no body at all.
    """

    name = "malformed"
    kind = "content"

    form: str = param(choice("json", "html", "empty"), default="json")

    def apply(self, plan: Plan, call: Call, draw: Draw) -> Plan:
        """Answer with a body that cannot be read."""
        if self.form == "html":
            headers: Headers = (("content-type", "text/html; charset=utf-8"),)
            return plan.answering(Answer(200, headers, (_PAGE,), error=self.name))
        whole = call.speaks.answer(call, None, draw.part(self.name))
        body = b"" if self.form == "empty" else _broken(whole)
        headers = tuple(each for each in whole.headers if each[0].lower() != "content-length")
        if not whole.events:
            headers = (*headers, ("content-length", str(len(body))))
        chunks = (body,) if body else ()
        return plan.answering(Answer(200, headers, chunks, whole.events and bool(body), self.name))


def _broken(answer: Answer) -> bytes:
    if not answer.events:
        return _half(b"".join(answer.chunks))
    for event in answer.chunks:
        # An event has its JSON after `data:`; where a stream has lines, as Ollama's, a line is JSON alone.
        if found := re.search(rb"^(?:data: *)?(\{[^\r\n]*)", event, re.MULTILINE):
            return event[: found.start(1)] + _half(found[1]) + event[found.end(1) :]
    return b'data: {"id": "\n\n'


def _half(body: bytes) -> bytes:
    """Return the first half, not cutting a character: what fails is the JSON, not its encoding."""
    return body[: max(len(body) // 2, 1)].decode("utf-8", "ignore").encode()
