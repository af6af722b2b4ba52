"""OpenAI's SDK at DeepSeek."""

from __future__ import annotations

from ._base import openai_at

SDK = openai_at("deepseek", "https://api.deepseek.com", "deepseek-chat")
