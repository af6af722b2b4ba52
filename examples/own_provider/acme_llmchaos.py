"""Acme's API for pytest-llmchaos.

POST https://llm.acme.example/generate   {"model": "a1", "text": "...", "stream": false}
                                         {"output": "..."}, or one JSON object on each line
failures                                 {"fault": {"kind": "...", "detail": "..."}}
"""

from __future__ import annotations

import json
from typing import Any

from pytest_llmchaos.providers import (
    Answer,
    Call,
    Draw,
    ErrorKind,
    FaultUnfit,
    HttpRequest,
    Provider,
    Recognised,
    Reply,
    Route,
)

# Status and name of each failure, as Acme's own documentation has them.
FAILURES: dict[str, tuple[int, str]] = {
    "overloaded": (503, "busy"),
    "rate_limit": (429, "slow-down"),
    "quota_exhausted": (402, "no-credit"),
    "auth_revoked": (401, "bad-key"),
    "region_blocked": (403, "not-here"),
    "model_retired": (410, "gone"),
    "policy_refusal": (422, "refused"),
}


class Acme(Provider):
    """Acme's own API."""

    dialect = "acme"
    default_hosts = ("llm.acme.example",)

    def route(self, method: str, path: str) -> Route | None:
        """Tell from the path alone whether this is an LLM call."""
        return Route("chat") if (method, path) == ("POST", "/generate") else None

    def read(self, route: Route, request: HttpRequest) -> Recognised | None:
        """Tell what is asked for."""
        try:
            body = json.loads(request.content)
        except ValueError:
            body = {}
        return Recognised(route.operation, body.get("model"), body.get("stream") is True, body)

    def answer(self, call: Call, reply: Reply | None, draw: Draw) -> Answer:
        """Answer as a healthy Acme does. Without a scripted reply the words are made up, by chance that repeats."""
        words = (reply.text or "").split() if reply else draw.words(8)
        if call.stream:
            lines = tuple(_json({"output": word, "last": word is words[-1]}) + b"\n" for word in words)
            return Answer(200, (("content-type", "application/x-ndjson"),), lines, events=True)
        return Answer(200, (("content-type", "application/json"),), (_json({"output": " ".join(words)}),))

    def error(self, kind: ErrorKind, call: Call, draw: Draw, **details: Any) -> Answer:
        """Fail as Acme does; `details` are the arguments of the fault."""
        if kind == "outage":
            status, name = details.get("status", 503), "down"
        elif details.get("form") in ("finish", "refusal"):
            raise FaultUnfit("Acme refuses with an error only: use form='error'")
        else:
            status, name = FAILURES[kind]
        headers = [("content-type", "application/json")]
        if (wait := details.get("retry_after")) is not None:
            headers.append(("retry-after", str(round(wait))))
        return Answer(status, tuple(headers), (_json(_fault(name)),))

    def stream_error(self, call: Call, draw: Draw) -> bytes:
        """Return the line by which Acme gives up within a stream."""
        return _json(_fault("down")) + b"\n"


def _fault(name: str) -> dict[str, Any]:
    return {"fault": {"kind": name, "detail": "see https://acme.example/faults"}}


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()
