"""Mistral's SDK: a streamed answer with an error status that nobody closes."""

from __future__ import annotations

from typing import Any

import httpx
from mistralai.client import Mistral
from mistralai.client.models import UserMessage
from mistralai.client.utils import BackoffStrategy, RetryConfig

SHORT = RetryConfig("backoff", BackoffStrategy(500, 2000, 2, 4000), retry_connection_errors=False)


class BuggyUnreadErrors:
    """Let the SDK try again on a rate limit; it drops each refused stream as it is."""

    def __init__(self) -> None:
        self.http = httpx.AsyncClient()

    async def __call__(self, question: str) -> str:
        """Ask once."""
        client = Mistral(api_key="zoo-key", async_client=self.http, retry_config=SHORT)
        text = ""
        async with await client.chat.stream_async(
            model="mistral-large-latest", messages=[UserMessage(content=question)]
        ) as events:
            async for event in events:
                text += str(event.data.choices[0].delta.content or "")
        return text


class FixedUnreadErrors(BuggyUnreadErrors):
    """Close what has an error status in a hook of the HTTP client, before the SDK sees it."""

    def __init__(self) -> None:
        async def close_errors(answer: httpx.Response) -> None:
            if answer.is_error:
                await answer.aread()

        hooks: dict[str, Any] = {"response": [close_errors]}
        self.http = httpx.AsyncClient(event_hooks=hooks)
