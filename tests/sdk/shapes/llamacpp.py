"""OpenAI's SDK at a llama.cpp server of one's own."""

from __future__ import annotations

from ._base import openai_at

SDK = openai_at(
    "laptop", "http://127.0.0.1:8080/v1", "qwen3", own={"laptop": {"hosts": ["127.0.0.1:8080"], "dialect": "llamacpp"}}
)
