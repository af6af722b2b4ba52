"""OpenAI's SDK at a vLLM server of one's own."""

from __future__ import annotations

from ._base import openai_at

SDK = openai_at(
    "our-gpu", "http://gpu-2:8000/v1", "Qwen/Qwen3-8B", own={"our-gpu": {"hosts": ["gpu-2:8000"], "dialect": "vllm"}}
)
