"""What an error means: whether to wait, to try again, to go elsewhere, or to tell the customer no."""

from __future__ import annotations

import json
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time
from typing import Any, Literal

import anthropic
import httpx2
import openai

from .routes import TooSlow

__all__ = ["ERRORS", "Trouble", "trouble"]

Kind = Literal["refused", "final", "busy", "broken", "slow", "unusable"]

ERRORS = (
    openai.APIError,
    anthropic.APIError,
    httpx2.HTTPError,
    TooSlow,
    ValueError,
    # A provider in trouble may answer 200 with an HTML page, an empty object or half of a JSON document; the SDKs
    # then return, or stumble over, something else than they promise.
    AttributeError,
    LookupError,
    TypeError,
    AssertionError,
)
"""All that asking a model can raise."""


@dataclass(frozen=True)
class Trouble:
    """Why there is no answer.

    Attributes:
        kind: `refused`: the provider declines this very request, so nobody else is asked; `final`: the same call will
            fail again until somebody acts; `busy`: it asks to come later; `broken`: it may work the next moment;
            `slow`: it took its time; `unusable`: it answered, and the answer is no good.
        wait: seconds for which it asks to be left alone; None where it says nothing.
    """

    kind: Kind
    wait: float | None = None


def trouble(error: Exception) -> Trouble:
    """Say what an error of `ERRORS` means."""
    if isinstance(error, openai.APITimeoutError | anthropic.APITimeoutError | httpx2.TimeoutException | TooSlow):
        return Trouble("slow")
    if isinstance(error, httpx2.HTTPStatusError):
        return _status(error.response.status_code, error.response.text, error.response.headers)
    if isinstance(error, openai.APIStatusError | anthropic.APIStatusError):
        said = error.body if isinstance(error.body, str) else json.dumps(error.body)
        return _status(error.response.status_code, said, error.response.headers)
    if isinstance(error, openai.APIError | anthropic.APIError | httpx2.HTTPError):
        return Trouble("broken")
    return Trouble("unusable")


def _status(status: int, said: str, headers: Any) -> Trouble:
    if status == 400 and any(word in said for word in ("content_filter", "content filter", "invalid_prompt")):
        return Trouble("refused")
    if status == 429 and "insufficient_quota" not in said and "limit: 0" not in said:
        return Trouble("busy", _wait(headers))
    if status < 400:  # an error event within a stream that began well
        return Trouble("broken")
    if status < 500 and status not in (408, 409, 425):
        return Trouble("final")
    return Trouble("broken", _wait(headers))


def _wait(headers: Any) -> float | None:
    try:
        if "retry-after-ms" in headers:
            return float(headers["retry-after-ms"]) / 1000
        return float(headers["retry-after"])
    except KeyError:
        return None
    except ValueError:
        try:
            return max(parsedate_to_datetime(headers["retry-after"]).timestamp() - time(), 0.0)
        except ValueError:
            return None
