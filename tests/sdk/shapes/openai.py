"""OpenAI's own SDK: the current line, and the one before it."""

from __future__ import annotations

from typing import Any

from ._base import KEY, SAY, City, Sdk, Shape, limited

_CHAT = {"model": "gpt-5", "messages": SAY}
_RESPONSE = {"model": "gpt-5", "input": "Where is my order?"}
_PARAMETERS = {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]}
_TOOLED = {**_CHAT, "tools": [{"type": "function", "function": {"name": "find_order", "parameters": _PARAMETERS}}]}


def make(mode: str, timeout: float | None = None, **options: Any) -> Any:
    """Make a client."""
    import openai

    kind = openai.OpenAI if mode == "sync" else openai.AsyncOpenAI
    return kind(api_key=KEY, **limited(timeout), **options)


SDK = Sdk(
    "openai>=2",
    make,
    {
        "chat": Shape("chat.completions.create", _CHAT),
        "chat stream": Shape("chat.completions.create", {**_CHAT, "stream": True}, "events"),
        "chat tools": Shape("chat.completions.create", _TOOLED),
        "chat tools stream": Shape("chat.completions.create", {**_TOOLED, "stream": True}, "events"),
        "chat parse": Shape("chat.completions.parse", {**_CHAT, "response_format": City}),
        "chat helper": Shape("chat.completions.stream", _CHAT, "helper", "get_final_completion"),
        "completions": Shape("completions.create", {"model": "gpt-3.5-turbo-instruct", "prompt": "Once"}),
        "responses": Shape("responses.create", _RESPONSE),
        "responses stream": Shape("responses.create", {**_RESPONSE, "stream": True}, "events"),
        "responses parse": Shape("responses.parse", {**_RESPONSE, "text_format": City}),
        "responses helper": Shape("responses.stream", _RESPONSE, "helper", "get_final_response"),
        "embeddings": Shape("embeddings.create", {"model": "text-embedding-3-small", "input": ["a", "b"]}),
        "images": Shape("images.generate", {"model": "gpt-image-1", "prompt": "a crate"}),
        "moderation": Shape("moderations.create", {"input": "hello"}),
        "models": Shape("models.list"),
        "model": Shape("models.retrieve", {"model": "gpt-5"}),
    },
)
