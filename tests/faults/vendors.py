"""Calls to every provider there is, as the providers themselves recognise them."""

from __future__ import annotations

import json
from typing import Any

from pytest_llmchaos.core.call import Call, HttpRequest
from pytest_llmchaos.providers import Providers

PROVIDERS = Providers()
SAY = [{"role": "user", "content": "Where is my order?"}]
SCHEMA = {
    "type": "object",
    "properties": {
        "title": {"type": "string"},
        "count": {"type": "integer"},
        "kind": {"type": "string", "enum": ["lost", "late"]},
    },
    "required": ["title", "count", "kind"],
}
_PARTS = [{"role": "user", "parts": [{"text": "Where is my order?"}]}]
_TURN = [{"role": "user", "content": [{"text": "Where is my order?"}]}]
_GEMINI = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash"
_VERTEX = "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/publishers"
_BEDROCK = "https://bedrock-runtime.us-east-1.amazonaws.com/model"
_OPENAI_LIKE = {
    "openai": "https://api.openai.com/v1/chat/completions",
    "azure": "https://mine.openai.azure.com/openai/deployments/gpt-4o/chat/completions",
    "mistral": "https://api.mistral.ai/v1/chat/completions",
    "groq": "https://api.groq.com/openai/v1/chat/completions",
    "deepseek": "https://api.deepseek.com/chat/completions",
    "xai": "https://api.x.ai/v1/chat/completions",
    "together": "https://api.together.xyz/v1/chat/completions",
    "fireworks": "https://api.fireworks.ai/inference/v1/chat/completions",
    "perplexity": "https://api.perplexity.ai/chat/completions",
    "openrouter": "https://openrouter.ai/api/v1/chat/completions",
    "huggingface": "https://router.huggingface.co/v1/chat/completions",
    "ollama v1": "http://localhost:11434/v1/chat/completions",
}

# Address plain and streamed, body, and the body's members that ask for a stream.
_CHATS: dict[str, tuple[str, str, dict[str, Any], dict[str, Any]]] = {
    **{name: (url, url, {"model": "m-1", "messages": SAY}, {"stream": True}) for name, url in _OPENAI_LIKE.items()},
    "responses": ("https://api.openai.com/v1/responses",) * 2 + ({"model": "gpt-5", "input": "x"}, {"stream": True}),
    "completions": ("https://api.openai.com/v1/completions",) * 2 + ({"model": "i-1", "prompt": "x"}, {"stream": True}),
    "anthropic": ("https://api.anthropic.com/v1/messages",) * 2
    + ({"model": "claude-sonnet-5", "messages": SAY, "max_tokens": 99}, {"stream": True}),
    "cohere": ("https://api.cohere.com/v2/chat",) * 2
    + ({"model": "command-a", "messages": SAY, "stream": False}, {"stream": True}),
    "ollama": ("http://localhost:11434/api/chat",) * 2
    + ({"model": "llama3", "messages": SAY, "stream": False}, {"stream": True}),
    "gemini": (f"{_GEMINI}:generateContent", f"{_GEMINI}:streamGenerateContent?alt=sse", {"contents": _PARTS}, {}),
    "vertex": (
        f"{_VERTEX}/google/models/gemini-2.5-flash:generateContent",
        f"{_VERTEX}/google/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
        {"contents": _PARTS},
        {},
    ),
    "vertex claude": (
        f"{_VERTEX}/anthropic/models/claude-sonnet-5:rawPredict",
        f"{_VERTEX}/anthropic/models/claude-sonnet-5:streamRawPredict",
        {"anthropic_version": "vertex-2023-10-16", "messages": SAY, "max_tokens": 99},
        {"stream": True},
    ),
    "bedrock": (
        f"{_BEDROCK}/amazon.nova-pro-v1%3A0/converse",
        f"{_BEDROCK}/amazon.nova-pro-v1%3A0/converse-stream",
        {"messages": _TURN},
        {},
    ),
    "bedrock claude": (
        f"{_BEDROCK}/anthropic.claude-sonnet-5-v1%3A0/invoke",
        f"{_BEDROCK}/anthropic.claude-sonnet-5-v1%3A0/invoke-with-response-stream",
        {"anthropic_version": "bedrock-2023-05-31", "messages": SAY, "max_tokens": 99},
        {},
    ),
    "bedrock llama": (
        f"{_BEDROCK}/meta.llama3-70b-instruct-v1%3A0/invoke",
        f"{_BEDROCK}/meta.llama3-70b-instruct-v1%3A0/invoke-with-response-stream",
        {"prompt": "x"},
        {},
    ),
}
CHATS = tuple(_CHATS)
EMBEDDINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "openai": ("https://api.openai.com/v1/embeddings", {"model": "text-embedding-3-small", "input": ["a", "b"]}),
    "openai base64": (
        "https://api.openai.com/v1/embeddings",
        {"model": "text-embedding-3-small", "input": "a", "encoding_format": "base64"},
    ),
    "mistral": ("https://api.mistral.ai/v1/embeddings", {"model": "mistral-embed", "input": ["a"]}),
    "cohere": (
        "https://api.cohere.com/v2/embed",
        {"model": "embed-v4.0", "texts": ["a"], "input_type": "search_query", "embedding_types": ["float"]},
    ),
    "gemini": (f"{_GEMINI}:embedContent", {"content": {"parts": [{"text": "a"}]}}),
    "ollama": ("http://localhost:11434/api/embed", {"model": "nomic-embed-text", "input": "a"}),
    "bedrock": (f"{_BEDROCK}/amazon.titan-embed-text-v2%3A0/invoke", {"inputText": "a"}),
    "huggingface": (
        "https://router.huggingface.co/hf-inference/models/BAAI/bge-m3/pipeline/feature-extraction",
        {"inputs": "a"},
    ),
}


def call_to(url: str, body: dict[str, Any] | None = None) -> Call:
    """The call that a request makes."""
    method = "GET" if body is None else "POST"
    found = PROVIDERS.route(method, url)
    assert found is not None, url
    call = PROVIDERS.recognise(found, HttpRequest(method, url, (), b"" if body is None else json.dumps(body).encode()))
    assert call is not None, url
    return call


def chat(name: str, *, stream: bool = False, **more: Any) -> Call:
    """A chat call to that provider."""
    plain, streamed, body, asks = _CHATS[name]
    call = call_to(streamed if stream else plain, {**body, **(asks if stream else {}), **more})
    assert call.stream is stream, name
    return call


def embeddings(name: str) -> Call:
    """A call for vectors."""
    return call_to(*EMBEDDINGS[name])
