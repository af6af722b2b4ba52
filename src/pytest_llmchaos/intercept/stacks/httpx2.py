"""httpx2: openai 3, anthropic 2, google-genai 3 (sync) and mistralai 3."""

from __future__ import annotations

from ._httpx_family import HttpxStack

__all__ = ["STACK"]

STACK = HttpxStack("httpx2", core="httpcore2")
