"""Keys in error messages."""

from __future__ import annotations

import httpx2

from pytest_llmchaos import faults

from .row import Bug, github

KEY = "zoo-9f31c7e08b5d42a6b1e4"
URL = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent"


def buggy_key_in_url(question: str) -> str:
    """Send the key in the address, which every error message of the client quotes."""
    response = httpx2.post(URL, params={"key": KEY}, json=_body(question))
    response.raise_for_status()
    return _text(response)


def fixed_key_in_url(question: str) -> str:
    """Send it in a header."""
    response = httpx2.post(URL, headers={"x-goog-api-key": KEY}, json=_body(question))
    response.raise_for_status()
    return _text(response)


def buggy_error_served(question: str) -> str:
    """Serve the text of the error, so that the caller knows what went wrong."""
    try:
        return buggy_key_in_url(question)
    except httpx2.HTTPError as error:
        return f"upstream error: {error}"


def fixed_error_served(question: str) -> str:
    """Serve what the caller may know."""
    try:
        return buggy_key_in_url(question)
    except httpx2.HTTPStatusError as error:
        return f"upstream error: {error.response.status_code}"


def _body(question: str) -> dict[str, object]:
    return {"contents": [{"role": "user", "parts": [{"text": question}]}]}


def _text(response: httpx2.Response) -> str:
    return str(response.json()["candidates"][0]["content"]["parts"][0]["text"])


BUGS = (
    Bug(
        "The key stands in the address, and so in every error message",
        github("BerriAI/litellm/issues/15799", "BerriAI/litellm/issues/8075", "graniet/llm/issues/115"),
        buggy_key_in_url, fixed_key_in_url, "leaked_key", {}, (faults.outage(target="gemini"),),
    ),
    Bug(
        "The text of an error, with the key in it, is served to the app's own clients",
        github("BerriAI/litellm/issues/5762", "buildingjoshbetter/TrueMemory/issues/259"),
        buggy_error_served, fixed_error_served, "no_secrets", {}, (faults.outage(target="gemini"),),
    ),
)  # fmt: skip
