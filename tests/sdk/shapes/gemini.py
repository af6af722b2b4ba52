"""Google's SDK at the Gemini API: httpx2 for sync calls, aiohttp for async ones where it is installed."""

from __future__ import annotations

from typing import Any

from ._base import KEY, Sdk, Shape

_ASKED = {"model": "gemini-2.5-flash", "contents": "Where is my order?"}
CALLS = {
    "content": Shape("models.generate_content", _ASKED),
    "content stream": Shape("models.generate_content_stream", _ASKED, "events"),
}


def make(mode: str, timeout: float | None = None, **options: Any) -> Any:
    """Make a client, one for both modes."""
    from google import genai

    limit = {} if timeout is None else {"timeout": round(timeout * 1000)}
    given = {"api_key": KEY, "vertexai": False, **options}
    return genai.Client(**given, http_options=genai.types.HttpOptions(**limit))


SDK = Sdk(
    "google-genai>=3",
    make,
    CALLS,
    asynchronous=lambda method: f"aio.{method}",
    warns="Inheritance class AiohttpClientSession",
)
