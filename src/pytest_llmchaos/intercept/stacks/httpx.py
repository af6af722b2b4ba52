"""httpx: openai 2, groq, cohere, ollama, litellm (sync) and many apps."""

from __future__ import annotations

from ._httpx_family import HttpxStack

__all__ = ["STACK"]

STACK = HttpxStack("httpx", core="httpcore")
